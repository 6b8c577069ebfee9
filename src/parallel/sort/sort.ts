/**
 * Sorting shared arrays.
 *
 * @module
 */

import { forker, numberOf } from '../../../workers/fork/forker.ts';
import { checkKeys, expected } from '../../errors.ts';
import { map } from '../map.ts';
import type { OptionsFor } from '../ranges.ts';
import { checkOptions } from '../ranges.ts';
import { checkView, create, type Element, kindOf, type View } from '../views.ts';
import { sortByBits, sortByKeys } from './by-bits.ts';
import { LEAST, sortByCounting } from './counting.ts';
import { sortByComparison } from './merge.ts';
import { ORDER_OF } from './order.ts';

/** How `sort` orders elements: as they are, by a number each, or by comparing two. */
export type SortOptions<V extends View, A extends readonly unknown[]> = {
  readonly args?: A;
} & (
  | { readonly by?: undefined; readonly compare?: undefined }
  | {
      /** The number to sort an element by: ascending, NaN last, -0 equal to 0. Called once for each element. */
      readonly by: (x: Element<V>, i: number, ...args: A) => number;
      readonly compare?: undefined;
    }
  | {
      /** Below 0 when `a` comes first, above 0 when `b` does. Several times slower than `by`. */
      readonly compare: (a: Element<V>, b: Element<V>, ...args: A) => number;
      readonly by?: undefined;
    }
);

/** Records of three words are counted in 31 bits. */
const LONGEST = 2 ** 29;
/** Up to here nothing is faster than `TypedArray.prototype.sort`. */
const NATIVE = 1024;
/** The same for 8- and 16-bit integers, for each value they can have. */
const NATIVE_PER_VALUE = 1 / 4;

/**
 * Sorts a shared array in place on all workers. The default order is exactly that of `TypedArray.prototype.sort`:
 * ascending, -0 before 0, NaN last; which of several bit patterns a NaN has is not kept. Always stable: elements
 * that `by` or `compare` says are equal keep their order.
 *
 * Arrays have at most 2^29 elements. Needs memory for a second copy while it runs, with `by` for four doubles an element. When `by` or `compare` throws,
 * the order of the elements is anything, and with `compare` some may be doubled and others lost.
 *
 * @param options - `by` or `compare` must be exported by the task module, or registered with `task(fn)`
 * @returns the array
 * @throws InvalidArgumentError, `ERR_NO_CONTEXT`, what `by` or `compare` throws
 * @example
 * <!-- no-run: a part of a task module -->
 * ```ts no-run
 * // file: tasks.ts
 * import { sort } from 'millrace/parallel';
 *
 * export const distance = (x: number, _i: number, from: number): number => Math.abs(x - from);
 *
 * export const ascending = (values: Float64Array): Float64Array => sort(values);
 * export const nearestFirst = (values: Float64Array, to: number): Float64Array =>
 *   sort(values, { by: distance, args: [to] });
 * ```
 */
export function sort<V extends View, A extends readonly unknown[] = []>(
  view: V,
  ...[options]: OptionsFor<A, SortOptions<V, A>>
): V {
  checkView('view', view);
  if (view.length > LONGEST) throw expected('view.length', `at most ${LONGEST}`, view.length);
  if (options !== undefined) checkKeys('options', options, ['args', 'by', 'compare']);
  const { args } = checkOptions(options, ['by', 'compare']);
  const { by, compare } = options ?? {};
  if (by !== undefined && compare !== undefined) {
    throw expected('options', 'of `by` or `compare`, not both', options);
  }
  const f = forker();
  if (compare !== undefined) {
    const number = numberOf(f, 'options.compare', compare);
    if (view.length > 1) sortByComparison(view, number, args);
  } else if (by !== undefined) {
    numberOf(f, 'options.by', by);
    if (view.length === 0) return view;
    const keys = create('Float64Array', view.length);
    map(view as View, by as never, { args, out: keys } as never);
    sortByKeys(view, keys, f.workers);
  } else {
    sortByOrder(view, f.workers);
  }
  return view;
}

function sortByOrder(view: View, workers: number): void {
  checkView('view', view);
  const order = ORDER_OF[kindOf(view)];
  if (order !== undefined) {
    if (view.length <= NATIVE) view.sort();
    else sortByBits(view, order, workers);
    return;
  }
  const values = 2 ** (8 * view.BYTES_PER_ELEMENT);
  if (LEAST[kindOf(view)] === undefined || view.length <= NATIVE_PER_VALUE * values) view.sort();
  else sortByCounting(view, workers);
}
