/**
 * The forked programs: task modules for a pool, each of which exports names of its own.
 *
 * @module
 */
const here = (name: string): URL => new URL(`./programs/${name}.mjs`, import.meta.url);

/** Those the bench measures, and those only tests run. */
export const PROGRAMS: readonly URL[] = [
  new URL('../../native-bench/tasks/forking/functions.mjs', import.meta.url),
  ...['primes', 'mandelbrot', 'quicksort', 'spectral-norm', 'fannkuch', 'shapes', 'dag'].map(here),
];

/** An array of zeros in shared memory. */
export function sharedDoubles(length: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(8 * length));
}

export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** The published trees: arguments of `uts`, and what has to be counted. */
export const TREES = {
  T1: { tree: [1, 4, 10, 19], nodes: 4_130_071, leaves: 3_305_118, depth: 10 },
  T3: { tree: [0, 2000, 0.124875, 8, 42], nodes: 4_112_897, leaves: 3_599_034, depth: 1572 },
  T1L: { tree: [1, 4, 13, 29], nodes: 102_181_082, leaves: 81_746_377, depth: 13 },
  T3L: { tree: [0, 2000, 0.200014, 5, 7], nodes: 111_345_631, leaves: 89_076_904, depth: 17_844 },
} as const;
