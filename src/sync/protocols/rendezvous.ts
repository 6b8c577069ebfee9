/**
 * The barrier and the latch: one word each.
 *
 * @module
 */
import { ALL, ENDED, type Sleep, TAKEN, TIMED_OUT, type Waiting } from './sleep.ts';

/** The barrier's word is `generation << 12 | arrived << 1 | BROKEN`. */
const BROKEN = 1;
const ONE = 2;
const ARRIVED = 0xffe;
const GENERATION_SHIFT = 12;
export const MAX_PARTIES = 2047;

/** What the last one to arrive gets. */
export const LEADER = 1;

/** `LEADER`, `TAKEN` (all came, and this was not the last), `TIMED_OUT` or `ENDED`. */
export function* arrive(i32: Int32Array, at: number, parties: number): Waiting {
  let word = Atomics.load(i32, at);
  for (;;) {
    if ((word & BROKEN) !== 0) return ENDED;
    const all = (word & ARRIVED) === (parties - 1) * ONE;
    const next = all ? ((word >>> GENERATION_SHIFT) + 1) << GENERATION_SHIFT : word + ONE;
    const seen = Atomics.compareExchange(i32, at, word, next);
    if (seen === word) {
      if (!all) break;
      Atomics.notify(i32, at, ALL);
      return LEADER;
    }
    word = seen;
  }
  const generation = word >>> GENERATION_SHIFT;
  let last = false;
  for (;;) {
    word = Atomics.load(i32, at);
    if (word >>> GENERATION_SHIFT !== generation) return TAKEN;
    if ((word & BROKEN) !== 0) return ENDED;
    if (last) {
      // The others count on this one: it leaves, unless all have come meanwhile.
      if (Atomics.compareExchange(i32, at, word, word - ONE) === word) return TIMED_OUT;
      continue;
    }
    const sleep: Sleep = { at, value: word, holder: 0, label: 0, own: 0 };
    last = (yield sleep) === 'expired';
  }
}

export function breakBarrier(i32: Int32Array, at: number): void {
  Atomics.or(i32, at, BROKEN);
  Atomics.notify(i32, at, ALL);
}

export function isBroken(i32: Int32Array, at: number): boolean {
  return (Atomics.load(i32, at) & BROKEN) !== 0;
}

export function arrivedOf(i32: Int32Array, at: number): number {
  return (Atomics.load(i32, at) & ARRIVED) / ONE;
}

/** The latch's word is what is left to count. Stays at 0. */
export function countDown(i32: Int32Array, at: number, by: number): void {
  for (;;) {
    const left = Atomics.load(i32, at);
    if (left === 0) return;
    if (Atomics.compareExchange(i32, at, left, Math.max(0, left - by)) !== left) continue;
    if (left <= by) Atomics.notify(i32, at, ALL);
    return;
  }
}

/** `TAKEN` or `TIMED_OUT`. */
export function* awaitZero(i32: Int32Array, at: number): Waiting {
  let last = false;
  for (;;) {
    const left = Atomics.load(i32, at);
    if (left === 0) return TAKEN;
    if (last) return TIMED_OUT;
    const sleep: Sleep = { at, value: left, holder: 0, label: 0, own: 0 };
    last = (yield sleep) === 'expired';
  }
}
