/**
 * Joins of several children at once.
 *
 * @module
 */
import { type Handle, join } from './fork.ts';
import { forks } from './state.ts';

/**
 * The results of several children, in order.
 *
 * @throws what one of them threw; the others that are not joined yet are dropped, or asked to stop and waited for
 * @throws MillraceError `ERR_BAD_HANDLE` as `join`
 * @example
 * ```ts
 * // file: tasks.ts
 * import { fork, joinAll } from 'millrace/worker';
 *
 * export const cube = (n: number): number => n ** 3;
 *
 * export function cubes(numbers: readonly number[]): number[] {
 *   return joinAll(numbers.map((n) => fork(cube, n)));
 * }
 * ```
 */
export function joinAll<R>(handles: readonly Handle<R>[]): R[] {
  const results = new Array<R>(handles.length);
  // The last forked is on top of the deque.
  let i = handles.length - 1;
  try {
    for (; i >= 0; i--) results[i] = join(handles[i]!);
  } catch (error) {
    if (i > 0 && forks.active) forks.slow!.drop(handles.slice(0, i));
    throw error;
  }
  return results;
}
