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

const FORKING = ['js-sequential', 'js-at-once', 'cpp-sequential', 'tbb-group', 'std-thread'];
const LOOPING = ['js-sequential', 'js-at-once', 'cpp-sequential', 'tbb-for', 'std-thread'];
/** What a fork for every node is beside: the same forks, and no forks. The other floors stand in the table without. */
const FORKS_ALONE = ['js-sequential', 'tbb-group'];

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

function mandelbrot(n: number, answer: number): Posed {
  return { program: 'mandelbrot', numbers: [n], answer: [answer], tasks: n };
}

function each(program: 'sort' | 'reduce' | 'scan' | 'loop', count: number, answer: number): Posed {
  return { program, numbers: [count], answer: [answer], tasks: count };
}

/** The same problems, with a fork at every node. */
function atEveryNode(sizes: ForkJoinProblem['sizes']): ForkJoinProblem['sizes'] {
  const every = (posed: Posed): Posed => ({ ...posed, forks: 'at every node' });
  return { full: every(sizes.full), quick: every(sizes.quick), smoke: every(sizes.smoke) };
}

/** A task of fib is a call that forks one child and joins it, and does nothing else. */
const FORK_COSTS: readonly Claim[] = [
  {
    kind: 'value',
    text: 'a fork and a join cost at most 30 ns on one thread',
    metric: 'single',
    atMost: 30,
  },
  {
    kind: 'ratio',
    text: "a fork and a join cost at most half of oneTBB's, on one thread",
    metric: 'single',
    to: 'tbb-group',
    atMost: 1 / 2,
  },
  {
    kind: 'value',
    text: 'all workers are at least 1.8 times as fast as one',
    metric: 'speedUp',
    atLeast: 1.8,
  },
];

/** The plain program has one thread, so its time on all is that on one. */
function timesAsFast(factor: number): Claim {
  return {
    kind: 'ratio',
    text: `all workers are at least ${factor} times as fast as plain JavaScript on one thread`,
    metric: 'wall',
    to: 'js-sequential',
    atMost: 1 / factor,
  };
}

const QUEENS = {
  full: nqueens(13, 73_712, 4_674_889),
  quick: nqueens(11, 2_680, 166_925),
  smoke: nqueens(6, 4, 152),
};
const UTS_T1 = {
  full: uts([1, 4, 10, 19], 4_130_071, 3_305_118, 10),
  quick: uts([1, 4, 8, 19], 257_042, 205_878, 8),
  smoke: uts([1, 4, 4, 19], 944, 744, 4),
};
const UTS_T3 = {
  full: uts([0, 2000, 0.124875, 8, 42], 4_112_897, 3_599_034, 1572),
  quick: uts([0, 2000, 0.124, 8, 42], 540_929, 473_562, 333),
  smoke: uts([0, 20, 0.124875, 8, 42], 6_213, 5_438, 67),
};

export const PROBLEMS: readonly ForkJoinProblem[] = [
  {
    name: 'fib',
    title: 'fib without a cut-off',
    task: 'a call with n ≥ 2: one fork and one join',
    solvers: FORKING,
    claims: FORK_COSTS,
    sizes: {
      full: fib(30, 832_040, 1_346_268),
      quick: fib(28, 317_811, 514_228),
      smoke: fib(16, 987, 1_596),
    },
  },
  {
    name: 'skynet',
    title: 'Skynet without a cut-off',
    task: 'a node',
    solvers: FORKING,
    sizes: {
      full: skynet(1_000_000, 499_999_500_000, 1_111_111),
      quick: skynet(100_000, 4_999_950_000, 111_111),
      smoke: skynet(1_000, 499_500, 1_111),
    },
  },
  {
    name: 'nqueens',
    title: 'n queens',
    task: 'a queen placed',
    solvers: LOOPING,
    claims: [timesAsFast(1.9)],
    sizes: QUEENS,
  },
  {
    name: 'nqueens-every',
    title: 'n queens, a fork for every queen',
    task: 'a queen placed',
    solvers: FORKS_ALONE,
    sizes: atEveryNode(QUEENS),
  },
  {
    name: 'uts-t1',
    title: 'UTS, geometric tree (T1)',
    task: 'a node',
    solvers: FORKING,
    claims: [timesAsFast(1.9)],
    sizes: UTS_T1,
  },
  {
    name: 'uts-t1-every',
    title: 'UTS, geometric tree (T1), a fork for every node',
    task: 'a node',
    solvers: FORKS_ALONE,
    sizes: atEveryNode(UTS_T1),
  },
  {
    name: 'uts-t3',
    title: 'UTS, binomial tree (T3)',
    task: 'a node',
    solvers: FORKING,
    claims: [timesAsFast(1.9)],
    sizes: UTS_T3,
  },
  {
    name: 'uts-t3-every',
    title: 'UTS, binomial tree (T3), a fork for every node',
    task: 'a node',
    solvers: FORKS_ALONE,
    sizes: atEveryNode(UTS_T3),
  },
  {
    name: 'matmul',
    title: 'Matrix product',
    task: 'a tile of 64 × 64',
    solvers: LOOPING,
    sizes: { full: matmul(1024, 2_145_331_910), quick: matmul(512, 268_417_132), smoke: matmul(64, 512_664) },
  },
  {
    name: 'mandelbrot',
    title: 'Mandelbrot set',
    task: 'a row',
    solvers: LOOPING,
    claims: [timesAsFast(1.9)],
    sizes: {
      full: mandelbrot(4_000, 3_191_382_506),
      quick: mandelbrot(1_000, 3_704_769_081),
      smoke: mandelbrot(200, 353_751_204),
    },
  },
  {
    name: 'sort',
    title: 'Sorting doubles',
    task: 'a number',
    solvers: LOOPING,
    claims: [timesAsFast(1.5)],
    sizes: {
      full: each('sort', 10_000_000, 2_272_776_978),
      quick: each('sort', 1_000_000, 886_730_934),
      smoke: each('sort', 10_000, 776_317_828),
    },
  },
  {
    name: 'reduce',
    title: 'Sum of doubles',
    task: 'a number',
    solvers: LOOPING,
    claims: [timesAsFast(1.9)],
    sizes: {
      full: each('reduce', 100_000_000, 749_999_990),
      quick: each('reduce', 10_000_000, 74_999_992),
      smoke: each('reduce', 100_000, 749_999),
    },
  },
  {
    name: 'scan',
    title: 'Running totals of doubles, in place',
    task: 'a number',
    solvers: LOOPING,
    claims: [timesAsFast(1.5)],
    sizes: {
      full: each('scan', 100_000_000, 3_726_249_353),
      quick: each('scan', 10_000_000, 2_528_772_712),
      smoke: each('scan', 100_000, 3_067_209_411),
    },
  },
  {
    name: 'loop',
    title: 'A loop with an empty body',
    task: 'an index',
    solvers: LOOPING,
    claims: [
      {
        kind: 'excess',
        text: 'at most 1 ns an index over a plain loop, on one thread',
        metric: 'single',
        over: 'js-sequential',
        atMost: 1,
      },
    ],
    sizes: {
      full: each('loop', 100_000_000, 100_000_000),
      quick: each('loop', 10_000_000, 10_000_000),
      smoke: each('loop', 100_000, 100_000),
    },
  },
];
