/**
 * What the forked programs must come to, and who says so.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { fillAddends, fillUnsorted, orderChecksum } from '../../native-bench/tasks/arrays.mjs';
import { matrices, matrixChecksum, multiply } from '../../native-bench/tasks/forkjoin.mjs';
import { fannkuch, mandelbrotPbm, pbmHeader, spectralNorm } from './oracles/benchmarks-game.ts';
import { sharedBytes, sharedDoubles } from './programs.ts';

/**
 * - `small`: in every test, and with the stand-in on one thread.
 * - `usual`: in every run of the tests on a pool, seconds at most.
 * - `long`: only with `MILLRACE_LONG=1`.
 */
export type Size = 'small' | 'usual' | 'long';

export const LONG: boolean = process.env['MILLRACE_LONG'] === '1';

export interface Case {
  readonly title: string;
  readonly size: Size;
  /** The function a pool runs. */
  readonly fn: string;
  /** Made anew for each run: some programs write into what they are given. */
  readonly args: () => readonly unknown[];
  /** What is compared: the result itself by default. */
  readonly answer?: (value: unknown, args: readonly unknown[]) => unknown;
  /** Computed only when asked for. */
  readonly expected: () => unknown;
  /** Who has published it; `own`: a program of one thread in this repository, written apart. */
  readonly source: string;
  /** Its forks pass arguments that have to be copied. Default: numbers and other inline values only. */
  readonly copies?: true;
}

const is =
  <T>(value: T) =>
  (): T =>
    value;

const GAME = 'the Computer Language Benchmarks Game';
const BOTS = 'Barcelona OpenMP Tasks Suite';

function fib(n: number, value: number, size: Size, source: string): Case {
  return { title: `fib(${n})`, size, fn: 'fib', args: is([n]), expected: is(value), source };
}

/** With a fork where a thief waits for one, and for every queen. */
function queens(n: number, ways: number, size: Size): Case[] {
  const source = 'OEIS A000170, and the tables of libfork and Taskflow';
  const posed = { size, args: is([n]), expected: is(ways), source };
  return [
    { title: `${n} queens`, fn: 'nqueens', ...posed },
    { title: `${n} queens, a fork for each`, fn: 'nqueensEvery', ...posed },
  ];
}

function skynet(leaves: number, sum: number, size: Size): Case {
  const title = `skynet of ${leaves} leaves`;
  return { title, size, fn: 'skynet', args: is([0, leaves]), expected: is(sum), source: 'atemerev/skynet' };
}

function primes(below: number, count: number, size: Size): Case {
  const source = 'OEIS A006880, and the table of rayon-demo';
  return {
    title: `primes below ${below}`,
    size,
    fn: 'primes',
    args: is([0, below]),
    expected: is(count),
    source,
  };
}

function mandelbrot(
  n: number,
  size: Size,
  source: string,
  read: (pbm: Buffer) => unknown,
  expected: () => unknown,
): Case {
  return {
    title: `Mandelbrot set, ${n} by ${n}`,
    size,
    fn: 'mandelbrot',
    args: () => [n, sharedBytes(n * (n / 8)), 0, n],
    answer: (_, [, bits]) => read(Buffer.concat([pbmHeader(n), bits as Uint8Array])),
    expected,
    source,
    copies: true,
  };
}

function spectral(n: number, norm: () => string, size: Size, source: string): Case {
  const title = `spectral norm of ${n} rows`;
  return { title, size, fn: 'spectralNorm', args: is([n]), expected: norm, source, copies: true };
}

function flips(n: number, lines: () => string, size: Size, source: string): Case {
  return { title: `fannkuch-redux ${n}`, size, fn: 'fannkuch', args: is([n]), expected: lines, source };
}

function product(n: number, size: Size): Case {
  return {
    title: `matrix product, ${n} by ${n}`,
    size,
    fn: 'multiply',
    args: () => {
      const { a, b } = matrices(n);
      const shared = [0, 1, 2].map(() => sharedDoubles(n * n));
      shared[0]!.set(a);
      shared[1]!.set(b);
      return [n, ...shared, 0, (n / 64) ** 2];
    },
    answer: (_, [, a, b, c]) =>
      matrixChecksum({ n, a: a as Float64Array, b: b as Float64Array, c: c as Float64Array }),
    expected: () => {
      const given = matrices(n);
      multiply(given);
      return matrixChecksum(given);
    },
    source: 'own',
    copies: true,
  };
}

function unsorted(count: number): Float64Array<SharedArrayBuffer> {
  return fillUnsorted(sharedDoubles(count));
}

function sorted(count: number, size: Size): Case[] {
  const posed = {
    size,
    answer: (_: unknown, [values]: readonly unknown[]) => orderChecksum(values as Float64Array),
    expected: () => orderChecksum(fillUnsorted(new Float64Array(count)).sort()),
    source: 'own',
    copies: true,
  } as const;
  return [
    { title: `sort of ${count}`, fn: 'sortShared', args: () => [unsorted(count)], ...posed },
    { title: `quicksort of ${count}`, fn: 'quicksort', args: () => [unsorted(count), 0, count], ...posed },
  ];
}

function addedUp(count: number, size: Size): Case[] {
  const values = (): Float64Array => fillAddends(sharedDoubles(count));
  const totals = (): Float64Array => {
    let sum = 0;
    return values().map((value) => (sum += value));
  };
  return [
    {
      title: `sum of ${count}`,
      size,
      fn: 'totalShared',
      args: () => [values()],
      expected: () => totals()[count - 1],
      source: 'own',
      copies: true,
    },
    {
      title: `running totals of ${count}`,
      size,
      fn: 'addUpShared',
      args: () => [values()],
      answer: (_, [given]) => orderChecksum(given as Float64Array),
      expected: () => orderChecksum(totals()),
      source: 'own',
      copies: true,
    },
  ];
}

function byRows(n: number, size: Size, source: string, expected: () => string): Case {
  return {
    title: `Mandelbrot set, ${n} by ${n}, by a loop over rows`,
    size,
    fn: 'mandelbrotByRows',
    args: () => [n, sharedBytes(n * (n / 8))],
    answer: (_, [, bits]) => md5(Buffer.concat([pbmHeader(n), bits as Uint8Array])),
    expected,
    source,
    copies: true,
  };
}

function emptyLoop(count: number, size: Size): Case {
  const title = `a loop of ${count} with an empty body`;
  return { title, size, fn: 'emptyParallelLoop', args: is([count]), expected: is(undefined), source: 'own' };
}

function wide(n: number, order: 'forward' | 'reversed' | 'all', size: Size): Case {
  return {
    title: `${n} children of one call, joined ${order}`,
    size,
    fn: 'wide',
    args: is([n, order]),
    expected: is(((n - 1) * n * (2 * n - 1)) / 6),
    source: 'the formula for a sum of squares',
  };
}

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

export const CASES: readonly Case[] = [
  fib(0, 0, 'small', 'OEIS A000045'),
  fib(1, 1, 'small', 'OEIS A000045'),
  fib(20, 6_765, 'small', 'OEIS A000045'),
  fib(32, 2_178_309, 'usual', 'rayon-demo'),
  fib(35, 9_227_465, 'long', BOTS),
  fib(40, 102_334_155, 'long', BOTS),
  ...[1, 0, 0, 2, 10, 4, 40, 92, 352].flatMap((ways, i) => queens(i + 1, ways, 'small')),
  ...queens(10, 724, 'usual'),
  ...queens(11, 2_680, 'usual'),
  ...queens(12, 14_200, 'usual'),
  ...queens(13, 73_712, 'usual'),
  ...queens(14, 365_596, 'long'),
  skynet(1_000, 499_500, 'small'),
  skynet(1_000_000, 499_999_500_000, 'usual'),
  skynet(100_000_000, 4_999_999_950_000_000, 'long'),
  ...[4, 25, 168, 1_229, 9_592, 78_498].map((count, i) => primes(10 ** (i + 1), count, 'small')),
  primes(10_000_000, 664_579, 'usual'),
  primes(100_000_000, 5_761_455, 'long'),
  mandelbrot(
    200,
    'small',
    `${GAME}, as its users quote the sum`,
    md5,
    is('cc65e64bd553ed18896de1dfe7fae3e5'),
  ),
  byRows(200, 'small', `${GAME}, as its users quote the sum`, is('cc65e64bd553ed18896de1dfe7fae3e5')),
  byRows(400, 'usual', 'own', () => md5(mandelbrotPbm(400))),
  mandelbrot(
    400,
    'usual',
    'own',
    (pbm) => pbm,
    () => mandelbrotPbm(400),
  ),
  spectral(100, is('1.274219991'), 'small', GAME),
  spectral(333, () => spectralNorm(333), 'usual', 'own'),
  spectral(5_500, is('1.274224153'), 'long', GAME),
  flips(7, is('228\nPfannkuchen(7) = 16\n'), 'small', GAME),
  flips(8, () => fannkuch(8), 'small', 'own'),
  flips(10, is('73196\nPfannkuchen(10) = 38\n'), 'usual', `${GAME}, as its users quote it, and own`),
  flips(12, is('3968050\nPfannkuchen(12) = 65\n'), 'long', GAME),
  product(64, 'small'),
  product(128, 'small'),
  product(512, 'usual'),
  ...sorted(10_000, 'small'),
  ...sorted(100_000, 'small'),
  ...sorted(1_000_000, 'usual'),
  ...addedUp(10_000, 'small'),
  ...addedUp(1_000_000, 'usual'),
  emptyLoop(10_000, 'small'),
  emptyLoop(10_000_000, 'usual'),
  wide(1_000, 'forward', 'small'),
  wide(1_000, 'reversed', 'small'),
  wide(1_000, 'all', 'small'),
  wide(100_000, 'forward', 'usual'),
  wide(100_000, 'reversed', 'usual'),
  wide(100_000, 'all', 'usual'),
];

export function casesOf(size: Size): Case[] {
  return CASES.filter((each) => each.size === size);
}
