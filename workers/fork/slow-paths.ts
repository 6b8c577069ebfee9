/**
 * What of fork and join is not private children of numbers: other arguments, turns, joins out of order, children nobody
 * has joined, frames that are gone.
 *
 * @module
 */
import type { MillraceError } from '../../src/errors.ts';
import { askedToStop, type Context } from '../context.ts';
import { AwaitedChildren } from './awaited.ts';
import { badHandle, Children, notJoined } from './children.ts';
import { endChildren } from './ends.ts';
import { ForkContext } from './fork-context.ts';
import type { Forkable } from './functions.ts';
import { Joining } from './joining.ts';
import { PendingChildren } from './pending.ts';
import {
  ARGUMENT_SHIFT,
  AS_LIST,
  EARLY,
  GONE,
  IN_RECORD,
  LONG_TURN,
  META_SHIFT,
  NOT_TORN,
} from './places.ts';
import { Sharing } from './sharing.ts';
import { endOfTask, failureOfTask, notAwaited } from './stack.ts';
import { hasStackToEnd, needStack } from './stack-room.ts';
import { type ForkState, type Hot, NO_STOCK } from './state.ts';
import { runStolen } from './stolen.ts';
import { arePlain, handOver, NOT_HERE, writeArguments } from './values.ts';
import { Waiting } from './waiting.ts';

/** Children for which the stack has room at any time: more than are forked between two turns. */
const AHEAD: number = 2 * (LONG_TURN + 1);

export class SlowPaths {
  readonly #state: ForkState;
  readonly #hot: Hot;
  readonly #waiting: Waiting;
  readonly #joining: Joining;
  readonly children: Children;
  readonly sharing: Sharing;
  readonly awaited: AwaitedChildren;
  readonly pending: PendingChildren;
  #context: ForkContext | undefined;

  constructor(state: ForkState, hot: Hot, now: () => number) {
    this.#state = state;
    this.#hot = hot;
    this.#waiting = new Waiting(state);
    this.children = new Children(state, hot);
    this.#joining = new Joining(state, hot, this.children, this.#waiting);
    this.sharing = new Sharing(state, hot, this.children, now);
    this.awaited = new AwaitedChildren(state);
    this.pending = new PendingChildren(state);
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
    this.stopIfAsked();
    this.children.reserve(AHEAD);
    this.sharing.forked(handle);
  }

  /** Now and then, after a join. */
  turnInJoin(): void {
    this.mend();
    this.sharing.joined();
  }

  stopIfAsked(): void {
    const { i32, rootCancelAt, cancelAt } = this.#state;
    if ((i32[rootCancelAt]! | i32[cancelAt]!) !== 0) throw askedToStop();
  }

  /** Keeps arguments that are not a few numbers for a child that is about to lie on top of the stack. Its meta word. */
  keep(number: number, args: unknown[]): number {
    this.mend();
    this.stopIfAsked();
    let list: unknown[] = args;
    if (!arePlain(args)) {
      if (this.#publish(number, args)) return (number << META_SHIFT) | IN_RECORD;
      list = structuredClone(args);
    }
    this.children.keep(this.#hot.top, list);
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

  /** Ends what frames have left that are gone. @throws RangeError there is too little stack; it is tried again */
  mend(): void {
    if (this.#hot.torn === NOT_TORN) return;
    needStack();
    this.#mendTorn();
  }

  /** As `mend`, where an error is on its way that is not to give way to another: without room, what is torn stays so. */
  mendIfRoom(): void {
    if (hasStackToEnd()) this.#mendTorn();
  }

  #mendTorn(): void {
    const hot = this.#hot;
    const { torn, tornTo } = hot;
    // While those that run are waited for, others run on top.
    hot.tear(NOT_TORN, 0);
    this.sharing.turnAgain();
    try {
      this.#end(torn, tornTo);
    } catch (error) {
      hot.tear(torn, tornTo);
      hot.turnsAt(0, NO_STOCK);
      throw error;
    }
  }

  #end(from: number, to: number): void {
    const { metas, slots } = this.#hot;
    const places: number[] = [];
    for (let place = to - 1; place >= from; place--) places[places.length] = place;
    endChildren(this.#state, this.children, places, this.#waiting);
    for (let place = from; place < to; place++) {
      metas[place] = GONE;
      slots[place << ARGUMENT_SHIFT] = 0;
    }
    this.children.trim();
  }

  /** Nothing is left of the children of the frame on top, nor of any above it. */
  endChildren(): void {
    needStack();
    const hot = this.#hot;
    hot.tear(NOT_TORN, 0);
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

  /** The code of a submitted task has returned: `value`, or what it is to end with. */
  endOfTask(fn: Forkable, context: Context | undefined, value: unknown): unknown {
    return endOfTask(fn, context, value);
  }

  /** It has thrown. */
  failureOfTask(): void {
    failureOfTask();
  }

  notAwaited(): MillraceError {
    return notAwaited();
  }

  handOver(value: unknown): unknown {
    return handOver(this.#state, value);
  }

  /** A child that is published, or not on top of the stack, or has other arguments than a few numbers. */
  join(handle: number): unknown {
    this.mend();
    const place = this.children.placeOf(handle);
    if (place < 0) throw badHandle();
    return this.#joining.join(place);
  }

  /** Does with children of the frame on top as if they had failed; what is none of them is ignored. */
  drop(handles: readonly number[]): void {
    needStack();
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
    endChildren(this.#state, children, places, this.#waiting);
    for (let i = 0; i < places.length; i++) children.remove(places[i]!);
  }
}
