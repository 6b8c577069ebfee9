/**
 * When to fork.
 *
 * @module
 */
import { hot } from './fork.ts';

/**
 * Whether a thief would find no child of this worker: then it is time to fork. Otherwise a plain call does, and costs no
 * fork: who splits pieces that are small asks before each. About 5 ns.
 *
 * False in a pool of one worker, and outside a task: nobody would come.
 *
 * Source: lazy task creation, Mohr, Kranz and Halstead, IEEE TPDS 1991.
 *
 * @example
 * ```ts
 * // file: tasks.ts
 * import { fork, hungry, join } from 'millrace/worker';
 *
 * export function fib(n: number): number {
 *   if (n < 2) return n;
 *   if (!hungry()) return fib(n - 1) + fib(n - 2);
 *   const left = fork(fib, n - 1);
 *   return fib(n - 2) + join(left);
 * }
 * ```
 */
export const hungry: () => boolean = hot.hungry;
