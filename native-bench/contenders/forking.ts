/**
 * Whole problems by fork and join on Millrace, with the programs of `tasks/forking/`.
 *
 * @module
 */
import { fillAddends, fillUnsorted, orderChecksum, sharedDoubles } from '../tasks/arrays.mjs';
import { matrices, matrixChecksum, utsCounts } from '../tasks/forkjoin.mjs';
import type { MillracePool } from './millrace.ts';
import { NO_POOL, type Problem, type Program, type Solution, type Solver } from './solver.ts';

/** How one problem is put to a pool. */
interface Posing {
  readonly task: string;
  readonly args: readonly unknown[];
  /** What is not in the result is asked of each worker, as a part of what is measured. */
  readonly alsoOfEach?: string;
  readonly answer: (result: unknown, ofEach: readonly unknown[]) => readonly number[];
}

const theResult = (result: unknown): readonly number[] => [result as number];

/** Makes the input, arrays of it in shared memory. */
const POSED: Readonly<Record<Program, (numbers: readonly number[]) => Posing>> = {
  fib: (args) => ({ task: 'fib', args, answer: theResult }),
  nqueens: (args) => ({ task: 'nqueens', args, answer: theResult }),
  skynet: ([leaves]) => ({ task: 'skynet', args: [0, leaves], answer: theResult }),
  uts: (tree) => ({
    task: 'uts',
    args: tree,
    alsoOfEach: 'utsDepth',
    answer: (sum, depths) => [...utsCounts(sum as number), Math.max(...(depths as number[]))],
  }),
  matmul: ([n]) => {
    const { a, b, c } = matrices(n!);
    const out = shared(c);
    return {
      task: 'multiply',
      args: [n, shared(a), shared(b), out, 0, (n! / 64) ** 2],
      answer: () => [matrixChecksum({ n: n!, a, b, c: out })],
    };
  },
  sort: ([count]) => {
    const values = fillUnsorted(sharedDoubles(count!));
    return { task: 'sortShared', args: [values], answer: () => [orderChecksum(values)] };
  },
  mandelbrot: ([n]) => {
    const bits = new Uint8Array(new SharedArrayBuffer(n! * (n! / 8)));
    return { task: 'mandelbrotByRows', args: [n, bits], answer: () => [orderChecksum(bits)] };
  },
  reduce: ([count]) => ({
    task: 'totalShared',
    args: [fillAddends(sharedDoubles(count!))],
    answer: theResult,
  }),
  scan: ([count]) => {
    const values = fillAddends(sharedDoubles(count!));
    return { task: 'addUpShared', args: [values], answer: () => [orderChecksum(values)] };
  },
  loop: ([count]) => ({ task: 'emptyParallelLoop', args: [count], answer: () => [count!] }),
};

function shared(values: Float64Array): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}

/** A pool for each number of threads asked for, kept until the end: those that do not solve are parked. */
export function solverOf(start: (threads: number) => Promise<MillracePool>): Solver {
  const pools = new Map<number, Promise<MillracePool>>();
  const poolOf = (threads: number): Promise<MillracePool> => {
    const pool = pools.get(threads) ?? start(threads);
    pools.set(threads, pool);
    return pool;
  };
  return {
    ...NO_POOL,
    parallel: true,
    async solve(problem, threads) {
      return solved(await poolOf(threads), problem, threads);
    },
    async close() {
      const running = await Promise.all(pools.values());
      await Promise.all(running.map((pool) => pool.close()));
    },
  };
}

/** Those that are there twice. */
const AT_EVERY_NODE: Readonly<Partial<Record<Program, string>>> = {
  nqueens: 'nqueensEvery',
  uts: 'utsEvery',
};

async function solved(
  pool: MillracePool,
  { program, numbers, forks }: Problem,
  threads: number,
): Promise<Solution> {
  const posing = POSED[program](numbers);
  const { args, alsoOfEach, answer } = posing;
  const task = (forks === undefined ? undefined : AT_EVERY_NODE[program]) ?? posing.task;
  globalThis.gc?.();
  const from = performance.now();
  const result = await pool.run(task, args);
  const ofEach =
    alsoOfEach === undefined
      ? []
      : await Promise.all(
          Array.from({ length: threads }, (_, affinity) => pool.run(alsoOfEach, args, { affinity })),
        );
  const ms = performance.now() - from;
  return { ms, answer: answer(result, ofEach) };
}
