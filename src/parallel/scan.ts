/**
 * Prefix sums, and the same with any associative function.
 *
 * @module
 */

import { forker, numberOf } from '../../workers/fork/forker.ts';
import { task } from '../../workers/task.ts';
import { expected } from '../errors.ts';
import { blockOf } from './blocks.ts';
import { parallelFor } from './for.ts';
import { type Callable, FOLD, loops, SCAN_EXCLUSIVE, SCAN_INCLUSIVE } from './loops.ts';
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
  /** Elements in a block; at least 1. Default: the 256th part, at least 2048. */
  readonly grain?: number;
}

/**
 * Writes for each element what the elements up to it make together: `identity`, `x0`, …, `xi` combined in this order.
 * `combine` must be associative; it need not be commutative. The same input gives the same bits, whatever the number
 * of workers: each block is combined by itself first. What blocks hand on is a float64, or a 64-bit integer for
 * arrays of bigints.
 *
 * It reads the array twice, so that two threads gain little where `combine` only adds.
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
  const block = blockOf(view.length, grain);
  const blocks = Math.ceil(view.length / block);
  const carries = create(carryOf(view), blocks + 1);
  (carries as Record<number, unknown>)[0] = identity;
  const how = exclusive ? 1 : 0;
  if (f.workers === 1) {
    // One pass, while the block is in the cache; the same combinations as with more.
    for (let b = 0; b < blocks; b++) {
      sumBlock(b, by, block, view, carries);
      carry(b, combine as Callable, carries);
      scanBlock(b, by, block, view, out, carries, how);
    }
    return out as O;
  }
  parallelFor(0, blocks - 1, sumBlock, { args: [by, block, view, carries] });
  for (let b = 0; b < blocks - 1; b++) carry(b, combine as Callable, carries);
  parallelFor(0, blocks, scanBlock, { args: [by, block, view, out, carries, how] });
  return out as O;
}

/** What is handed on is not rounded to the array's own kind. */
function carryOf(view: SharedView): 'Float64Array' | 'BigInt64Array' | 'BigUint64Array' {
  const kind = kindOf(view);
  return kind === 'BigInt64Array' || kind === 'BigUint64Array' ? kind : 'Float64Array';
}

/** From the sum of a block to what comes before the next. */
function carry(b: number, combine: Callable, carries: View): void {
  const values = carries as Record<number, unknown>;
  values[b + 1] = combine(values[b], values[b + 1]);
}

const sumBlock = task(function sumBlock(
  b: number,
  by: number,
  block: number,
  view: View,
  carries: View,
): void {
  const lo = b * block;
  const hi = Math.min(lo + block, view.length);
  const loop = loops.of(FOLD, kindOf(view), 0, forker().functionAt(by));
  (carries as Record<number, unknown>)[b + 1] = loop(view[lo], lo + 1, hi, view as never);
});

const scanBlock = task(function scanBlock(
  b: number,
  by: number,
  block: number,
  view: View,
  out: View,
  carries: View,
  exclusive: number,
): void {
  const lo = b * block;
  const hi = Math.min(lo + block, view.length);
  const template = exclusive === 1 ? SCAN_EXCLUSIVE : SCAN_INCLUSIVE;
  const loop = loops.of(template, `${kindOf(view)} ${kindOf(out)}`, 0, forker().functionAt(by));
  loop(carries[b], lo, hi, view as never, out as never);
});
