/**
 * Prefix sums, and the same with any associative function.
 *
 * @module
 */

import { forker, numberOf } from '../../workers/fork/forker.ts';
import { task } from '../../workers/task.ts';
import { expected } from '../errors.ts';
import { parallelRanges } from './for.ts';
import { LANES, laneOf, SCAN_EXCLUSIVE, SCAN_INCLUSIVE, SUM_LANES } from './lanes.ts';
import { type Callable, FOLD, loops } from './loops.ts';
import { checkOptions } from './ranges.ts';
import {
  checkOut,
  checkView,
  create,
  type Element,
  isBig,
  kindOf,
  type Shared,
  type SharedView,
  type View,
} from './views.ts';

/** Options of `scan`. */
export interface ScanOptions<O extends View = View> {
  /** Leave each element out of its own result: the first result is `identity`. Default `false`. */
  readonly exclusive?: boolean;
  /** Where results go: at least as long as the input; it may be the input itself. Default: a new shared array. */
  readonly out?: O;
  /** Elements in a block; at least 1. Default 2048. */
  readonly grain?: number;
}

/** Some of them fit into a core's own cache. */
const BLOCK = 2048;
/** Blocks that are read twice in a row. */
const RUN = 8;

/**
 * Writes for each element what the elements up to it make together: `identity`, `x0`, …, `xi` combined in this order.
 * `combine` must be associative; it need not be commutative. The same input gives the same bits, whatever the number
 * of workers: the array is cut into blocks, each of them into four runs, and each run is combined by itself first. What
 * they hand on is a float64, or a 64-bit integer for arrays of bigints.
 *
 * @param combine - exported by the task module, or registered with `task(fn)`
 * @returns `out`
 * @throws InvalidArgumentError, `ERR_NO_CONTEXT`, what `combine` throws
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { scan } from 'millrace/parallel';
 *
 * export const add = (a: number, b: number): number => a + b;
 * export const runningTotal = (values: Float64Array): Float64Array => scan(values, add, 0);
 * export const starts = (lengths: Int32Array): Int32Array =>
 *   scan(lengths, add, 0, { exclusive: true, out: lengths });
 * ```
 */
export function scan<V extends View, O extends View = Shared<V>>(
  view: V,
  combine: (a: Element<V>, b: Element<V>) => Element<V>,
  identity: Element<V>,
  options?: ScanOptions<O>,
): O {
  checkView('view', view);
  const { grain } = checkOptions(options, ['exclusive', 'out']);
  const exclusive = options?.exclusive ?? false;
  if (typeof exclusive !== 'boolean') throw expected('options.exclusive', 'true or false', exclusive);
  const out: View = options?.out ?? create(kindOf(view), view.length);
  checkOut(view, out);
  if (isBig(view) !== isBig(out)) throw expected('out', 'of bigints just where `view` is', kindOf(out));
  if (typeof identity !== (isBig(view) ? 'bigint' : 'number')) {
    throw expected('identity', isBig(view) ? 'a bigint' : 'a number', identity);
  }
  const f = forker();
  const by = numberOf(f, 'combine', combine);
  const block = grain === 0 ? BLOCK : grain;
  const blocks = Math.ceil(view.length / block);
  const carries = create(carryOf(view), LANES * blocks + 1);
  (carries as Record<number, unknown>)[0] = identity;
  const how = exclusive ? 1 : 0;
  if (f.workers === 1) {
    // One pass, while the blocks are in the cache; the same combinations as with more workers.
    for (let b = 0; b < blocks; b += RUN) {
      const end = Math.min(b + RUN, blocks);
      sumBlocks(b, end, by, block, view, carries);
      for (let i = b; i < end; i++) carry(i, block, view.length, combine as Callable, carries);
      scanBlocks(b, end, by, block, view, out, carries, how);
    }
    return out as O;
  }
  parallelRanges(0, blocks, sumBlocks, { args: [by, block, view, carries] });
  for (let b = 0; b < blocks; b++) carry(b, block, view.length, combine as Callable, carries);
  parallelRanges(0, blocks, scanBlocks, { args: [by, block, view, out, carries, how] });
  return out as O;
}

/** What is handed on is not rounded to the array's own kind. */
function carryOf(view: SharedView): 'Float64Array' | 'BigInt64Array' | 'BigUint64Array' {
  const kind = kindOf(view);
  return kind === 'BigInt64Array' || kind === 'BigUint64Array' ? kind : 'Float64Array';
}

/** From the sums of a block's lanes to what comes before each, and before the next block. */
function carry(b: number, block: number, length: number, combine: Callable, carries: View): void {
  const values = carries as Record<number, unknown>;
  const end = LANES * (b + 1);
  let at = LANES * b;
  if (laneOf(Math.min(block, length - b * block)) === 0) {
    for (; at < end - 1; at++) values[at + 1] = values[at];
  }
  for (; at < end; at++) values[at + 1] = combine(values[at], values[at + 1]);
}

const sumBlocks = task(function sumBlocks(
  from: number,
  to: number,
  by: number,
  block: number,
  view: View,
  carries: View,
): void {
  const combine = forker().functionAt(by);
  const run = loops.of(FOLD, kindOf(view), 0, combine);
  const lanes = loops.of(SUM_LANES, kindOf(view), 0, combine);
  for (let b = from; b < to; b++) {
    const lo = b * block;
    const hi = Math.min(lo + block, view.length);
    const lane = laneOf(hi - lo);
    const at = LANES * b + 1;
    if (lane !== 0) lanes(lane, lo, hi, view as never, carries as never, at);
    else (carries as Record<number, unknown>)[at + LANES - 1] = run(view[lo], lo + 1, hi, view as never);
  }
});

const scanBlocks = task(function scanBlocks(
  from: number,
  to: number,
  by: number,
  block: number,
  view: View,
  out: View,
  carries: View,
  exclusive: number,
): void {
  const template = exclusive === 1 ? SCAN_EXCLUSIVE : SCAN_INCLUSIVE;
  const loop = loops.of(template, `${kindOf(view)} ${kindOf(out)}`, 0, forker().functionAt(by));
  for (let b = from; b < to; b++) {
    const lo = b * block;
    const hi = Math.min(lo + block, view.length);
    loop(laneOf(hi - lo), lo, hi, view as never, out as never, carries as never, LANES * b);
  }
});
