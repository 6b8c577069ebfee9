/**
 * How task functions are called with numbers.
 *
 * @module
 */
import { asInteger } from '../src/memory/shared-memory.ts';

type Callable = (...args: unknown[]) => unknown;

/** So many arguments, all of them numbers, are handed over without an array. */
export const MAX_SPREAD: number = 3;

/**
 * Calls a task function with `count` numbers from `f64[at]` on.
 *
 * Subtle: V8 must not inline the task into the worker's loop, or the task's own loops are compiled for these
 * surroundings: xorshift32 ran at a third of its speed once 20,000 short calls had made the call worth inlining. It
 * does not inline a call that has had several targets: see `mixTargets`.
 */
export function callWithNumbers(fn: Callable, count: number, f64: Float64Array, at: number): unknown {
  switch (count) {
    case 0:
      return fn();
    case 1:
      return fn(asInteger(f64[at]!));
    case 2:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!));
    default:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!), asInteger(f64[at + 2]!));
  }
}

const DECOYS: readonly Callable[] = [() => 0, () => 1];
const NUMBERS = new Float64Array(MAX_SPREAD);

/** Every call of a task function meets other functions, so that it is never one that has had a single target. Again and
 * again, since V8 forgets what it has seen when code has not run for some collections. */
export function mixTargets(): void {
  for (let count = 0; count <= MAX_SPREAD; count++) {
    for (const decoy of DECOYS) callWithNumbers(decoy, count, NUMBERS, 0);
  }
}
