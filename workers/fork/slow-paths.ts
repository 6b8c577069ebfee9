/**
 * What of fork and join is not one call of the core: other arguments than numbers, stolen children, joins out of
 * order, children nobody has joined, errors.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, mapDelete, mapForEach, mapGet, mapSet } from '../../src/codec/primordials.ts';
import { MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { onePerThread } from '../one-per-thread.ts';
import { AwaitedChildren } from './awaited.ts';
import { ForkContext } from './fork-context.ts';
import type { Forkable } from './functions.ts';
import { PendingChildren } from './pending.ts';
import type { Early, ForkState } from './state.ts';
import { runStolen } from './stolen.ts';
import { handOver, NOT_HERE, readArguments, readError, readResult, writeArguments } from './values.ts';

/** So often a joiner looks for something to help with before it sleeps: some 10 us, less than a sleep and a wake. */
const LOOKS = 200;
/** Stolen children on one stack: each may be as deep as a task. */
const MAX_HELP = 64;
/** Calls that must fit on the stack before a stolen child is put on it. */
const HEADROOM = 500;

/** When no record was free, that many children are kept out of shared memory before it is looked again. */
const FORKS_BETWEEN_LOOKS = 256;

const { apply } = Reflect;

/** How many locks of `millrace/sync` this thread holds. */
const held = onePerThread('held', () => ({ count: 0 }));

export class SlowPaths {
  readonly #state: ForkState;
  readonly awaited: AwaitedChildren;
  readonly pending: PendingChildren;
  #helping = 0;
  #untilAttach = 0;
  #context: ForkContext | undefined;

  constructor(state: ForkState) {
    this.#state = state;
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
    const item = core.fork(block, number, meta, state.depth);
    if (item === 0) {
      if ((meta & L.FORK_ENCODED) !== 0) state.arena!.free(state.i32[(record + L.F_PAYLOAD) >> 2]!);
      return this.#local(number, args);
    }
    state.open++;
    return item;
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
    const handle = -++state.lastLocal;
    const fn = state.functions[number]!;
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
    const open = state.open;
    state.depth++;
    state.open = 0;
    let value: unknown;
    try {
      value = apply(fn, undefined, args);
      if (state.open !== 0) this.notJoined(fn);
    } catch (error) {
      this.unwind(open);
      throw error;
    }
    state.depth--;
    state.open = open;
    return handOver(state, value);
  }

  handOver(value: unknown): unknown {
    return handOver(this.#state, value);
  }

  /** The frame on top ends by an error: its children go first. `open`: of the frame below. */
  unwind(open: number): void {
    const state = this.#state;
    if (state.open !== 0) this.#endChildren();
    state.depth--;
    state.open = open;
  }

  /** The frame on top returns, and has children that are not joined. */
  notJoined(fn: Forkable): never {
    const { open } = this.#state;
    this.#endChildren();
    throw new MillraceError(
      'ERR_NOT_JOINED',
      `\`${fn.name}\` returned with ${open === 1 ? 'a child' : `${open} children`} that it had forked and not joined. Join every handle before the function returns; after an \`await\`, use \`forkAsync\`.`,
    );
  }

  /** A child that is not on top of the own deque. */
  join(handle: number): unknown {
    const state = this.#state;
    if (handle < 0 && mapGet(state.local, handle) !== undefined) return this.#joinLocal(handle);
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
        this.#wait(record);
      }
    }
  }

  /** A child of this frame that is not wanted any more: as when the frame ends. */
  drop(handle: number): void {
    const state = this.#state;
    if (mapGet(state.local, handle) !== undefined) {
      mapDelete(state.local, handle);
      state.open--;
      return;
    }
    const record = this.#recordOf(handle);
    if (mapGet(state.early, handle) === undefined && !this.#claimOwn(handle, record))
      this.#dropElsewhere(record, handle);
    mapDelete(state.early, handle);
    this.#free(record);
  }

  #dropElsewhere(record: number, item: number): void {
    const was = this.#state.core.forkDrop(this.#state.block, record, item);
    if (was === L.CLAIMED || was === L.RUNNING || was === L.PENDING) this.#waitForEnd(record, item);
  }

  #joinLocal(handle: number): unknown {
    const state = this.#state;
    const { fn, args, frame } = mapGet(state.local, handle)!;
    if (frame !== state.depth) throw badHandle();
    mapDelete(state.local, handle);
    state.open--;
    return this.#call(fn, args);
  }

  #recordOf(handle: number): number {
    const state = this.#state;
    const slot = handle & L.SLOT_MASK;
    const record = state.records + (slot << L.FORK_SHIFT);
    const { i32 } = state;
    const used = Number.isInteger(handle) && slot > 0 && slot <= i32[(state.block + L.W_FORK_USED) >> 2]!;
    if (!used) throw badHandle();
    const word = Atomics.load(i32, record >> 2);
    const isOpen = ((word ^ handle) & ~L.SLOT_MASK) === 0 && (word & L.STATE_MASK) !== L.FREE;
    if (!isOpen || i32[(record + L.F_FRAME) >> 2] !== state.depth) throw badHandle();
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
    const state = this.#state;
    state.open--;
    if ((state.i32[(record + L.F_META) >> 2]! & L.FORK_ENCODED) !== 0) {
      state.arena!.free(state.i32[(record + L.F_PAYLOAD) >> 2]!);
    }
    state.core.forkFree(state.block, record);
  }

  // Until the child is over, or its joiner's again. Who holds a lock helps nobody: what it would run might want the lock.
  #wait(record: number): void {
    const state = this.#state;
    const { core, block } = state;
    let looks = 0;
    for (;;) {
      const word = Atomics.load(state.i32, record >> 2);
      const seen = word & L.STATE_MASK;
      if (seen === L.QUEUED || seen >= L.DONE) return;
      if (held.count === 0 && this.#helping < MAX_HELP && hasStack()) {
        // Its thief's children descend from it: the stack grows no deeper than it would have with that child on it.
        const found = core.forkHelp(block, (word >> L.OWNER_SHIFT) & L.OWNER_MASK, state.root);
        if (found !== 0) {
          this.#helping++;
          runStolen(state, found);
          this.#helping--;
          looks = 0;
          continue;
        }
        if (++looks < LOOKS) continue;
      }
      if (core.joinPark(block, record) === 0) {
        if (held.count !== 0 || this.#helping >= MAX_HELP) this.#sleep(record, word);
        continue;
      }
      this.#sleepInJoin();
      looks = 0;
    }
  }

  #sleepInJoin(): void {
    const { core, block, view, i32, patience } = this.#state;
    while (Atomics.load(i32, view!.parkAt) === 0) {
      if (Atomics.wait(i32, view!.parkAt, 0, patience.ms) === 'timed-out') patience.look();
    }
    core.joinUnpark(block);
  }

  // Who may not help would be woken for what it may not take: it looks at nothing but its child, now and then.
  #sleep(record: number, word: number): void {
    Atomics.wait(this.#state.i32, record >> 2, word, 1);
  }

  // Those that have not started never do; the others are asked to stop and waited for: no child outlives its parent.
  #endChildren(): void {
    const state = this.#state;
    const { core, block, i32 } = state;
    mapForEach(state.local, ({ frame }, handle) => {
      if (frame === state.depth) mapDelete(state.local, handle);
    });
    while (core.forkPop(block, state.depth) !== 0);
    const used = i32[(block + L.W_FORK_USED) >> 2]!;
    for (let slot = 1; slot <= used; slot++) {
      const record = state.records + (slot << L.FORK_SHIFT);
      const word = Atomics.load(i32, record >> 2);
      if (i32[(record + L.F_FRAME) >> 2] !== state.depth || !isOpen(word)) continue;
      const item = (word & ~L.SLOT_MASK) | slot;
      mapDelete(state.early, item);
      this.#dropElsewhere(record, item);
      this.#free(record);
    }
    state.open = 0;
  }

  #waitForEnd(record: number, item: number): void {
    const { core, block, i32 } = this.#state;
    const me = i32[(block + L.W_ID) >> 2]!;
    for (;;) {
      const word = Atomics.load(i32, record >> 2);
      const seen = word & L.STATE_MASK;
      // Its own thread ran it early.
      if (seen >= L.DONE || ((word >> L.OWNER_SHIFT) & L.OWNER_MASK) === me) return;
      if (seen !== L.QUEUED) this.#wait(record);
      else if (core.forkDrop(block, record, item) === L.QUEUED) return;
    }
  }
}

/** In use, and not kept from use only for an entry that names it. */
function isOpen(word: number): boolean {
  const state = word & L.STATE_MASK;
  if (state === L.FREE) return false;
  return state !== L.PENDING || ((word >> L.OWNER_SHIFT) & L.OWNER_MASK) !== L.NOBODY;
}

function isPlain(args: readonly unknown[]): boolean {
  for (const arg of args)
    if (typeof arg === 'object' || typeof arg === 'function' || typeof arg === 'symbol') return false;
  return true;
}

/** Whether a stolen child can be run and its end be published: a stack that overflows on the way would lose it. */
function hasStack(): boolean {
  try {
    return deeper(HEADROOM) >= 0;
  } catch {
    return false;
  }
}

function deeper(calls: number): number {
  return calls === 0 ? 0 : deeper(calls - 1) + 1;
}

function badHandle(): MillraceError {
  return new MillraceError(
    'ERR_BAD_HANDLE',
    'This is no open child of the call that joins it. Join each handle once, in the call that forked it.',
  );
}
