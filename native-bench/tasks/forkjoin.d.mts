export function fib(n: number): number;
export function nqueens(n: number): number;
export function waysFrom(full: number, columns: number, left: number, right: number): number;
export function skynet(first: number, leaves: number): number;

/** States of nodes: five words each, the first word of a node at a given index. */
export function utsRoot(states: Int32Array, seed: number): void;
export function utsChild(states: Int32Array, parent: number, index: number, child: number): void;
export function utsChildren(tree: readonly number[], states: Int32Array, at: number, height: number): number;
/** Nodes, leaves, depth. */
export function uts(...tree: readonly number[]): [nodes: number, leaves: number, depth: number];

/** As `uts` takes them; a forked program names them by number. */
export const UTS_TREES: readonly (readonly number[])[];
/** What a leaf, and a node with children, adds to a count in one number. */
export const UTS_LEAF: number;
export const UTS_INNER: number;
export function utsCounts(sum: number): [nodes: number, leaves: number];

export interface Matrices {
  readonly n: number;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
}
export function matrices(n: number): Matrices;
export function multiplyTile(matrices: Matrices, number: number): void;
export function multiply(matrices: Matrices): void;
export function matrixChecksum(matrices: Matrices): number;

export interface Steps {
  readonly prepare: (numbers: readonly number[]) => unknown;
  /** What is measured. Gives the answer, or nothing when `read` finds it in the input. */
  readonly solve: (input: unknown) => readonly number[] | undefined;
  readonly read?: (input: unknown) => readonly number[];
}
export const SEQUENTIAL: Readonly<
  Record<
    'fib' | 'nqueens' | 'uts' | 'skynet' | 'matmul' | 'sort' | 'mandelbrot' | 'reduce' | 'scan' | 'loop',
    Steps
  >
>;
