/**
 * What of fork and join is not one call of the core: other arguments than numbers, stolen children, joins out of
 * order, children nobody has joined, errors.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, mapClear, mapDelete, mapGet, mapSet } from '../../src/codec/primordials.ts';
import { MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { AwaitedChildren } from './awaited.ts';
import { type Ends, endFrames, isOpen } from './ends.ts';
import { ForkContext } from './fork-context.ts';
import type { Forkable } from './functions.ts';
import { PendingChildren } from './pending.ts';
import { type Early, type ForkState, TORN } from './state.ts';
import { runStolen } from './stolen.ts';
import {
  handOver,
  lentBy,
  NOT_HERE,
  readArguments,
  readError,
  readResult,
  writeArguments,
} from './values.ts';
import { Waiting } from './waiting.ts';

/** When no record was free, that many children are kept out of shared memory before it is looked again. */
const FORKS_BETWEEN_LOOKS = 256;

/** In a handle: the child is local. Records have lower slots. */
const LOCAL_SHIFT = 13;
const LOCAL = 1 << LOCAL_SHIFT;

/** More children than there are. */
const ALL = TORN;

const { apply } = Reflect;

export class SlowPaths {
  readonly #state: ForkState;
  readonly #waiting: Waiting;
  readonly #ends: Ends = {
    release: (record) => this.#release(record),
    forget: (record) => this.#forget(record),
    waitForEnd: (record, item) => this.#waitForEnd(record, item),
  };
  readonly awaited: AwaitedChildren;
  readonly pending: PendingChildren;
  #untilAttach = 0;
  #context: ForkContext | undefined;

  constructor(state: ForkState) {
    this.#state = state;
    this.#waiting = new Waiting(state);
    this.awaited = new AwaitedChildren(state);
    this.pending = new PendingChildren(state);
  }

  /** What is on top of the stack was asked to stop. */
  stop(): never {
    throw new MillraceError('ERR_CANCELLED', 'The task was asked to stop.');
  }

  /** Runs a child that the worker, with nothing on its stack, has stolen. */
  runStolen(record: number): void {
    runStolen(this.#state, record);
  }

  /** Of a stolen child on the stack. */
  context(record: number): ForkContext {
    if (this.#context === undefined || !this.#context.isOf(record))
      this.#context = new ForkContext(this.#state, record);
    return this.#context;
  }

  fork(number: number, args: readonly unknown[]): number {
    const state = this.#state;
    if ((state.i32[state.rootCancelAt]! | state.i32[state.cancelAt]!) !== 0) this.stop();
    const { core, block } = state;
    const record = state.i32[state.freeAt]! || this.#attach();
    if (record === 0) return this.#local(number, args);
    const meta = writeArguments(state, record, args);
    if (meta === NOT_HERE) return this.#local(number, args);
    state.open++;
    const item = core.fork(block, number, meta, state.depth);
    if (item !== 0) return item;
    state.open--;
    if ((meta & L.FORK_ENCODED) !== 0) state.arena!.free(state.i32[(record + L.F_PAYLOAD) >> 2]!);
    return this.#local(number, args);
  }

  // When all records are in use, it takes a look at each to see that: not at every fork.
  #attach(): number {
    if (this.#untilAttach > 0) {
      this.#untilAttach--;
      return 0;
    }
    const { core, block } = this.#state;
    const record = core.forkAttach(block);
    if (record === 0) this.#untilAttach = FORKS_BETWEEN_LOOKS;
    return record;
  }

  // Its thread alone runs it. The clone is what another thread would have got.
  #local(number: number, args: readonly unknown[]): number {
    const state = this.#state;
    const n = ++state.locals;
    // As an item, of a slot that no record has.
    const handle = ((n >> LOCAL_SHIFT) << L.SLOT_BITS) | LOCAL | (n & (LOCAL - 1));
    const fn = state.functions[number]!;
    state.localOrder[state.localOrder.length] = handle;
    mapSet(state.local, handle, {
      fn,
      args: isPlain(args) ? args : structuredClone(args),
      frame: state.depth,
    });
    state.open++;
    return handle;
  }

  /** Runs a child that was on top of the own deque, and whose record is free from now on. */
  runOwn(record: number): unknown {
    const state = this.#state;
    const fn = state.functions[state.i32[(record + L.F_FN) >> 2]!]!;
    const args = readArguments(state, record);
    if ((state.i32[(record + L.F_META) >> 2]! & L.FORK_ENCODED) !== 0) {
      state.arena!.free(state.i32[(record + L.F_PAYLOAD) >> 2]!);
    }
    return this.#call(fn, args!);
  }

  #call(fn: Forkable, args: readonly unknown[]): unknown {
    const state = this.#state;
    const { depth, open } = state;
    state.depth = depth + 1;
    state.open = 0;
    let value: unknown;
    try {
      value = apply(fn, undefined, args);
      if (state.open !== 0) this.notJoined(fn);
    } catch (error) {
      const left = state.open;
      // As in `join`.
      state.depth = depth;
      state.open = left === 0 ? open : open | TORN;
      if (left !== 0) this.unwind(left);
      throw error;
    }
    state.depth = depth;
    state.open = open;
    return handOver(state, value);
  }

  handOver(value: unknown): unknown {
    return handOver(this.#state, value);
  }

  /** The frame above the one on top has ended by an error: the children it has left go too. */
  unwind(left: number): void {
    const state = this.#state;
    state.depth++;
    try {
      endFrames(this.#state, left, this.#ends);
    } finally {
      // Subtle: `open` says TORN until the children are gone.
      state.depth--;
    }
    state.open &= ~TORN;
  }

  /** The frame on top is over, by an error or at the bottom of the stack: nothing is left of any above it. */
  endChildren(): void {
    endFrames(this.#state, ALL, this.#ends);
    this.#state.open = 0;
  }

  /** As `endChildren`, of a frame below which there is none. */
  endAll(): void {
    const { early, local, arena } = this.#state;
    this.endChildren();
    this.#waiting.helping = 0;
    mapClear(early);
    mapClear(local);
    this.#state.localOrder.length = 0;
    // Those of children that async tasks await are in use.
    if (this.awaited.isEmpty) arena!.freeArguments();
  }

  /** The frame on top returns, and has children that are not joined; or did, in a frame above it, when that overflowed. */
  notJoined(fn: Forkable): void {
    const open = this.#state.open & ~TORN;
    this.endChildren();
    if (open === 0) return;
    throw new MillraceError(
      'ERR_NOT_JOINED',
      `\`${fn.name}\` returned with ${open === 1 ? 'a child' : `${open} children`} that it had forked and not joined. Join every handle before the function returns; after an \`await\`, use \`forkAsync\`.`,
    );
  }

  /** A child that is not on top of the own deque. */
  join(handle: number): unknown {
    const state = this.#state;
    if ((handle & LOCAL) !== 0 && mapGet(state.local, handle) !== undefined) return this.#joinLocal(handle);
    const record = this.#recordOf(handle);
    const early = mapGet(state.early, handle);
    if (early !== undefined) return this.#ended(handle, record, early);
    for (;;) {
      const seen = Atomics.load(state.i32, record >> 2) & L.STATE_MASK;
      if (seen === L.QUEUED) {
        if (this.#claimOwn(handle, record)) return this.#runClaimed(record);
      } else if (seen >= L.DONE) {
        return this.#endedElsewhere(record, seen);
      } else {
        this.#waiting.wait(record);
      }
    }
  }

  #joinLocal(handle: number): unknown {
    const state = this.#state;
    const { fn, args, frame } = mapGet(state.local, handle)!;
    if (frame !== state.depth) throw badHandle();
    const { localOrder } = state;
    if (localOrder[localOrder.length - 1] === handle) localOrder.length--;
    mapDelete(state.local, handle);
    state.open--;
    return this.#call(fn, args);
  }

  #recordOf(handle: number): number {
    const record = this.#openRecord(handle);
    if (record === 0) throw badHandle();
    return record;
  }

  // 0: it is no open child of this frame.
  #openRecord(handle: number): number {
    const state = this.#state;
    const slot = handle & L.SLOT_MASK;
    const record = state.records + (slot << L.FORK_SHIFT);
    const { i32 } = state;
    const used = handle === (handle | 0) && slot > 0 && slot <= i32[(state.block + L.W_FORK_USED) >> 2]!;
    if (!used) return 0;
    const word = Atomics.load(i32, record >> 2);
    const isThat = ((word ^ handle) & ~L.SLOT_MASK) === 0 && isOpen(word);
    if (!isThat || i32[(record + L.F_FRAME) >> 2] !== state.depth) return 0;
    return record;
  }

  // Children forked after this one lie on top of it: they run now, and their ends wait for their joins. All of them are
  // this frame's. When none is left, this one is in the spill ring or in nobody's hands, or a thief has it.
  #claimOwn(handle: number, record: number): boolean {
    const state = this.#state;
    const { core, block } = state;
    for (;;) {
      const item = core.forkPop(block, state.depth);
      if (item === handle) return true;
      if (item === 0) return core.forkClaim(block, record, handle) !== 0;
      mapSet(state.early, item, this.#runEarly(item));
    }
  }

  #runEarly(item: number): Early {
    const state = this.#state;
    const record = state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
    const fn = state.functions[state.i32[(record + L.F_FN) >> 2]!]!;
    try {
      return { end: 'value', value: this.#call(fn, readArguments(state, record)!) };
    } catch (error) {
      return { end: 'error', error };
    }
  }

  #ended(handle: number, record: number, early: Early): unknown {
    mapDelete(this.#state.early, handle);
    this.#free(record);
    if (early.end === 'error') throw early.error;
    return early.value;
  }

  #runClaimed(record: number): unknown {
    const state = this.#state;
    const fn = state.functions[state.i32[(record + L.F_FN) >> 2]!]!;
    const args = readArguments(state, record)!;
    this.#free(record);
    return this.#call(fn, args);
  }

  #endedElsewhere(record: number, end: number): unknown {
    const state = this.#state;
    if (end === L.DONE) {
      try {
        return readResult(state, record);
      } finally {
        this.#free(record);
      }
    }
    // Where it was joined is below where it was thrown.
    const error = readError(state, record, new Error().stack ?? '');
    this.#free(record);
    throw error;
  }

  #free(record: number): void {
    this.#state.open--;
    this.#release(record);
  }

  #release(record: number): void {
    const state = this.#state;
    if ((state.i32[(record + L.F_META) >> 2]! & L.FORK_ENCODED) !== 0) {
      state.arena!.free(state.i32[(record + L.F_PAYLOAD) >> 2]!);
    }
    state.core.forkFree(state.block, record);
  }

  /** Does with children of the frame on top as if they had failed; what is none of them is ignored. */
  drop(handles: readonly number[]): void {
    const state = this.#state;
    const running: number[] = [];
    for (let i = handles.length - 1; i >= 0; i--) {
      const handle = handles[i]!;
      if ((handle & LOCAL) !== 0 && mapGet(state.local, handle)?.frame === state.depth) {
        mapDelete(state.local, handle);
        state.open--;
        continue;
      }
      const record = this.#openRecord(handle);
      if (record === 0) continue;
      const waits = (Atomics.load(state.i32, record >> 2) & L.STATE_MASK) === L.QUEUED;
      if (mapDelete(state.early, handle) || (waits && this.#claimOwn(handle, record))) {
        state.open--;
        this.#forget(record);
      } else {
        Atomics.store(state.i32, (record + L.F_CANCEL) >> 2, 1);
        running.push(handle);
      }
    }
    for (const handle of running) {
      const record = this.#openRecord(handle);
      if (record === 0) continue;
      this.#waitForEnd(record, handle);
      state.open--;
      this.#forget(record);
    }
  }

  // Frees a record nobody reads the result of.
  #forget(record: number): void {
    const seen = Atomics.load(this.#state.i32, record >> 2) & L.STATE_MASK;
    const lent = seen === L.DONE || seen === L.FAILED ? lentBy(this.#state, record) : 0;
    if (lent !== 0) this.#state.shares!.takeBack(lent);
    this.#release(record);
  }

  #waitForEnd(record: number, item: number): void {
    const { core, block, i32 } = this.#state;
    const me = i32[(block + L.W_ID) >> 2]!;
    for (;;) {
      const word = Atomics.load(i32, record >> 2);
      const seen = word & L.STATE_MASK;
      // Its own thread ran it early.
      if (seen >= L.DONE || ((word >> L.OWNER_SHIFT) & L.OWNER_MASK) === me) return;
      if (seen !== L.QUEUED) this.#waiting.wait(record);
      else if (core.forkDrop(block, record, item) === L.QUEUED) return;
    }
  }
}

function isPlain(args: readonly unknown[]): boolean {
  for (const arg of args)
    if (typeof arg === 'object' || typeof arg === 'function' || typeof arg === 'symbol') return false;
  return true;
}

function badHandle(): MillraceError {
  return new MillraceError(
    'ERR_BAD_HANDLE',
    'This is no open child of the call that joins it. Join each handle once, in the call that forked it.',
  );
}
