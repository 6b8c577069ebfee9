/**
 * The fork/join problems as a user of Millrace writes them: a fork for every call the sequential programs of
 * `../forkjoin.mjs` make, without a cut-off, and numbers for arguments wherever there are no arrays.
 */
import { fork, join } from 'millrace/worker';
import {
  multiplyTile,
  UTS_INNER,
  UTS_LEAF,
  UTS_TREES,
  utsChild,
  utsChildren,
  utsRoot,
} from '../forkjoin.mjs';

/** In reverse order of the forks, which is the cheap one. */
function sumOf(forked) {
  let sum = 0;
  while (forked.length > 0) sum += join(forked.pop());
  return sum;
}

export function fib(n) {
  if (n < 2) return n;
  const left = fork(fib, n - 1);
  return fib(n - 2) + join(left);
}

export function nqueens(n) {
  return waysFrom((1 << n) - 1, 0, 0, 0);
}

export function waysFrom(full, columns, left, right) {
  if (columns === full) return 1;
  const forked = [];
  for (let free = full & ~(columns | left | right); free !== 0; free &= free - 1) {
    const queen = free & -free;
    forked.push(fork(waysFrom, full, columns | queen, (left | queen) << 1, (right | queen) >> 1));
  }
  return sumOf(forked);
}

const WIDTH = 10;

export function skynet(first, leaves) {
  if (leaves === 1) return first;
  const below = leaves / WIDTH;
  const forked = [];
  for (let i = 0; i < WIDTH; i++) forked.push(fork(skynet, first + i * below, below));
  return sumOf(forked);
}

/** A node's state before its children are forked: nothing is kept in it over a fork or a join, which run other nodes. */
const states = new Int32Array(10);
const ROOT_AT = 0;
const CHILD_AT = 5;
/** By number of the tree: the greatest height this worker has seen. */
const deepest = new Uint32Array(UTS_TREES.length);
/** A root of T3 has 2,000 children; no published tree is deeper than 1,021,239. */
const MOST_SIBLINGS = 2 ** 11;
const MOST_HEIGHTS = 2 ** 20;

function treeNumber(tree) {
  const number = UTS_TREES.findIndex((known) => String(known) === String(tree));
  if (number < 0) throw new RangeError(`There is no tree ${tree.join(' ')} in UTS_TREES`);
  return number;
}

/**
 * Counts a tree of `UTS_TREES`, one task for each node. A count is one number, as `utsCounts` of `../forkjoin.mjs` reads
 * it; the depth, which has no room in it, is what `utsDepth` gives on the worker that says most.
 */
export function uts(...tree) {
  utsRoot(states, tree.at(-1));
  return countFrom(treeNumber(tree), 0, ROOT_AT);
}

/** A child, by its parent's five words, and by tree, height and number among its siblings in one. */
export function utsNode(a, b, c, d, e, place) {
  const above = Math.floor(place / MOST_SIBLINGS);
  const tree = Math.floor(above / MOST_HEIGHTS);
  states[0] = a;
  states[1] = b;
  states[2] = c;
  states[3] = d;
  states[4] = e;
  utsChild(states, ROOT_AT, place - above * MOST_SIBLINGS, CHILD_AT);
  return countFrom(tree, above - tree * MOST_HEIGHTS, CHILD_AT);
}

function countFrom(tree, height, at) {
  if (height > deepest[tree]) deepest[tree] = height;
  const children = utsChildren(UTS_TREES[tree], states, at, height);
  if (children === 0) return UTS_LEAF;
  const a = states[at];
  const b = states[at + 1];
  const c = states[at + 2];
  const d = states[at + 3];
  const e = states[at + 4];
  const first = (tree * MOST_HEIGHTS + height + 1) * MOST_SIBLINGS;
  const forked = [];
  for (let i = 0; i < children; i++) forked.push(fork(utsNode, a, b, c, d, e, first + i));
  return UTS_INNER + sumOf(forked);
}

/** The greatest height of a node of this tree that this worker has counted, whenever that was. */
export function utsDepth(...tree) {
  return deepest[treeNumber(tree)];
}

/** Tiles `from` to `to` of the product; the arrays lie in shared memory. */
export function multiply(n, a, b, c, from, to) {
  if (to - from === 1) {
    multiplyTile({ n, a, b, c }, from);
    return;
  }
  const middle = (from + to) >>> 1;
  const lower = fork(multiply, n, a, b, c, from, middle);
  multiply(n, a, b, c, middle, to);
  join(lower);
}

/** Below this many values the engine's own sort is used: here a fork costs a copy of its arguments. */
const SORT_AT_ONCE = 16_384;

/** Sorts `values[from]` to `values[to - 1]`, in shared memory, by quicksort. */
export function quicksort(values, from, to) {
  if (to - from <= SORT_AT_ONCE) {
    values.subarray(from, to).sort();
    return;
  }
  const middle = partition(values, from, to);
  const lower = fork(quicksort, values, from, middle);
  quicksort(values, middle, to);
  join(lower);
}

/**
 * Where the upper part begins. Hoare's partition; a median of three has an equal or greater value beside it, so neither
 * part is empty.
 */
function partition(values, from, to) {
  const [x, y, z] = [values[from], values[(from + to) >>> 1], values[to - 1]];
  const pivot = Math.max(Math.min(x, y), Math.min(Math.max(x, y), z));
  let i = from - 1;
  let j = to;
  for (;;) {
    do i++;
    while (values[i] < pivot);
    do j--;
    while (values[j] > pivot);
    if (i >= j) return j + 1;
    const value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
}
