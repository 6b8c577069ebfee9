/**
 * What of fork and join is not private children of numbers: other arguments, stolen children, joins out of order,
 * children nobody has joined, errors.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import { MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { AwaitedChildren } from './awaited.ts';
import { badHandle, Children, notJoined } from './children.ts';
import { type Ends, endChildren } from './ends.ts';
import { ForkContext } from './fork-context.ts';
import type { Forkable } from './functions.ts';
import { PendingChildren } from './pending.ts';
import {
  ARGUMENT_SHIFT,
  AS_LIST,
  COUNT_MASK,
  EARLY,
  type Early,
  GONE,
  IN_RECORD,
  LONG_TURN,
  META_SHIFT,
  NO_STOCK,
  NOT_TORN,
  OVERFLOWED,
} from './places.ts';
import { Sharing } from './sharing.ts';
import type { ForkState, Hot } from './state.ts';
import { runStolen } from './stolen.ts';
import {
  arePlain,
  handOver,
  lentBy,
  NOT_HERE,
  readArguments,
  readError,
  readResult,
  writeArguments,
} from './values.ts';
import { Waiting } from './waiting.ts';

/** Children for which the stack has room at any time: more than are forked between two turns. */
const AHEAD: number = 2 * (LONG_TURN + 1);

export class SlowPaths {
  readonly #state: ForkState;
  readonly #hot: Hot;
  readonly #waiting: Waiting;
  readonly #ends: Ends = {
    freeArguments: (record) => this.#freeArguments(record),
    forget: (record) => this.#forget(record),
    waitForEnd: (record, item) => this.#waitForEnd(record, item),
  };
  readonly children: Children;
  readonly sharing: Sharing;
  readonly awaited: AwaitedChildren;
  readonly pending: PendingChildren;
  /** Above the highest place whose first slot may hold an object. */
  #listed = 0;
  #context: ForkContext | undefined;

  constructor(state: ForkState, hot: Hot, now: () => number) {
    this.#state = state;
    this.#hot = hot;
    this.#waiting = new Waiting(state);
    this.children = new Children(state, hot);
    this.sharing = new Sharing(state, hot, this.children, now);
    this.awaited = new AwaitedChildren(state);
    this.pending = new PendingChildren(state);
  }

  /** What is on top of the stack was asked to stop. */
  stop(): never {
    throw new MillraceError('ERR_CANCELLED', 'The task was asked to stop.');
  }

  runStolen(record: number): void {
    runStolen(this.#state, record);
  }

  /** Of a stolen child on the stack. */
  context(record: number): ForkContext {
    if (this.#context === undefined || !this.#context.isOf(record))
      this.#context = new ForkContext(this.#state, record);
    return this.#context;
  }

  /** Now and then, with a new child on top of the stack. */
  turn(handle: number): void {
    this.mend();
    this.#stopIfAsked();
    this.children.reserve(AHEAD);
    this.sharing.forked(handle);
  }

  /** Now and then, after a join. */
  turnInJoin(): void {
    this.mend();
    this.sharing.joined();
  }

  #stopIfAsked(): void {
    const { i32, rootCancelAt, cancelAt } = this.#state;
    if ((i32[rootCancelAt]! | i32[cancelAt]!) !== 0) this.stop();
  }

  /** Keeps arguments that are not a few numbers for a child that is about to lie on top of the stack. Its meta word. */
  keep(number: number, args: unknown[]): number {
    this.mend();
    this.#stopIfAsked();
    const { slots, top } = this.#hot;
    let list: unknown[] = args;
    if (!arePlain(args)) {
      if (this.#publish(number, args)) return (number << META_SHIFT) | IN_RECORD;
      list = structuredClone(args);
    }
    slots[top << ARGUMENT_SHIFT] = list;
    if (this.#listed <= top) this.#listed = top + 1;
    return (number << META_SHIFT) | AS_LIST;
  }

  // Clones the arguments into the record at once. False: there is no room, or no other thread can get them.
  #publish(number: number, args: readonly unknown[]): boolean {
    const hot = this.#hot;
    const { children } = this;
    children.publishAll();
    const place = hot.top;
    if (hot.split < place) return false;
    const record = children.freeRecord();
    if (record === 0) return false;
    const meta = writeArguments(this.#state, record, args);
    if (meta === NOT_HERE) return false;
    // Subtle: on the stack as long as the core may be torn from it by an overflow.
    hot.metas[place] = EARLY;
    hot.slots[place << ARGUMENT_SHIFT] = 0;
    hot.top = place + 1;
    const published = children.publishAs(place, record, number, meta);
    hot.top = place;
    return published;
  }

  /** Ends what frames have left that are gone. @throws RangeError the stack overflows once more; it is tried again */
  mend(): void {
    const hot = this.#hot;
    const { torn, tornTo } = hot;
    if (torn === NOT_TORN) return;
    // While those that run are waited for, others run on top.
    hot.torn = NOT_TORN;
    this.sharing.turnAgain();
    try {
      this.#end(torn, tornTo);
    } catch (error) {
      hot.torn = torn;
      hot.tornTo = tornTo;
      hot.mask = 0;
      hot.stock = NO_STOCK;
      throw error;
    }
  }

  #end(from: number, to: number): void {
    const { metas, slots } = this.#hot;
    const places: number[] = [];
    for (let place = to - 1; place >= from; place--) places[places.length] = place;
    endChildren(this.#state, this.children, places, this.#ends);
    for (let place = from; place < to; place++) {
      metas[place] = GONE;
      slots[place << ARGUMENT_SHIFT] = 0;
    }
    this.children.trim();
  }

  /** Nothing is left of the children of the frame on top, nor of any above it. */
  endChildren(): void {
    const hot = this.#hot;
    hot.torn = NOT_TORN;
    this.sharing.turnAgain();
    hot.top = Math.max(hot.split, hot.base);
    this.#end(hot.base, hot.top);
  }

  /** As `endChildren`, of a frame below which there is none. */
  endAll(): void {
    const { arena } = this.#state;
    this.endChildren();
    this.#waiting.helping = 0;
    // Those of children that async tasks await are in use.
    if (this.awaited.isEmpty) arena!.freeArguments();
  }

  /** No child is left of what was on the stack, which is empty. */
  forgetLists(): void {
    const { slots } = this.#hot;
    for (let place = 0; place < this.#listed; place++) slots[place << ARGUMENT_SHIFT] = 0;
    this.#listed = 0;
  }

  /** The frame on top returns, and something of its children is left, or of those of frames that are gone. */
  returned(fn: Forkable): void {
    this.mend();
    this.children.trim();
    const { base, top, metas } = this.#hot;
    let open = 0;
    for (let place = base; place < top; place++) if (metas[place] !== GONE) open++;
    if (open === 0) return;
    this.endChildren();
    throw notJoined(fn.name, open);
  }

  handOver(value: unknown): unknown {
    return handOver(this.#state, value);
  }

  /** A child that is published, or not on top of the stack, or has other arguments than a few numbers. */
  join(handle: number): unknown {
    this.mend();
    const { children } = this;
    const place = children.placeOf(handle);
    if (place < 0) throw badHandle();
    if (this.#hot.metas[place] === EARLY) return this.#ended(place);
    const item = place < this.#hot.split ? children.items[place]! : 0;
    return item === 0 ? this.#run(place) : this.#joinPublished(place, item);
  }

  #joinPublished(place: number, item: number): unknown {
    const { children } = this;
    const { core, block, i32, records } = this.#state;
    const record = records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
    const fn = this.#functionAt(place);
    const args = this.#argumentsAt(place);
    for (;;) {
      const { metas } = this.#hot;
      const { items } = children;
      if (core.take(block, item, place + 1) !== 0) {
        // Subtle: no call before these two. If the stack overflows now, nothing must take this place for a child's.
        items[place] = 0;
        metas[place] = GONE;
        return this.#runTaken(record, fn, args);
      }
      const word = Atomics.load(i32, record >> 2);
      const seen = word & L.STATE_MASK;
      if (seen === L.QUEUED) {
        // Children forked after this one lie on top of it: they run now, and their ends wait for their joins. When none
        // is left, this one is in the spill ring, or in nobody's hands.
        if (this.#runNewer(place)) continue;
        if (core.forkClaim(block, record, item) !== 0) return this.#runClaimed(place, record, fn, args);
      } else if (seen >= L.DONE) {
        return this.#endedElsewhere(place, record, seen);
      } else if (((word >> L.OWNER_SHIFT) & L.OWNER_MASK) === i32[(block + L.W_ID) >> 2]) {
        // It was claimed here, and the stack overflowed before it ran.
        return this.#runClaimed(place, record, fn, args);
      } else {
        // Nobody else could help, or be helped, with what this thread keeps for itself while it sleeps.
        children.publishAll();
        this.#waiting.wait(record);
      }
    }
  }

  #run(place: number): unknown {
    const { children } = this;
    const fn = this.#functionAt(place);
    const args = children.argumentsAt(place);
    children.remove(place);
    return this.#hot.call(fn, args);
  }

  #functionAt(place: number): Forkable {
    return this.#state.functions[this.children.functionNumber(place)]!;
  }

  // Its record is free, and keeps its contents until the next fork.
  #runTaken(record: number, fn: Forkable, own: unknown[] | undefined): unknown {
    const args = own ?? readArguments(this.#state, record)!;
    this.#freeArguments(record);
    this.children.trim();
    return this.#hot.call(fn, args);
  }

  #runClaimed(place: number, record: number, fn: Forkable, own: unknown[] | undefined): unknown {
    const args = own ?? readArguments(this.#state, record)!;
    this.children.remove(place);
    this.#release(record);
    return this.#hot.call(fn, args);
  }

  #argumentsAt(place: number): unknown[] | undefined {
    const isInRecord = (this.#hot.metas[place]! & COUNT_MASK) === IN_RECORD;
    return isInRecord ? undefined : this.children.argumentsAt(place);
  }

  // The newest published child above this place that nobody has taken. False: there is none.
  #runNewer(place: number): boolean {
    const hot = this.#hot;
    const { core, block, records } = this.#state;
    for (let newer = hot.split - 1; newer > place; newer--) {
      const { metas, slots } = hot;
      const { items } = this.children;
      const item = items[newer]!;
      if (item === 0) continue;
      const fn = this.#functionAt(newer);
      const own = this.#argumentsAt(newer);
      if (core.take(block, item, newer + 1) === 0) continue;
      // Subtle: no call before these. If the stack overflows now, that is how it ended.
      items[newer] = 0;
      metas[newer] = EARLY;
      slots[newer << ARGUMENT_SHIFT] = OVERFLOWED;
      const record = records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
      const args = own ?? readArguments(this.#state, record)!;
      this.#freeArguments(record);
      if (this.#listed <= newer) this.#listed = newer + 1;
      slots[newer << ARGUMENT_SHIFT] = this.#callEarly(fn, args);
      return true;
    }
    return false;
  }

  #callEarly(fn: Forkable, args: readonly unknown[]): Early {
    try {
      return { end: 'value', value: this.#hot.call(fn, args) };
    } catch (error) {
      return { end: 'error', error };
    }
  }

  #ended(place: number): unknown {
    const early = this.#hot.slots[place << ARGUMENT_SHIFT] as Early;
    this.children.remove(place);
    if (early.end === 'error') throw early.error;
    return early.value;
  }

  #endedElsewhere(place: number, record: number, end: number): unknown {
    const state = this.#state;
    this.children.remove(place);
    if (end === L.DONE) {
      try {
        return readResult(state, record);
      } finally {
        this.#release(record);
      }
    }
    // Where it was joined is below where it was thrown.
    const error = readError(state, record, new Error().stack ?? '');
    this.#release(record);
    throw error;
  }

  #freeArguments(record: number): void {
    const { i32, arena } = this.#state;
    if ((i32[(record + L.F_META) >> 2]! & L.FORK_ENCODED) !== 0)
      arena!.free(i32[(record + L.F_PAYLOAD) >> 2]!);
  }

  #release(record: number): void {
    const state = this.#state;
    this.#freeArguments(record);
    state.core.forkFree(state.block, record);
  }

  /** Does with children of the frame on top as if they had failed; what is none of them is ignored. */
  drop(handles: readonly number[]): void {
    const { children } = this;
    const hot = this.#hot;
    const places: number[] = [];
    for (let i = 0; i < handles.length; i++) {
      const place = children.placeOf(handles[i]!);
      if (place < 0) continue;
      if (place < hot.split && children.items[place] !== 0) places[places.length] = place;
      else children.remove(place);
    }
    places.sort((a, b) => b - a);
    children.publishAll();
    endChildren(this.#state, children, places, this.#ends);
    for (let i = 0; i < places.length; i++) children.remove(places[i]!);
  }

  #forget(record: number): void {
    const seen = Atomics.load(this.#state.i32, record >> 2) & L.STATE_MASK;
    const lent = seen === L.DONE || seen === L.FAILED ? lentBy(this.#state, record) : 0;
    if (lent !== 0) this.#state.shares!.takeBack(lent);
    this.#release(record);
  }

  #waitForEnd(record: number, item: number): void {
    const { core, block, i32 } = this.#state;
    for (;;) {
      const word = Atomics.load(i32, record >> 2);
      const seen = word & L.STATE_MASK;
      if (seen >= L.DONE) return;
      if (seen !== L.QUEUED) this.#waiting.wait(record);
      else if (core.forkDrop(block, record, item) === L.QUEUED) return;
    }
  }
}
