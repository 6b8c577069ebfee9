/**
 * The elements that pass a test.
 *
 * @module
 */

import { forker, numberOf } from '../../workers/fork/forker.ts';
import { task } from '../../workers/task.ts';
import { blockOf } from './blocks.ts';
import { parallelFor } from './for.ts';
import { loops, PACK } from './loops.ts';
import { checkOptions, type OptionsFor, type ParallelOptions } from './ranges.ts';
import { checkView, create, type Element, kindOf, type Shared, type SharedView, type View } from './views.ts';

/**
 * The elements that `predicate(x, i, ...args)` accepts, in their order, in a new shared array. The predicate is
 * called once for each element. Needs memory for a second copy of the input while it runs.
 *
 * @param predicate - exported by the task module, or registered with `task(fn)`; any true value accepts
 * @param options - `grain`: elements in a block. Default: the 256th part, at least 2048
 * @throws InvalidArgumentError, `ERR_NO_CONTEXT`, what `predicate` throws
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { filter } from 'millrace/parallel';
 *
 * export const above = (x: number, _i: number, limit: number): boolean => x > limit;
 * export const loud = (samples: Float32Array): Float32Array => filter(samples, above, { args: [0.9] });
 * ```
 */
export function filter<V extends View, A extends readonly unknown[]>(
  view: V,
  predicate: (x: Element<V>, i: number, ...args: A) => unknown,
  ...[options]: OptionsFor<A, ParallelOptions<A>>
): Shared<V> {
  checkView('view', view);
  const { args, grain } = checkOptions(options);
  const f = forker();
  const by = numberOf(f, 'predicate', predicate);
  const block = blockOf(view.length, grain);
  const blocks = Math.ceil(view.length / block);
  const packed = create(kindOf(view), view.length);
  const counts = create('Float64Array', blocks + 1);
  parallelFor(0, blocks, packBlock, { args: [by, block, view, packed, counts, ...args] });
  for (let b = 0; b < blocks; b++) counts[b + 1]! += counts[b]!;
  const out = create(kindOf(view), counts[blocks]!);
  parallelFor(0, blocks, placeBlock, { args: [block, packed, counts, out] });
  return out as Shared<V>;
}

const packBlock = task(function packBlock(
  b: number,
  by: number,
  block: number,
  view: SharedView,
  packed: SharedView,
  counts: Float64Array,
  ...args: readonly unknown[]
): void {
  const lo = b * block;
  const hi = Math.min(lo + block, view.length);
  const loop = loops.of(PACK, kindOf(view), args.length, forker().functionAt(by));
  counts[b + 1] = loop(lo, hi, view, packed, ...args);
});

/** A block's elements lie packed at its own start; they go to where the ones before it end. */
const placeBlock = task(function placeBlock(
  b: number,
  block: number,
  packed: SharedView,
  counts: Float64Array,
  out: SharedView,
): void {
  const count = counts[b + 1]! - counts[b]!;
  const from = packed.subarray(b * block, b * block + count);
  (out as Uint8Array).set(from as Uint8Array, counts[b]!);
});
