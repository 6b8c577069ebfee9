/**
 * The order of numbers as an order of bits: 32 or 64 of them, compared as unsigned, go as
 * `TypedArray.prototype.sort` does: -0 before 0, NaN last. Encoded in place, decoded when all is sorted.
 *
 * A NaN is decoded as one bit pattern, whatever it was.
 *
 * @module
 */
import type { KindName } from '../views.ts';

/** How elements are encoded; a key is a double whose -0 is 0. Numbers, so that they go inline with a fork. */
export const ORDER = { float64: 0, int64: 1, uint64: 2, key: 3, float32: 4, int32: 5, uint32: 6 } as const;

export type Order = (typeof ORDER)[keyof typeof ORDER];

/** The kinds that are sorted by their bits; shorter ones are counted. */
export const ORDER_OF: Readonly<Partial<Record<KindName, Order>>> = {
  Float64Array: ORDER.float64,
  BigInt64Array: ORDER.int64,
  BigUint64Array: ORDER.uint64,
  Float32Array: ORDER.float32,
  Int32Array: ORDER.int32,
  Uint32Array: ORDER.uint32,
};

/** Where the low and the high half of 64 bits lie, in words. */
export const LOW: 0 | 1 = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
export const HIGH: 0 | 1 = LOW === 0 ? 1 : 0;

const SIGN = -(2 ** 31);
const INFINITY_64 = 0x7ff00000;
const INFINITY_32 = 0x7f800000;

/** 32-bit words of an element. */
export function wordsOf(order: Order): 1 | 2 {
  return order <= ORDER.key ? 2 : 1;
}

/** Encodes the elements from `lo` up to, not including, `hi`. */
export function encode(order: Order, words: Int32Array, lo: number, hi: number): void {
  if (order === ORDER.float64) encodeDoubles(words, lo, hi);
  else if (order === ORDER.key) {
    for (let k = 2 * lo; k < 2 * hi; k += 2) {
      if (words[k + HIGH] === SIGN && words[k + LOW] === 0) words[k + HIGH] = 0;
    }
    encodeDoubles(words, lo, hi);
  } else if (order === ORDER.float32) encodeFloats(words, lo, hi);
  else flipSigns(order, words, lo, hi);
}

/** Decodes so many records of `stride` words from word `at` of `from` to the elements of `words` from `lo` on. */
export function decode(
  order: Order,
  from: Int32Array,
  at: number,
  words: Int32Array,
  lo: number,
  count: number,
): void {
  if (order === ORDER.float64) decodeDoubles(from, at, words, lo, count);
  else if (order === ORDER.float32) decodeFloats(from, at, words, lo, count);
  else {
    const width = wordsOf(order);
    if (from !== words || at !== width * lo) words.set(from.subarray(at, at + width * count), width * lo);
    flipSigns(order, words, lo, lo + count);
  }
}

/** Unsigned integers are in order as they are. */
function flipSigns(order: Order, words: Int32Array, lo: number, hi: number): void {
  if (order === ORDER.int64) for (let k = 2 * lo + HIGH; k < 2 * hi; k += 2) words[k] = words[k]! ^ SIGN;
  else if (order === ORDER.int32) for (let k = lo; k < hi; k++) words[k] = words[k]! ^ SIGN;
}

/** Negative numbers go backwards, and before the others. */
function encodeDoubles(words: Int32Array, lo: number, hi: number): void {
  for (let k = 2 * lo; k < 2 * hi; k += 2) {
    const high = words[k + HIGH]!;
    const low = words[k + LOW]!;
    const size = high & ~SIGN;
    const backwards = high >> 31;
    if (size >= INFINITY_64 && (size > INFINITY_64 || low !== 0)) {
      words[k + HIGH] = -1;
      words[k + LOW] = -1;
    } else {
      words[k + HIGH] = high ^ (backwards | SIGN);
      words[k + LOW] = low ^ backwards;
    }
  }
}

function decodeDoubles(from: Int32Array, at: number, words: Int32Array, lo: number, count: number): void {
  const shift = 2 * lo - at;
  for (let k = at; k < at + 2 * count; k += 2) {
    const high = from[k + HIGH]!;
    const backwards = ~(high >> 31);
    words[k + shift + LOW] = from[k + LOW]! ^ backwards;
    words[k + shift + HIGH] = high ^ (backwards | SIGN);
  }
}

function encodeFloats(words: Int32Array, lo: number, hi: number): void {
  for (let k = lo; k < hi; k++) {
    const word = words[k]!;
    words[k] = (word & ~SIGN) > INFINITY_32 ? -1 : word ^ ((word >> 31) | SIGN);
  }
}

function decodeFloats(from: Int32Array, at: number, words: Int32Array, lo: number, count: number): void {
  for (let k = 0; k < count; k++) {
    const word = from[at + k]!;
    words[lo + k] = word ^ (~(word >> 31) | SIGN);
  }
}
