/** Unbalanced tree search, in two ways: with a fork where a thief waits for one, and with a fork for every node. */
import { fork, hungry } from 'millrace/worker';
import {
  DIGEST_WORDS,
  UTS_INNER,
  UTS_LEAF,
  UTS_TREES,
  utsChild,
  utsChildren,
  utsRoot,
} from '../forkjoin.mjs';
import { sumOf } from './sum-of.mjs';

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

/** The greatest height of a node of this tree that this worker has counted, whenever that was. */
export function utsDepth(...tree) {
  return deepest[treeNumber(tree)];
}

/**
 * Counts a tree of `UTS_TREES`. A count is one number, as `utsCounts` of `../forkjoin.mjs` reads it; the depth, which
 * has no room in it, is what `utsDepth` gives on the worker that says most.
 */
export function uts(...tree) {
  const number = treeNumber(tree);
  const root = new Int32Array(DIGEST_WORDS);
  utsRoot(root, tree.at(-1));
  const children = utsChildren(UTS_TREES[number], root, 0, 0);
  if (children === 0) return UTS_LEAF;
  const [a, b, c, d, e] = root;
  return UTS_INNER + utsAmong(a, b, c, d, e, placeOf(number, 1, 0, children));
}

/** Tree, height, and siblings from one number up to another, in one. */
function placeOf(tree, height, from, to) {
  return ((tree * MOST_HEIGHTS + height) * MOST_SIBLINGS + from) * MOST_SIBLINGS + to;
}

/**
 * Counts siblings and all below them, one after the other: those at `place`, of the parent with these five words. While
 * nobody is hungry the path lies in arrays, as in the sequential program; a thief gets half of what is left nearest to
 * the root, which is most.
 */
export function utsAmong(a, b, c, d, e, place) {
  const above = Math.floor(place / MOST_SIBLINGS);
  const higher = Math.floor(above / MOST_SIBLINGS);
  const number = Math.floor(higher / MOST_HEIGHTS);
  const first = higher - number * MOST_HEIGHTS;
  const walk = new Walk(UTS_TREES[number], first);
  walk.path.set([a, b, c, d, e]);
  walk.next[0] = above - higher * MOST_SIBLINGS;
  walk.end[0] = place - above * MOST_SIBLINGS;
  // Nearer to the root nothing is left.
  let lowest = 0;
  let sum = 0;
  const forked = [];
  while (walk.at >= 0) {
    sum += countSome(walk);
    if (walk.at < 0 || !hungry()) continue;
    const { path, next, end, at } = walk;
    while (lowest < at && next[lowest] === end[lowest]) lowest++;
    const left = end[lowest] - next[lowest];
    // The last of all is counted here.
    if (left < 2 && lowest === at) continue;
    const middle = next[lowest] + (left >> 1);
    const from = lowest * DIGEST_WORDS;
    const given = placeOf(number, first + lowest, middle, end[lowest]);
    forked.push(
      fork(utsAmong, path[from], path[from + 1], path[from + 2], path[from + 3], path[from + 4], given),
    );
    end[lowest] = middle;
  }
  if (walk.deep > deepest[number]) deepest[number] = walk.deep;
  return sum + sumOf(forked);
}

class Walk {
  constructor(tree, first) {
    this.tree = tree;
    this.first = first;
    /** By height above the parent: the node's five words, and which of its children are to be counted. */
    this.path = new Int32Array(64 * DIGEST_WORDS);
    this.next = new Int32Array(64);
    this.end = new Int32Array(64);
    this.at = 0;
    this.deep = first;
  }
}

/** So many nodes are counted in some tens of microseconds, unless a thief waits. */
const NODES_AT_ONCE = 256;

/**
 * Counts on until a thief waits. A function of its own, and one that returns: V8 optimizes it as any that is called
 * often. A loop that runs as long as a task does is optimized while it runs, for each task anew, and slows down with
 * each fork in it.
 */
function countSome(walk) {
  const { tree, first } = walk;
  let { path, next, end, at, deep } = walk;
  let sum = 0;
  for (let nodes = NODES_AT_ONCE; nodes > 0 && at >= 0; ) {
    if (next[at] === end[at]) {
      at--;
      continue;
    }
    nodes--;
    const height = first + at;
    if (height > deep) deep = height;
    const words = at * DIGEST_WORDS;
    utsChild(path, words, next[at]++, words + DIGEST_WORDS);
    const children = utsChildren(tree, path, words + DIGEST_WORDS, height);
    if (children === 0) {
      sum += UTS_LEAF;
    } else {
      sum += UTS_INNER;
      if (++at + 2 > next.length) {
        walk.path = path = longer(path);
        walk.next = next = longer(next);
        walk.end = end = longer(end);
      }
      next[at] = 0;
      end[at] = children;
    }
    if (hungry()) break;
  }
  walk.at = at;
  walk.deep = deep;
  return sum;
}

function longer(array) {
  const copy = new Int32Array(2 * array.length);
  copy.set(array);
  return copy;
}

/** A node's state before its children are forked: nothing is kept in it over a fork or a join, which run other nodes. */
const states = new Int32Array(2 * DIGEST_WORDS);
const ROOT_AT = 0;
const CHILD_AT = DIGEST_WORDS;

/** The same count, one task for each node. */
export function utsEvery(...tree) {
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
