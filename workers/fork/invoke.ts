/**
 * Several functions at once.
 *
 * @module
 */
import { expected } from '../../src/errors.ts';
import { type AnyFunction, forker, type Handle, numberOf } from './forker.ts';
import type { Forkable } from './functions.ts';

/** The functions of the calls, each followed by its arguments. */
export type Calls<F extends readonly AnyFunction[]> = {
  readonly [K in keyof F]: readonly [fn: F[K], ...args: Parameters<F[K]>];
};

/** What the functions return. */
export type Results<F extends readonly AnyFunction[]> = { -readonly [K in keyof F]: ReturnType<F[K]> };

/**
 * Calls functions at the same time, as far as other workers have nothing to do, and returns when all have returned.
 * The first runs in this thread, in the order given when nobody helps. The arguments of all others are copied when
 * another thread takes them; numbers cost nothing, shared arrays go by reference.
 *
 * @param calls - each a function, exported by the task module or registered with `task(fn)`, and its arguments
 * @returns their results, in order
 * @throws InvalidArgumentError, `ERR_NO_CONTEXT`, what a function throws
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { invoke } from 'millrace/worker';
 *
 * export const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
 * export const largest = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
 *
 * export function summary(values: Float64Array): { mean: number; max: number } {
 *   const [sum, max] = invoke([total, values], [largest, values]);
 *   return { mean: sum / values.length, max };
 * }
 * ```
 */
export function invoke<F extends readonly AnyFunction[]>(...calls: Calls<F>): Results<F> {
  const list = calls as unknown as readonly (readonly [Forkable, ...unknown[]])[];
  const f = forker();
  for (const [k, call] of list.entries()) {
    if (!Array.isArray(call)) throw expected(`calls[${k}]`, 'an array of a function and its arguments', call);
    numberOf(f, `calls[${k}][0]`, call[0]);
  }
  const results: unknown[] = [];
  // The last first: joined in the order of the calls, children are joined in the reverse order of their forks.
  const forked: Handle<unknown>[] = [];
  for (const [fn, ...args] of list.slice(1).reverse()) forked.push(f.fork(fn, ...args));
  const first = list[0];
  if (first !== undefined) results.push(first[0](...first.slice(1)));
  while (forked.length > 0) results.push(f.join(forked.pop()!));
  return results as Results<F>;
}
