/**
 * Prefix sums, and the same with any associative function.
 *
 * @module
 */

import { forker, numberOf } from '../../workers/fork/forker.ts';
import { expected } from '../errors.ts';
import { blockOf } from './blocks.ts';
import { LANES } from './lanes.ts';
import { checkOptions } from './ranges.ts';
import { scanOnce } from './single-pass.ts';
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
  /**
   * Elements in a block; at least 1. Default: a 512th of the array, at least 2048 and at most 25,088. Without it, other
   * workers are asked only when what is left after the first blocks would take more than 0.15 ms.
   */
  readonly grain?: number;
}

/** Blocks, unless they would be longer than the longest. */
const BLOCKS = 512;
/** Elements. Its lanes of doubles begin at 0, 1, 2 and 3 KiB of a page of 4: a store to one looks like no load of the next. */
const LONGEST = 25_088;

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
  const by = numberOf(forker(), 'combine', combine);
  const block = blockOf(view.length, grain, BLOCKS, LONGEST);
  const carries = create(carryOf(view), LANES * Math.ceil(view.length / block) + 1);
  (carries as Record<number, unknown>)[0] = identity;
  scanOnce(by, exclusive, block, view, out, carries, grain !== 0);
  return out as O;
}

/** What is handed on is not rounded to the array's own kind. */
function carryOf(view: SharedView): 'Float64Array' | 'BigInt64Array' | 'BigUint64Array' {
  const kind = kindOf(view);
  return kind === 'BigInt64Array' || kind === 'BigUint64Array' ? kind : 'Float64Array';
}
