/**
 * The fork/join problems in three sizes, with answers that others have published or that two of our programs agree on.
 *
 * @module
 */
import type { Problem } from '../contenders/solver.ts';
import type { Claim, Effort } from './figure.ts';

export interface Posed extends Problem {
  /** How many tasks a program without a cut-off makes of it; what one is stands in `ForkJoinProblem.task`. */
  readonly tasks: number;
  readonly answer: readonly number[];
}

export interface ForkJoinProblem {
  readonly name: string;
  readonly title: string;
  /** What one task is, for the reader of the table. */
  readonly task: string;
  /** Names of the floors that solve it, beside Millrace. */
  readonly solvers: readonly string[];
  readonly claims?: readonly Claim[];
  readonly sizes: Readonly<Record<Effort, Posed>>;
}

const FORKING = ['js-sequential', 'cpp-sequential', 'tbb-group', 'std-thread'];
const LOOPING = ['js-sequential', 'cpp-sequential', 'tbb-for', 'std-thread'];

function fib(n: number, answer: number, tasks: number): Posed {
  return { program: 'fib', numbers: [n], answer: [answer], tasks };
}

function nqueens(n: number, answer: number, tasks: number): Posed {
  return { program: 'nqueens', numbers: [n], answer: [answer], tasks };
}

function uts(tree: readonly number[], nodes: number, leaves: number, depth: number): Posed {
  return { program: 'uts', numbers: tree, answer: [nodes, leaves, depth], tasks: nodes };
}

function skynet(leaves: number, answer: number, tasks: number): Posed {
  return { program: 'skynet', numbers: [leaves], answer: [answer], tasks };
}

function matmul(n: number, answer: number): Posed {
  return { program: 'matmul', numbers: [n], answer: [answer], tasks: (n / 64) ** 2 };
}

function sort(count: number, answer: number): Posed {
  return { program: 'sort', numbers: [count], answer: [answer], tasks: count };
}

/** A task of fib is a call that forks one child and joins it, and does nothing else. */
function forkCosts(where: string, metric: 'single' | 'perTask'): Claim {
  return {
    kind: 'ratio',
    text: `a fork and a join cost at most a third of oneTBB's, ${where}`,
    metric,
    to: 'tbb-group',
    atMost: 1 / 3,
  };
}

export const PROBLEMS: readonly ForkJoinProblem[] = [
  {
    name: 'fib',
    title: 'fib without a cut-off',
    task: 'a call with n ≥ 2: one fork and one join',
    solvers: FORKING,
    claims: [forkCosts('on one thread', 'single'), forkCosts('on all workers', 'perTask')],
    sizes: {
      full: fib(32, 2_178_309, 3_524_577),
      quick: fib(28, 317_811, 514_228),
      smoke: fib(16, 987, 1_596),
    },
  },
  {
    name: 'nqueens',
    title: 'n queens',
    task: 'a queen placed',
    solvers: [...FORKING, 'tbb-for'],
    sizes: {
      full: nqueens(13, 73_712, 4_674_889),
      quick: nqueens(11, 2_680, 166_925),
      smoke: nqueens(6, 4, 152),
    },
  },
  {
    name: 'uts-t1',
    title: 'UTS, geometric tree (T1)',
    task: 'a node',
    solvers: FORKING,
    sizes: {
      full: uts([1, 4, 10, 19], 4_130_071, 3_305_118, 10),
      quick: uts([1, 4, 8, 19], 257_042, 205_878, 8),
      smoke: uts([1, 4, 4, 19], 944, 744, 4),
    },
  },
  {
    name: 'uts-t3',
    title: 'UTS, binomial tree (T3)',
    task: 'a node',
    solvers: FORKING,
    sizes: {
      full: uts([0, 2000, 0.124875, 8, 42], 4_112_897, 3_599_034, 1572),
      quick: uts([0, 2000, 0.124, 8, 42], 540_929, 473_562, 333),
      smoke: uts([0, 20, 0.124875, 8, 42], 6_213, 5_438, 67),
    },
  },
  {
    name: 'skynet',
    title: 'Skynet',
    task: 'a node',
    solvers: FORKING,
    sizes: {
      full: skynet(1_000_000, 499_999_500_000, 1_111_111),
      quick: skynet(100_000, 4_999_950_000, 111_111),
      smoke: skynet(1_000, 499_500, 1_111),
    },
  },
  {
    name: 'matmul',
    title: 'Matrix product',
    task: 'a tile of 64 × 64',
    solvers: LOOPING,
    sizes: { full: matmul(1024, 2_145_331_910), quick: matmul(512, 268_417_132), smoke: matmul(64, 512_664) },
  },
  {
    name: 'sort',
    title: 'Sorting doubles',
    task: 'a number',
    solvers: LOOPING,
    sizes: {
      full: sort(10_000_000, 2_272_776_978),
      quick: sort(1_000_000, 886_730_934),
      smoke: sort(10_000, 776_317_828),
    },
  },
];
