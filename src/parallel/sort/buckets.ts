/**
 * Large arrays, by samplesort: cut into buckets of neighbouring keys, each small enough for the cache, then each
 * bucket by radix. Both steps run on all workers; which element goes where does not depend on them.
 *
 * @module
 */
import { task } from '../../../workers/task.ts';
import { blockOf } from '../blocks.ts';
import { parallelFor } from '../for.ts';
import { create } from '../views.ts';
import { encode, HIGH, LOW, ORDER, type Order, wordsOf } from './order.ts';

/** Records in a bucket, about: with its copy it fits the cache of one core. */
const BUCKET = 2 ** 15;
/** Buckets are numbered in a byte. */
const MAX_LEVELS = 8;
/** Samples for each bucket: more make buckets more even. */
const OVERSAMPLING = 16;
/** Sampled keys that share so many leading bits are cut by the bits behind those. */
const SHARED_BITS = 12;

/** Elements, cut. */
export interface Buckets {
  /** Records of `stride` words, bucket after bucket. */
  readonly records: Int32Array<SharedArrayBuffer>;
  /** Where each bucket begins, and the end, in records. */
  readonly starts: Int32Array<SharedArrayBuffer>;
  readonly count: number;
}

/**
 * Encodes the elements of `words` in place, and copies them as records into buckets. Records of three words end with
 * the index of the element.
 */
export function cutIntoBuckets(
  order: Order,
  words: Int32Array<SharedArrayBuffer>,
  length: number,
  workers: number,
  stride: 1 | 2 | 3,
): Buckets {
  const levels = levelsOf(length, workers);
  const count = 2 ** levels;
  const block = blockOf(length, 0);
  const blocks = Math.ceil(length / block);
  const skip = leadingBits(order, words, length, block, blocks);
  const splitters = splittersOf(order, words, length, levels, skip);
  const ids = create('Uint8Array', length);
  const counts = create('Int32Array', blocks * count);
  const records = create('Int32Array', length * stride);
  const starts = create('Int32Array', count + 1);
  parallelFor(0, blocks, classifyBlock, {
    args: [order, block, length, skip, levels, words, splitters, ids, counts],
  });
  let start = 0;
  for (let k = 0; k < count; k++) {
    for (let b = 0; b < blocks; b++) {
      const size = counts[b * count + k]!;
      counts[b * count + k] = start * stride;
      start += size;
    }
    starts[k + 1] = start;
  }
  parallelFor(0, blocks, moveBlock, { args: [block, length, count, stride, words, ids, counts, records] });
  return { records, starts, count };
}

/** A power of two of buckets: of the right size, and enough for all workers. */
function levelsOf(length: number, workers: number): number {
  const wanted = Math.max(length / BUCKET, Math.min(length / 4096, 4 * workers));
  return Math.min(MAX_LEVELS, Math.max(1, Math.ceil(Math.log2(wanted))));
}

/**
 * Leading bits that all keys share, so that the 31 bits behind them tell keys apart: timestamps in 64 bits share more
 * than 20. 0 where a sample says that it is not worth looking.
 */
function leadingBits(
  order: Order,
  words: Int32Array<SharedArrayBuffer>,
  length: number,
  block: number,
  blocks: number,
): number {
  if (wordsOf(order) === 1 || sharedBits(words, 0, length, Math.ceil(length / 1024)) < SHARED_BITS) return 0;
  const shared = create('Int32Array', blocks);
  parallelFor(0, blocks, compareBlock, { args: [block, length, words, shared] });
  const bits = shared.reduce((least, bits) => Math.min(least, bits), 63);
  // What is not encoded bit by bit: a NaN, which may have the first bits of an infinity, and a key that is -0.
  const floats = order === ORDER.float64 || order === ORDER.key;
  if (floats && (words[HIGH]! & 0x7ff00000) === 0x7ff00000) return Math.min(bits, SHARED_BITS);
  return order === ORDER.key && words[HIGH]! < 0 ? 0 : bits;
}

/** Leading bits that elements share with the very first. */
function sharedBits(words: Int32Array, lo: number, hi: number, step: number): number {
  let high = 0;
  let low = 0;
  for (let k = 2 * lo; k < 2 * hi; k += 2 * step) {
    high |= words[k + HIGH]! ^ words[HIGH]!;
    low |= words[k + LOW]! ^ words[LOW]!;
  }
  return high !== 0 ? Math.clz32(high) : 32 + Math.clz32(low);
}

const compareBlock = task(function compareBlock(
  b: number,
  block: number,
  length: number,
  words: Int32Array,
  shared: Int32Array,
): void {
  shared[b] = sharedBits(words, b * block, Math.min((b + 1) * block, length), 1);
});

/** The 31 bits of an encoded element behind the first `skip`. */
function prefix(high: number, low: number, skip: number): number {
  if (skip >= 32) return (low << (skip - 32)) >>> 1;
  return ((high << skip) | ((low >>> 1) >>> (31 - skip))) >>> 1;
}

/** Prefixes that cut a sample into equal parts, as a search tree: the children of node `j` are `2j` and `2j + 1`. */
function splittersOf(
  order: Order,
  words: Int32Array<SharedArrayBuffer>,
  length: number,
  levels: number,
  skip: number,
): Int32Array<SharedArrayBuffer> {
  const width = wordsOf(order);
  const count = 2 ** levels;
  const sampled = new Int32Array(OVERSAMPLING * count);
  const element = new Int32Array(2);
  // Equal strides would see one phase of what repeats. The same input takes the same samples: no clock, no chance.
  let state = length | 1;
  for (let k = 0; k < sampled.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const at = Math.floor(((k + (state >>> 0) / 2 ** 32) / sampled.length) * length);
    element.set(words.subarray(at * width, (at + 1) * width));
    encode(order, element, 0, 1);
    sampled[k] = width === 1 ? element[0]! >>> 1 : prefix(element[HIGH]!, element[LOW]!, skip);
  }
  sampled.sort();
  const tree = create('Int32Array', count);
  for (let level = 0; level < levels; level++) {
    for (let k = 0; k < 2 ** level; k++) {
      tree[2 ** level + k] = sampled[((2 * k + 1) * sampled.length) / 2 ** (level + 1)]!;
    }
  }
  return tree;
}

const classifyBlock = task(function classifyBlock(
  b: number,
  order: Order,
  block: number,
  length: number,
  skip: number,
  levels: number,
  words: Int32Array,
  tree: Int32Array,
  ids: Uint8Array,
  counts: Int32Array,
): void {
  const lo = b * block;
  const hi = Math.min(lo + block, length);
  const row = counts.subarray(b * 2 ** levels, (b + 1) * 2 ** levels);
  encode(order, words, lo, hi);
  if (wordsOf(order) === 1) classifyWords(words, lo, hi, levels, tree, ids, row);
  else classifyPairs(words, lo, hi, skip, levels, tree, ids, row);
});

function classifyWords(
  words: Int32Array,
  lo: number,
  hi: number,
  levels: number,
  tree: Int32Array,
  ids: Uint8Array,
  counts: Int32Array,
): void {
  for (let k = lo; k < hi; k++) {
    const id =
      levels === MAX_LEVELS ? deepest(words[k]! >>> 1, tree) : bucketOf(words[k]! >>> 1, levels, tree);
    ids[k] = id;
    counts[id] = counts[id]! + 1;
  }
}

function classifyPairs(
  words: Int32Array,
  lo: number,
  hi: number,
  skip: number,
  levels: number,
  tree: Int32Array,
  ids: Uint8Array,
  counts: Int32Array,
): void {
  for (let k = lo; k < hi; k++) {
    const key = prefix(words[2 * k + HIGH]!, words[2 * k + LOW]!, skip);
    const id = levels === MAX_LEVELS ? deepest(key, tree) : bucketOf(key, levels, tree);
    ids[k] = id;
    counts[id] = counts[id]! + 1;
  }
}

/**
 * Searches the tree. A step goes right where the splitter is not above the key: both are of 31 bits, so that their
 * difference has a sign to shift down, and no branch is mispredicted.
 */
function bucketOf(key: number, levels: number, tree: Int32Array): number {
  const below = ~key;
  let j = 1;
  for (let level = 0; level < levels; level++) j = (j << 1) | ((tree[j]! + below) >>> 31);
  return j - (1 << levels);
}

/** The same for all levels, without the loop. */
function deepest(key: number, tree: Int32Array): number {
  const below = ~key;
  let j = 2 | ((tree[1]! + below) >>> 31);
  j = (j << 1) | ((tree[j]! + below) >>> 31);
  j = (j << 1) | ((tree[j]! + below) >>> 31);
  j = (j << 1) | ((tree[j]! + below) >>> 31);
  j = (j << 1) | ((tree[j]! + below) >>> 31);
  j = (j << 1) | ((tree[j]! + below) >>> 31);
  j = (j << 1) | ((tree[j]! + below) >>> 31);
  return ((j << 1) | ((tree[j]! + below) >>> 31)) & 255;
}

const moveBlock = task(function moveBlock(
  b: number,
  block: number,
  length: number,
  count: number,
  stride: number,
  words: Int32Array,
  ids: Uint8Array,
  starts: Int32Array,
  records: Int32Array,
): void {
  const lo = b * block;
  const hi = Math.min(lo + block, length);
  const row = starts.subarray(b * count, (b + 1) * count);
  if (stride === 1) moveWords(words, lo, hi, ids, row, records);
  else if (stride === 2) movePairs(words, lo, hi, ids, row, records);
  else moveIndexed(words, lo, hi, ids, row, records);
});

/**
 * Copies elements as records to where their buckets go on, by `starts`. Each stride has a loop of its own: one loop
 * for two and three words, with the stride as an argument, took some 7 % longer.
 */
type Move = (
  words: Int32Array,
  lo: number,
  hi: number,
  ids: Uint8Array,
  starts: Int32Array,
  records: Int32Array,
) => void;

const moveWords: Move = (words, lo, hi, ids, starts, records) => {
  for (let k = lo; k < hi; k++) {
    const id = ids[k]!;
    const p = starts[id]!;
    starts[id] = p + 1;
    records[p] = words[k]!;
  }
};

const movePairs: Move = (words, lo, hi, ids, starts, records) => {
  for (let k = lo; k < hi; k++) {
    const id = ids[k]!;
    const p = starts[id]!;
    starts[id] = p + 2;
    records[p] = words[2 * k]!;
    records[p + 1] = words[2 * k + 1]!;
  }
};

const moveIndexed: Move = (words, lo, hi, ids, starts, records) => {
  for (let k = lo; k < hi; k++) {
    const id = ids[k]!;
    const p = starts[id]!;
    starts[id] = p + 3;
    records[p] = words[2 * k]!;
    records[p + 1] = words[2 * k + 1]!;
    records[p + 2] = k;
  }
};
