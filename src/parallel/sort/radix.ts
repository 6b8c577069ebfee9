/**
 * Radix sort of records in one thread: least significant digit first, stable.
 *
 * A record is one word, or two (a 64-bit key), or three (a key and what it belongs to). Only bits in which the keys
 * differ are looked at, so that keys of one bucket, and small integers, take fewer passes; and of those only the first,
 * as long as that leaves few records out of order.
 *
 * @module
 */
import { HIGH, LOW } from './order.ts';

/** Words of a record. */
export type Stride = 1 | 2 | 3;

/** Wider digits than this have more counters than the innermost cache has room for. */
const MAX_DIGIT = 11;
/** Narrower digits need too many passes, whatever their counters cost. */
const MIN_DIGIT = 5;
/** Up to here records are sorted by insertion alone. */
const INSERT = 24;
/** Moves an insertion may take for each record, before the digits that were left out are cheaper. */
const MOVES = 2;
/** Bits beside those that number the records, so that few records have them in common: of keys spread evenly. */
const DENSE = 6;
/** The same of floats with all kinds of exponents, half of which have the same. */
const SPREAD = 14;
/** Bits above these of a double are its sign and its exponent. */
const MANTISSA = 52;

/**
 * Which bits of a key a pass looks at: those of one word from `shift` on, and where they reach over, the first of
 * `next`. `mask` also drops what a digit that lies in one word would get from `next`.
 */
interface Digit {
  readonly word: number;
  readonly next: number;
  readonly shift: number;
  readonly mask: number;
}

/** 64 bits make six digits of eleven at most, or, with few records, thirteen of five. */
const counters: Int32Array[] = Array.from({ length: 13 }, () => new Int32Array(2 ** MAX_DIGIT));

/** Scratch memory kept between calls, up to so many words. */
const KEEP = 2 ** 20;
let kept = new Int32Array(0);

/** Private memory of at least so many words; what was in it is gone with the next call. */
function scratch(words: number): Int32Array {
  if (words <= kept.length) return kept;
  const made = new Int32Array(words);
  if (words <= KEEP) kept = made;
  return made;
}

/** Where sorted records are. */
export interface Sorted {
  readonly words: Int32Array;
  /** The first word of the first record. */
  readonly at: number;
}

/**
 * Sorts `count` records that lie from word `at` on.
 *
 * @returns where they are: in place, or in private memory that the next call writes over
 */
export function sortRecords(words: Int32Array, at: number, count: number, stride: Stride): Sorted {
  if (count <= INSERT) {
    insertRecords(words, at, count, stride, Number.POSITIVE_INFINITY);
    return { words, at };
  }
  const [low, high] = differing(words, at, count, stride);
  const top = high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low);
  if (top === 0) return { words, at };
  const bottom = low !== 0 ? lowestBit(low) : 32 + lowestBit(high);
  // Few records share so many leading bits that differ: insertion puts those right. Where many do, all bits count.
  const enough = 32 - Math.clz32(count) + (top > MANTISSA ? SPREAD : DENSE);
  const cut = top - MAX_DIGIT * Math.ceil(enough / MAX_DIGIT);
  if (cut > bottom) {
    const roughly = sortDigits(words, at, count, stride, digitsOf(cut, top, count, stride));
    if (insertRecords(roughly.words, roughly.at, count, stride, MOVES * count)) return roughly;
    if (roughly.words !== words) {
      words.set(roughly.words.subarray(roughly.at, roughly.at + count * stride), at);
    }
  }
  return sortDigits(words, at, count, stride, digitsOf(bottom, top, count, stride));
}

/** Sorts by the digits, given from the least significant on. */
function sortDigits(
  words: Int32Array,
  at: number,
  count: number,
  stride: Stride,
  digits: readonly Digit[],
): Sorted {
  for (let k = 0; k < digits.length; k += 2) countDigits(words, at, count, stride, digits, k);
  const other = scratch(count * stride);
  let [from, fromAt, to, toAt] = [words, at, other, 0];
  for (const [k, digit] of digits.entries()) {
    startsOf(counters[k]!, digit.mask, toAt, stride);
    MOVE[stride](from, fromAt, fromAt + count * stride, to, digit, counters[k]!);
    [from, fromAt, to, toAt] = [to, toAt, from, fromAt];
  }
  return { words: from, at: fromAt };
}

/** The bits in which any two keys differ. */
function differing(words: Int32Array, at: number, count: number, stride: Stride): readonly [number, number] {
  const low = stride === 1 ? 0 : LOW;
  const high = stride === 1 ? 0 : HIGH;
  const lowest = words[at + low]!;
  const highest = words[at + high]!;
  let lows = 0;
  let highs = 0;
  for (let k = at; k < at + count * stride; k += stride) {
    lows |= words[k + low]! ^ lowest;
    highs |= words[k + high]! ^ highest;
  }
  return [lows, stride === 1 ? 0 : highs];
}

/** Cuts the bits from `bottom` up to `top` into digits that are worth their counters. */
function digitsOf(bottom: number, top: number, count: number, stride: Stride): readonly Digit[] {
  const digits: Digit[] = [];
  const widest = Math.min(MAX_DIGIT, Math.max(MIN_DIGIT, 31 - Math.clz32(count)));
  const width = Math.ceil((top - bottom) / Math.ceil((top - bottom) / widest));
  for (let bit = bottom; bit < top; bit += width) {
    const mask = 2 ** Math.min(width, top - bit) - 1;
    if (stride === 1) digits.push({ word: 0, next: 0, shift: bit, mask });
    else if (bit >= 32) digits.push({ word: HIGH, next: HIGH, shift: bit - 32, mask });
    else digits.push({ word: LOW, next: HIGH, shift: bit, mask });
  }
  return digits;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Counts two digits, or the last one: the counters of more would push each other out of the innermost cache. */
function countDigits(
  words: Int32Array,
  at: number,
  count: number,
  stride: Stride,
  digits: readonly Digit[],
  k: number,
): void {
  const end = at + count * stride;
  const { word, next, shift, mask } = digits[k]!;
  const counts = counters[k]!;
  counts.fill(0, 0, mask + 1);
  const second = digits[k + 1];
  if (second === undefined) {
    for (let p = at; p < end; p += stride) {
      const value = ((words[p + word]! >>> shift) | ((words[p + next]! << 1) << (31 - shift))) & mask;
      counts[value] = counts[value]! + 1;
    }
    return;
  }
  const { word: word2, next: next2, shift: shift2, mask: mask2 } = second;
  const counts2 = counters[k + 1]!;
  counts2.fill(0, 0, mask2 + 1);
  for (let p = at; p < end; p += stride) {
    const value = ((words[p + word]! >>> shift) | ((words[p + next]! << 1) << (31 - shift))) & mask;
    const value2 = ((words[p + word2]! >>> shift2) | ((words[p + next2]! << 1) << (31 - shift2))) & mask2;
    counts[value] = counts[value]! + 1;
    counts2[value2] = counts2[value2]! + 1;
  }
}

/** From how many there are to the word where the first of them goes. */
function startsOf(counts: Int32Array, mask: number, at: number, stride: Stride): void {
  let start = at;
  for (let value = 0; value <= mask; value++) {
    const count = counts[value]!;
    counts[value] = start;
    start += count * stride;
  }
}

type Move = (
  from: Int32Array,
  at: number,
  end: number,
  to: Int32Array,
  digit: Digit,
  starts: Int32Array,
) => void;

// One for each stride, since a loop that asks for it takes half as long again.
const MOVE: Readonly<Record<Stride, Move>> = {
  1: (from, at, end, to, { shift, mask }, starts) => {
    for (let k = at; k < end; k++) {
      const record = from[k]!;
      const value = (record >>> shift) & mask;
      const p = starts[value]!;
      starts[value] = p + 1;
      to[p] = record;
    }
  },
  2: (from, at, end, to, { word, next, shift, mask }, starts) => {
    for (let k = at; k < end; k += 2) {
      const value = ((from[k + word]! >>> shift) | ((from[k + next]! << 1) << (31 - shift))) & mask;
      const p = starts[value]!;
      starts[value] = p + 2;
      to[p] = from[k]!;
      to[p + 1] = from[k + 1]!;
    }
  },
  3: (from, at, end, to, { word, next, shift, mask }, starts) => {
    for (let k = at; k < end; k += 3) {
      const value = ((from[k + word]! >>> shift) | ((from[k + next]! << 1) << (31 - shift))) & mask;
      const p = starts[value]!;
      starts[value] = p + 3;
      to[p] = from[k]!;
      to[p + 1] = from[k + 1]!;
      to[p + 2] = from[k + 2]!;
    }
  },
};

/**
 * Sorts by insertion: fast when hardly any record is out of order.
 *
 * @returns false when it took more than so many moves, and was left
 */
function insertRecords(words: Int32Array, at: number, count: number, stride: Stride, moves: number): boolean {
  const low = stride === 1 ? 0 : LOW;
  const high = stride === 1 ? 0 : HIGH;
  let lastLow = words[at + low]! >>> 0;
  let lastHigh = words[at + high]! >>> 0;
  for (let k = at + stride; k < at + count * stride; k += stride) {
    const l = words[k + low]! >>> 0;
    const h = words[k + high]! >>> 0;
    if (lastHigh < h || (lastHigh === h && lastLow <= l)) {
      lastLow = l;
      lastHigh = h;
      continue;
    }
    const first = words[k]!;
    const second = stride > 1 ? words[k + 1]! : 0;
    const third = stride > 2 ? words[k + 2]! : 0;
    let p = k;
    for (; p > at; p -= stride) {
      const before = words[p - stride + high]! >>> 0;
      if (before < h || (before === h && words[p - stride + low]! >>> 0 <= l)) break;
      words[p] = words[p - stride]!;
      if (stride > 1) words[p + 1] = words[p - stride + 1]!;
      if (stride > 2) words[p + 2] = words[p - stride + 2]!;
      moves--;
    }
    words[p] = first;
    if (stride > 1) words[p + 1] = second;
    if (stride > 2) words[p + 2] = third;
    if (moves < 0) return false;
  }
  return true;
}
