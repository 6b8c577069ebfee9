/**
 * Sorting by the bits of elements, or of a key of each.
 *
 * @module
 */
import { task } from '../../../workers/task.ts';
import { parallelFor } from '../for.ts';
import { create, kindOf, reinterpret, type SharedView } from '../views.ts';
import { cutIntoBuckets } from './buckets.ts';
import { decode, encode, ORDER, type Order, wordsOf } from './order.ts';
import { sortRecords } from './radix.ts';

/** From here on the array is cut into buckets, which other workers can take. */
const CUT = 2 ** 15;

/** Sorts an array of 32- or 64-bit elements. */
export function sortByBits(view: SharedView, order: Order, workers: number): void {
  const words = reinterpret('Int32Array', view);
  const stride = wordsOf(order);
  if (view.length < CUT) {
    encode(order, words, 0, view.length);
    const sorted = sortRecords(words, 0, view.length, stride);
    decode(order, sorted.words, sorted.at, words, 0, view.length);
    return;
  }
  const { records, starts, count } = cutIntoBuckets(order, words, view.length, workers, stride);
  parallelFor(0, count, sortBucket, { args: [order, starts, records, words] });
}

const sortBucket = task(function sortBucket(
  b: number,
  order: Order,
  starts: Int32Array,
  records: Int32Array,
  words: Int32Array,
): void {
  const lo = starts[b]!;
  const count = starts[b + 1]! - lo;
  const stride = wordsOf(order);
  const sorted = sortRecords(records, lo * stride, count, stride);
  decode(order, sorted.words, sorted.at, words, lo, count);
});

/** Sorts an array by a key of each element; equal keys keep their order. `keys` is written over. */
export function sortByKeys(view: SharedView, keys: Float64Array<SharedArrayBuffer>, workers: number): void {
  const words = reinterpret('Int32Array', keys);
  const items = itemsOf(view);
  const copy = itemsOf(create(kindOf(view), view.length));
  copy.set(items);
  const width = items.length / view.length;
  if (view.length >= CUT) {
    const { records, starts, count } = cutIntoBuckets(ORDER.key, words, view.length, workers, 3);
    parallelFor(0, count, sortKeyedBucket, { args: [starts, records, copy, items, width] });
    return;
  }
  encode(ORDER.key, words, 0, view.length);
  const records = new Int32Array(3 * view.length);
  for (let k = 0; k < view.length; k++) {
    records[3 * k] = words[2 * k]!;
    records[3 * k + 1] = words[2 * k + 1]!;
    records[3 * k + 2] = k;
  }
  const sorted = sortRecords(records, 0, view.length, 3);
  gather(sorted.words, sorted.at, view.length, copy, items, 0, width);
}

const sortKeyedBucket = task(function sortKeyedBucket(
  b: number,
  starts: Int32Array,
  records: Int32Array,
  copy: Items,
  items: Items,
  width: number,
): void {
  const lo = starts[b]!;
  const count = starts[b + 1]! - lo;
  const sorted = sortRecords(records, 3 * lo, count, 3);
  gather(sorted.words, sorted.at, count, copy, items, lo, width);
});

/** Elements as integers: moved so, a NaN keeps its bits. */
type Items = Uint8Array | Uint16Array | Int32Array;

function itemsOf(view: SharedView): Items {
  if (view.BYTES_PER_ELEMENT === 1) return reinterpret('Uint8Array', view);
  return view.BYTES_PER_ELEMENT === 2 ? reinterpret('Uint16Array', view) : reinterpret('Int32Array', view);
}

/** Puts the elements that records name, of one or two items each, from element `lo` on. */
function gather(
  records: Int32Array,
  at: number,
  count: number,
  from: Items,
  to: Items,
  lo: number,
  width: number,
): void {
  for (let k = 0; k < count; k++) {
    const index = records[at + 3 * k + 2]!;
    if (width === 1) to[lo + k] = from[index]!;
    else {
      to[2 * (lo + k)] = from[2 * index]!;
      to[2 * (lo + k) + 1] = from[2 * index + 1]!;
    }
  }
}
