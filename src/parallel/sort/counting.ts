/**
 * Arrays of 8- and 16-bit integers: how often each value occurs says all.
 *
 * @module
 */
import { task } from '../../../workers/task.ts';
import { parallelFor, parallelRanges } from '../for.ts';
import { create, type KindName, kindOf, type SharedView, type View } from '../views.ts';

/** The least value of each kind that is counted. */
export const LEAST: Readonly<Partial<Record<KindName, number>>> = {
  Int8Array: -(2 ** 7),
  Uint8Array: 0,
  Uint8ClampedArray: 0,
  Int16Array: -(2 ** 15),
  Uint16Array: 0,
};

/** A block of counters must be worth its own size. */
const SHORTEST = 2 ** 16;

/** Sorts an array of a kind of {@link LEAST}. */
export function sortByCounting(view: SharedView, workers: number): void {
  const least = LEAST[kindOf(view)]!;
  const values = 2 ** (8 * view.BYTES_PER_ELEMENT);
  const block = Math.max(SHORTEST, Math.ceil(view.length / (4 * workers)));
  const blocks = Math.ceil(view.length / block);
  const counts = create('Int32Array', blocks * values);
  parallelFor(0, blocks, countBlock, { args: [block, least, values, view, counts] });
  const ends = create('Int32Array', values);
  let end = 0;
  for (let value = 0; value < values; value++) {
    for (let b = 0; b < blocks; b++) end += counts[b * values + value]!;
    ends[value] = end;
  }
  parallelRanges(0, view.length, fillValues, { args: [least, view, ends] });
}

const countBlock = task(function countBlock(
  b: number,
  block: number,
  least: number,
  values: number,
  view: View,
  counts: Int32Array,
): void {
  const integers = view as Int16Array;
  const row = counts.subarray(b * values, (b + 1) * values);
  const hi = Math.min((b + 1) * block, view.length);
  for (let k = b * block; k < hi; k++) row[integers[k]! - least] = row[integers[k]! - least]! + 1;
});

const fillValues = task(function fillValues(
  lo: number,
  hi: number,
  least: number,
  view: View,
  ends: Int32Array,
): void {
  let value = firstAbove(ends, lo);
  for (let k = lo; k < hi; value++) {
    const end = Math.min(hi, ends[value]!);
    (view as Int16Array).fill(value + least, k, end);
    k = Math.max(k, end);
  }
});

/** The first of ascending numbers that is above `x`. */
function firstAbove(ascending: Int32Array, x: number): number {
  let lo = 0;
  let hi = ascending.length;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (ascending[middle]! > x) hi = middle;
    else lo = middle + 1;
  }
  return lo;
}
