/**
 * The fork/join problems as plain JavaScript without any library: what a parallel program has to beat. The same
 * algorithms as the C++ programs in `native/`, and the same answers.
 */
import {
  addUp,
  emptyLoop,
  fillAddends,
  fillUnsorted,
  mandelbrot,
  orderChecksum,
  ownDoubles,
  total,
} from './arrays.mjs';

/** Without a cut-off: nothing but the price of a call, which a fork and a join replace. */
export function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** All ways to place `n` queens, by bit masks, row after row. */
export function nqueens(n) {
  return waysFrom((1 << n) - 1, 0, 0, 0);
}

/** Ways to fill the rows that are left. */
export function waysFrom(full, columns, left, right) {
  if (columns === full) return 1;
  let ways = 0;
  for (let free = full & ~(columns | left | right); free !== 0; free &= free - 1) {
    const queen = free & -free;
    ways += waysFrom(full, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return ways;
}

const WIDTH = 10;

/** The sum of the numbers of `leaves` leaves, in a tree with ten children a node. */
export function skynet(first, leaves) {
  if (leaves === 1) return first;
  const below = leaves / WIDTH;
  let sum = 0;
  for (let i = 0; i < WIDTH; i++) sum += skynet(first + i * below, below);
  return sum;
}

export const DIGEST_WORDS = 5;
const words = new Int32Array(80);

/** SHA-1 (FIPS 180-4) of the block in the first 16 of `words`, as five words into `states` at `at`. */
function digest(states, at) {
  for (let i = 16; i < 80; i++) {
    const x = words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16];
    words[i] = (x << 1) | (x >>> 31);
  }
  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  let e = 0xc3d2e1f0 | 0;
  for (let i = 0; i < 20; i++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (~b & d)) + e + 0x5a827999 + words[i]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 20; i < 40; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0x6ed9eba1 + words[i]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 40; i < 60; i++) {
    const next =
      (((a << 5) | (a >>> 27)) + ((b & c) | (b & d) | (c & d)) + e + (0x8f1bbcdc | 0) + words[i]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 60; i < 80; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + (0xca62c1d6 | 0) + words[i]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  states[at] = (a + 0x67452301) | 0;
  states[at + 1] = (b + 0xefcdab89) | 0;
  states[at + 2] = (c + 0x98badcfe) | 0;
  states[at + 3] = (d + 0x10325476) | 0;
  states[at + 4] = (e + 0xc3d2e1f0) | 0;
}

/** The root: sixteen zero bytes and the seed. */
export function utsRoot(states, seed) {
  words.fill(0, 0, 16);
  words[4] = seed;
  words[5] = 0x80000000;
  words[15] = 20 * 8;
  digest(states, 0);
}

/** Child `index` of the node at `parent`: its state and the index. */
export function utsChild(states, parent, index, child) {
  for (let i = 0; i < DIGEST_WORDS; i++) words[i] = states[parent + i];
  words[5] = index;
  words[6] = 0x80000000;
  words.fill(0, 7, 15);
  words[15] = 24 * 8;
  digest(states, child);
}

const BINOMIAL = 0;
const MOST_CHILDREN = 100;

/**
 * How many children the node at `at`, `height` below the root, has. `tree` is `[0, b0, q, m, seed]` (binomial) or
 * `[1, b0, greatest depth, seed]` (geometric, fixed shape).
 */
export function utsChildren(tree, states, at, height) {
  const root = tree[1];
  if (tree[0] === BINOMIAL && height === 0) return Math.floor(root);
  const u = (states[at + 4] & 0x7fffffff) / 2147483648;
  if (tree[0] === BINOMIAL) return u < tree[2] ? tree[3] : 0;
  if (height >= tree[2]) return 0;
  return Math.min(MOST_CHILDREN, Math.floor(Math.log(1 - u) / Math.log(1 - 1 / (1 + root))));
}

/** Counts the tree: nodes, leaves, depth. The state of the node at each height of the path lies in one array, which grows. */
export function uts(...tree) {
  let states = new Int32Array(64 * DIGEST_WORDS);
  let nodes = 0;
  let leaves = 0;
  let depth = 0;
  const visit = (height) => {
    const at = height * DIGEST_WORDS;
    nodes++;
    if (height > depth) depth = height;
    const children = utsChildren(tree, states, at, height);
    if (children === 0) {
      leaves++;
      return;
    }
    if (at + 2 * DIGEST_WORDS > states.length) {
      const longer = new Int32Array(2 * states.length);
      longer.set(states);
      states = longer;
    }
    for (let i = 0; i < children; i++) {
      utsChild(states, at, i, at + DIGEST_WORDS);
      visit(height + 1);
    }
  };
  utsRoot(states, tree.at(-1));
  visit(0);
  return [nodes, leaves, depth];
}

/**
 * The trees a forked program knows, so that a task names one by its number: arguments as `uts` takes them. T1, T3, T1L
 * and T3L are those of the published table; the others are cut down from T1 and T3.
 */
export const UTS_TREES = [
  [1, 4, 10, 19],
  [0, 2000, 0.124875, 8, 42],
  [1, 4, 13, 29],
  [0, 2000, 0.200014, 5, 7],
  [1, 4, 8, 19],
  [1, 4, 4, 19],
  [0, 2000, 0.124, 8, 42],
  [0, 20, 0.124875, 8, 42],
];

/**
 * What a node adds to a count in one number: leaves in the lower 27 bits, inner nodes above. T1L and T3L have up to
 * 89,076,904 leaves and 22,268,727 inner nodes, so their sums stay exact, below 2^53.
 */
export const UTS_LEAF = 1;
export const UTS_INNER = 2 ** 27;

/** Nodes and leaves of such a sum. */
export function utsCounts(sum) {
  const leaves = sum % UTS_INNER;
  return [(sum - leaves) / UTS_INNER + leaves, leaves];
}

const TILE = 64;

/** Small integers, so that every sum is exact in whatever order it is made. */
export function matrices(n) {
  const a = new Float64Array(n * n);
  const b = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      a[i * n + j] = ((7 * i + 13 * j) % 10) - 4;
      b[i * n + j] = ((3 * i + 11 * j) % 9) - 3;
    }
  }
  return { n, a, b, c: new Float64Array(n * n) };
}

/** Tile `number` of the product, 64 by 64. Four products for each load and store of the result: twice as fast as one. */
export function multiplyTile({ n, a, b, c }, number) {
  const row = Math.floor(number / (n / TILE)) * TILE;
  const column = (number % (n / TILE)) * TILE;
  for (let block = 0; block < n; block += TILE) {
    for (let i = row; i < row + TILE; i++) {
      const out = i * n + column;
      for (let k = block; k < block + TILE; k += 4) {
        const at = i * n + k;
        const [f0, f1, f2, f3] = [a[at], a[at + 1], a[at + 2], a[at + 3]];
        const from = k * n + column;
        for (let j = 0; j < TILE; j++) {
          const x = from + j;
          c[out + j] += f0 * b[x] + f1 * b[x + n] + f2 * b[x + 2 * n] + f3 * b[x + 3 * n];
        }
      }
    }
  }
}

export function multiply(given) {
  const tiles = (given.n / TILE) ** 2;
  for (let number = 0; number < tiles; number++) multiplyTile(given, number);
}

export function matrixChecksum({ c }) {
  let sum = 0;
  for (let i = 0; i < c.length; i++) sum += c[i] * ((i % 7) + 1);
  return sum;
}

/**
 * Each problem in two steps: `prepare` makes the input, `solve` does what is measured; `read` makes an answer of what
 * `solve` gave, where that is not the answer yet.
 */
export const SEQUENTIAL = {
  fib: { prepare: ([n]) => n, solve: (n) => [fib(n)] },
  nqueens: { prepare: ([n]) => n, solve: (n) => [nqueens(n)] },
  uts: { prepare: (tree) => tree, solve: (tree) => uts(...tree) },
  skynet: { prepare: ([leaves]) => leaves, solve: (leaves) => [skynet(0, leaves)] },
  matmul: { prepare: ([n]) => matrices(n), solve: multiply, read: (given) => [matrixChecksum(given)] },
  sort: {
    prepare: ([count]) => fillUnsorted(ownDoubles(count)),
    solve: (values) => void values.sort(),
    read: (values) => [orderChecksum(values)],
  },
  mandelbrot: {
    prepare: ([n]) => ({ n, bits: new Uint8Array(n * (n / 8)) }),
    solve: mandelbrot,
    read: ({ bits }) => [orderChecksum(bits)],
  },
  reduce: { prepare: ([count]) => fillAddends(ownDoubles(count)), solve: (values) => [total(values)] },
  scan: {
    prepare: ([count]) => fillAddends(ownDoubles(count)),
    solve: addUp,
    read: (values) => [orderChecksum(values)],
  },
  // An empty body leaves nothing to be checked but that the loop ends.
  loop: { prepare: ([count]) => count, solve: emptyLoop, read: (count) => [count] },
};
