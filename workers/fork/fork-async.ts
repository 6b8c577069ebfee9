/**
 * Fork for async tasks.
 *
 * @module
 */
import { MillraceError } from '../../src/errors.ts';
import { currentContext } from '../context.ts';
import { functionNumber } from './functions.ts';
import { forks } from './state.ts';

/**
 * Starts a child, for async tasks, before or after an `await`: `fn` may be async too, and runs on any worker, or here
 * when this one has nothing on its stack. Arguments, results and errors are as for `fork`.
 *
 * Children live inside their task: what it has not awaited when it ends is dropped or asked to stop, and the task fails.
 *
 * @returns a promise of the result
 * @throws MillraceError `ERR_NO_CONTEXT` outside a task
 * @throws {InvalidArgumentError} `fn` cannot be found in another worker
 * @example
 * ```ts
 * // file: tasks.ts
 * import { forkAsync } from 'millrace/worker';
 *
 * export const squared = (n: number): number => n * n;
 *
 * export async function squares(numbers: readonly number[]): Promise<number[]> {
 *   return Promise.all(numbers.map((n) => forkAsync(squared, n)));
 * }
 * ```
 */
export function forkAsync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
  const number = functionNumber(fn);
  const running = currentContext();
  if (running === undefined || forks.slow === undefined) {
    throw new MillraceError(
      'ERR_NO_CONTEXT',
      '`forkAsync` was called outside a running task. Call it in a task function; after an `await`, in an `async` one.',
    );
  }
  return forks.slow.awaited.fork(running, number, args) as Promise<Awaited<R>>;
}
