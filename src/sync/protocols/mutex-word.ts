/**
 * The mutex: one word, `holder << 2 | POISONED | CONTENDED`. Drepper's third mutex with the holder's id for "locked".
 * States, and what a death leaves: ../README.md.
 *
 * @module
 */
import { ALL, type Alive, OWN, POISON, type Sleep, TAKEN, TIMED_OUT, type Waiting } from './sleep.ts';

/** Somebody may sleep on the word: whoever frees it wakes one. */
export const CONTENDED = 1;
/** A thread died holding the lock. */
export const POISONED = 2;
export const HOLDER_SHIFT = 2;

/** How a caller wants the lock. */
export interface Claim {
  /** The thread's id, above 0. */
  readonly me: number;
  /** Take a poisoned lock too. */
  readonly recover: boolean;
  /** The thread stops while it waits: waiting for itself would have no end. */
  readonly blocking: boolean;
}

/** The whole of an uncontended lock. */
export function lockFast(i32: Int32Array, at: number, me: number): boolean {
  return Atomics.compareExchange(i32, at, 0, me << HOLDER_SHIFT) === 0;
}

/** `TAKEN`, `TIMED_OUT`, `POISON` or `OWN`. */
export function* lockSlow(i32: Int32Array, at: number, label: number, claim: Claim, alive: Alive): Waiting {
  const mine = claim.me << HOLDER_SHIFT;
  // Who has slept cannot know whether others still do.
  let contended = 0;
  let last = false;
  for (;;) {
    const word = Atomics.load(i32, at);
    const holder = word >>> HOLDER_SHIFT;
    if (holder === 0) {
      if ((word & POISONED) !== 0 && !claim.recover) return POISON;
      const next = mine | (word & POISONED) | contended;
      if (Atomics.compareExchange(i32, at, word, next) === word) return TAKEN;
      continue;
    }
    if (holder === claim.me && claim.blocking) return OWN;
    if (alive(holder) === false) {
      bury(i32, at, word);
      continue;
    }
    if (last) return TIMED_OUT;
    const marked = word | CONTENDED;
    if (marked !== word && Atomics.compareExchange(i32, at, word, marked) !== word) continue;
    contended = CONTENDED;
    const sleep: Sleep = { at, value: marked, holder, label, own: 0 };
    last = (yield sleep) === 'expired';
  }
}

/** Frees the lock of a dead holder, once, and poisons it. Everybody has to hear of it. */
function bury(i32: Int32Array, at: number, word: number): void {
  if (Atomics.compareExchange(i32, at, word, POISONED) === word) Atomics.notify(i32, at, ALL);
}

/** Poison stays until `clearPoison`. */
export function unlock(i32: Int32Array, at: number, me: number): void {
  let word = Atomics.compareExchange(i32, at, me << HOLDER_SHIFT, 0);
  if (word === me << HOLDER_SHIFT) return;
  for (;;) {
    const seen = Atomics.compareExchange(i32, at, word, word & POISONED);
    if (seen === word) break;
    word = seen;
  }
  // Of those who find poison, some do not take the lock, and would not wake the next.
  if ((word & CONTENDED) !== 0) Atomics.notify(i32, at, (word & POISONED) !== 0 ? ALL : 1);
}

export function clearPoison(i32: Int32Array, at: number): void {
  for (;;) {
    const word = Atomics.load(i32, at);
    if ((word & POISONED) === 0) return;
    if (Atomics.compareExchange(i32, at, word, word & ~POISONED) === word) return;
  }
}
