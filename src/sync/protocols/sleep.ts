/**
 * What the protocols have in common: how they sleep, and how they end. A protocol is a plain function over an
 * `Int32Array`, so that the model checker can run the same text one memory access at a time; a protocol that may sleep
 * is a generator that yields where, and is told how the sleep ended.
 *
 * @module
 */

/** Sleep while the word at `at` holds `value`. All fields are indices into the object's `Int32Array` but for two. */
export interface Sleep {
  readonly at: number;
  /** What the word held when it was looked at. */
  readonly value: number;
  /** The thread that is waited for; 0 where none is known. */
  readonly holder: number;
  /** Where that thread shows its label; 0: nowhere. See `../deadlock/cycle.ts`. */
  readonly label: number;
  /** Where those who wait for the sleeper itself look, besides the locks it holds; 0: nowhere. */
  readonly own: number;
}

/** `slice`: the time of one slice passed. `expired`: this is the last look; the protocol must end without sleeping. */
export type Resume = 'woken' | 'slice' | 'expired';

export type Waiting = Generator<Sleep, number, Resume>;

/** Whether a thread lives; `undefined` where nobody knows. */
export type Alive = (id: number) => boolean | undefined;

/** How a protocol ended. What is 0 or more is success: an index, or just 0. */
export const TAKEN = 0;
export const TIMED_OUT = -1;
/** The lock is poisoned and free, and was not taken. */
export const POISON = -2;
/** The thread itself holds it and would wait for ever. */
export const OWN = -3;
/** The barrier is broken, or the channel closed. */
export const ENDED = -4;
/** The last look found nothing. */
export const NONE = -5;

/** All waiters, for `Atomics.notify`. */
export const ALL: number = Number.POSITIVE_INFINITY;
