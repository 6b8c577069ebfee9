/**
 * Loops over indices.
 *
 * @module
 */

import { forker, numberOf } from '../../workers/fork/forker.ts';
import { task } from '../../workers/task.ts';
import { type Callable, FOR, loops } from './loops.ts';
import { checkBounds, checkOptions, type OptionsFor, type ParallelOptions } from './ranges.ts';
import { joinAll, splitLazily, startOf } from './splitting.ts';

/**
 * Runs `body(i, ...args)` for each integer from `lo` up to, not including, `hi`, on every worker that has nothing else
 * to do. Bodies run in any order and at the same time: each should write only what belongs to its own index. There is
 * no grain to choose. Returns when all have run.
 *
 * An error of a body is thrown here; indices not begun by then may be left out.
 *
 * @param body - exported by the task module, or registered with `task(fn)`; it may run in another thread
 * @throws InvalidArgumentError
 * @throws MillraceError `ERR_NO_CONTEXT` outside a task
 * @example
 * ```ts
 * import { createPool } from 'millrace';
 * import { sharedArray } from 'millrace/parallel';
 * import type * as tasks from './tasks.ts';
 *
 * const pool = await createPool<typeof tasks>({ tasks: new URL('./tasks.ts', import.meta.url) });
 * const squares = sharedArray(Float64Array, 1_000);
 * await pool.tasks.fill(squares);
 * console.log(squares[30]); // 900
 * await pool.close();
 * ```
 * ```ts
 * // file: tasks.ts
 * import { parallelFor } from 'millrace/parallel';
 *
 * export const square = (i: number, out: Float64Array): void => {
 *   out[i] = i * i;
 * };
 * export const fill = (out: Float64Array): void => parallelFor(0, out.length, square, { args: [out] });
 * ```
 */
export function parallelFor<A extends readonly unknown[]>(
  lo: number,
  hi: number,
  body: (i: number, ...args: A) => unknown,
  ...[options]: OptionsFor<A, ParallelOptions<A>>
): void {
  checkBounds(lo, hi);
  const { args, grain } = checkOptions(options);
  const f = forker();
  forIndices(numberOf(f, 'body', body), lo, hi, grain, startOf(grain).chunk, ...args);
}

/**
 * Runs `body(from, to, ...args)` for ranges that together are the integers from `lo` up to, not including, `hi`: for
 * bodies with something to set up, or with a faster loop of their own. How long the ranges are follows from how long
 * they take.
 *
 * @throws as {@link parallelFor}
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { parallelRanges } from 'millrace/parallel';
 *
 * export function blur(from: number, to: number, pixels: Uint8Array, out: Uint8Array): void {
 *   for (let i = from; i < to; i++) out[i] = (pixels[Math.max(0, i - 1)]! + pixels[i]!) / 2;
 * }
 * export const blurAll = (pixels: Uint8Array, out: Uint8Array): void =>
 *   parallelRanges(0, pixels.length, blur, { args: [pixels, out] });
 * ```
 */
export function parallelRanges<A extends readonly unknown[]>(
  lo: number,
  hi: number,
  body: (lo: number, hi: number, ...args: A) => unknown,
  ...[options]: OptionsFor<A, ParallelOptions<A>>
): void {
  checkBounds(lo, hi);
  const { args, grain } = checkOptions(options);
  const f = forker();
  forRanges(numberOf(f, 'body', body), lo, hi, grain, startOf(grain).chunk, ...args);
}

const forIndices = task(function forIndices(
  body: number,
  lo: number,
  hi: number,
  grain: number,
  chunk: number,
  ...args: readonly unknown[]
): void {
  const f = forker();
  const loop = loops.of(FOR, '', args.length, f.functionAt(body));
  const forked = splitLazily(
    f,
    lo,
    hi,
    { grain, chunk },
    {
      here: (from, to) => loop(from, to, ...args),
      fork: (from, to, length) => f.fork(forIndices, body, from, to, grain, length, ...args),
    },
  );
  joinAll(f, forked);
});

const forRanges = task(function forRanges(
  body: number,
  lo: number,
  hi: number,
  grain: number,
  chunk: number,
  ...args: readonly unknown[]
): void {
  const f = forker();
  const run = f.functionAt(body) as Callable;
  const forked = splitLazily(
    f,
    lo,
    hi,
    { grain, chunk },
    {
      here: (from, to) => void run(from, to, ...args),
      fork: (from, to, length) => f.fork(forRanges, body, from, to, grain, length, ...args),
    },
  );
  joinAll(f, forked);
});
