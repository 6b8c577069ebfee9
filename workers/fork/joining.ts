/**
 * Joins of children that are published, or not on top of the stack, or have other arguments than a few numbers.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import type { Children } from './children.ts';
import type { Forkable } from './functions.ts';
import { held } from './locks.ts';
import { ARGUMENT_SHIFT, COUNT_MASK, EARLY, type Early, GONE, IN_RECORD, OVERFLOWED } from './places.ts';
import { freeArguments, release } from './records.ts';
import { needStack } from './stack-room.ts';
import { blockCount, type ForkState, type Hot } from './state.ts';
import { unpublishAbove } from './unpublish.ts';
import { readArguments, readError, readResult } from './values.ts';
import type { Waiting } from './waiting.ts';

export class Joining {
  readonly #state: ForkState;
  readonly #hot: Hot;
  readonly #children: Children;
  readonly #waiting: Waiting;

  constructor(state: ForkState, hot: Hot, children: Children, waiting: Waiting) {
    this.#state = state;
    this.#hot = hot;
    this.#children = children;
    this.#waiting = waiting;
  }

  /** The result of the open child at this place. */
  join(place: number): unknown {
    if (this.#hot.metas[place] === EARLY) return this.#ended(place);
    const item = place < this.#hot.split ? this.#children.items[place]! : 0;
    const fn = this.#functionAt(place);
    const args = item === 0 ? this.#takePrivate(place) : this.#claim(place, item);
    if (args === undefined) return this.#endedElsewhere(place, this.#recordOf(item));
    // Called from here, and not further down: of ten frames of the stack that an error shows, few shall be ours.
    return this.#hot.call(fn, args);
  }

  #takePrivate(place: number): unknown[] {
    const args = this.#children.argumentsAt(place);
    this.#children.remove(place);
    return args;
  }

  // The arguments of a published child that this thread is to run; undefined: another has run it.
  #claim(place: number, item: number): unknown[] | undefined {
    const children = this.#children;
    const { core, block, i32 } = this.#state;
    const record = this.#recordOf(item);
    const own = this.#argumentsAt(place);
    // Read when the child is this thread's: a stack that overflows then would lose it.
    if (own === undefined) needStack();
    let tookBack = false;
    const { floor } = children;
    // Subtle: what runs on top, while this child is waited for, must not read its end and use its record again.
    children.floor = place + 1;
    try {
      for (;;) {
        const { metas } = this.#hot;
        const { items } = children;
        if (core.take(block, item, place + 1) !== 0) {
          // Subtle: no call before these two. If the stack overflows now, nothing must take this place for a child's.
          items[place] = 0;
          metas[place] = GONE;
          const args = this.#argumentsTaken(record, own);
          children.trim();
          // What was taken back is for thieves again.
          if (tookBack && blockCount(i32) > 1) children.publishAll();
          return args;
        }
        const word = Atomics.load(i32, record >> 2);
        const seen = word & L.STATE_MASK;
        if (seen === L.QUEUED) {
          // Children forked after this one lie on top of it: they run now, and their ends wait for their joins. When none
          // is left, this one is in the spill ring, or in nobody's hands.
          if (held.count === 0) {
            if (this.#runNewer(place)) continue;
          } else if (this.#takeNewer(place)) {
            tookBack = true;
            continue;
          }
          if (core.forkClaim(block, record, item) !== 0) return this.#argumentsClaimed(place, record, own);
        } else if (seen >= L.DONE) {
          return undefined;
        } else if (((word >> L.OWNER_SHIFT) & L.OWNER_MASK) === i32[(block + L.W_ID) >> 2]) {
          // It was claimed here, and the stack overflowed before it ran.
          return this.#argumentsClaimed(place, record, own);
        } else {
          // Nobody else could help, or be helped, with what this thread keeps for itself while it sleeps.
          children.publishAll();
          this.#waiting.wait(record);
        }
      }
    } finally {
      children.floor = floor;
    }
  }

  #recordOf(item: number): number {
    return this.#state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
  }

  #functionAt(place: number): Forkable {
    return this.#state.functions[this.#children.functionNumber(place)]!;
  }

  // Those that lie in the record alone are read when the child is this thread's.
  #argumentsAt(place: number): unknown[] | undefined {
    const isInRecord = (this.#hot.metas[place]! & COUNT_MASK) === IN_RECORD;
    return isInRecord ? undefined : this.#children.argumentsAt(place);
  }

  // The record is free, and keeps its contents until the next fork.
  #argumentsTaken(record: number, own: unknown[] | undefined): unknown[] {
    const args = own ?? readArguments(this.#state, record)!;
    freeArguments(this.#state, record);
    return args;
  }

  #argumentsClaimed(place: number, record: number, own: unknown[] | undefined): unknown[] {
    const args = own ?? readArguments(this.#state, record)!;
    release(this.#state, record);
    this.#children.remove(place);
    return args;
  }

  // The newest published child above this place that nobody has taken. False: there is none.
  #runNewer(place: number): boolean {
    const hot = this.#hot;
    const { core, block } = this.#state;
    for (let newer = hot.split - 1; newer > place; newer--) {
      const { metas, slots } = hot;
      const { items } = this.#children;
      const item = items[newer]!;
      if (item === 0) continue;
      const fn = this.#functionAt(newer);
      const own = this.#argumentsAt(newer);
      if (core.take(block, item, newer + 1) === 0) continue;
      // Subtle: no call before these. If the stack overflows now, that is how it ended.
      items[newer] = 0;
      metas[newer] = EARLY;
      slots[newer << ARGUMENT_SHIFT] = OVERFLOWED;
      const args = this.#argumentsTaken(this.#recordOf(item), own);
      this.#children.keep(newer, this.#callEarly(fn, args));
      return true;
    }
    return false;
  }

  // What it would run might want a lock that this thread holds.
  #takeNewer(place: number): boolean {
    return unpublishAbove(this.#state, this.#hot, this.#children, place);
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
    this.#children.remove(place);
    if (early.end === 'error') throw early.error;
    return early.value;
  }

  #endedElsewhere(place: number, record: number): unknown {
    needStack();
    const state = this.#state;
    const end = Atomics.load(state.i32, record >> 2) & L.STATE_MASK;
    try {
      if (end === L.DONE) return readResult(state, record);
      // Where it was joined is below where it was thrown.
      throw readError(state, record, new Error().stack ?? '');
    } finally {
      release(state, record);
      this.#children.remove(place);
    }
  }
}
