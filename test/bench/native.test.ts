import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RunningPool } from '../../native-bench/contenders/contender.ts';
import { jsSequential } from '../../native-bench/contenders/sequential.ts';
import { isSolver, NO_POOL, type Problem, type Solution } from '../../native-bench/contenders/solver.ts';
import { NATIVE_YARDSTICKS, YARDSTICKS } from '../../native-bench/contenders/yardsticks.ts';
import type { Effort, Stage } from '../../native-bench/figures/figure.ts';
import { FORK_JOIN_FIGURES, forkJoinSample, solvedFor } from '../../native-bench/figures/forkjoin.ts';
import { PROBLEMS } from '../../native-bench/figures/problems.ts';
import { type Built, buildYardsticks } from '../../native-bench/native/build.ts';
import { PROGRAMS, readOutcome, runYardstick } from '../../native-bench/native/yardsticks.ts';
import { forkjoin } from '../../native-bench/suites/forkjoin.ts';
import {
  fillAddends,
  fillUnsorted,
  mandelbrot,
  orderChecksum,
  ownDoubles,
  sharedDoubles,
} from '../../native-bench/tasks/arrays.mjs';
import {
  fib,
  nqueens,
  SEQUENTIAL,
  skynet,
  uts,
  utsChild,
  utsChildren,
  utsRoot,
} from '../../native-bench/tasks/forkjoin.mjs';

const DEADLINE_MS = 60_000;
const built: Built = await buildYardsticks();
const NATIVE = built.kind === 'skipped' ? ` (SKIPPED: ${built.line})` : '';

function nativeFile(): string {
  if (built.kind === 'skipped') throw new Error(built.line);
  return built.file;
}

describe('the sequential programs', () => {
  it('give what others have published', () => {
    expect(fib(20)).toBe(6765);
    expect([4, 5, 6, 7, 8, 9, 10].map(nqueens)).toEqual([2, 10, 4, 40, 92, 352, 724]);
    expect(skynet(0, 1_000_000)).toBe(499_999_500_000);
  });

  it('count the tree T3 of UTS as published', { timeout: DEADLINE_MS }, () => {
    expect(uts(0, 2000, 0.124875, 8, 42)).toEqual([4_112_897, 3_599_034, 1572]);
  });

  it('make the nodes of UTS with the SHA-1 of node:crypto', () => {
    const states = new Int32Array(10);
    const hex = (at: number): string => {
      const bytes = Buffer.alloc(20);
      for (let i = 0; i < 5; i++) bytes.writeInt32BE(states[at + i]!, 4 * i);
      return bytes.toString('hex');
    };
    const sha1 = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');
    for (const seed of [0, 1, 19, 42, 0x7fffffff]) {
      const message = Buffer.alloc(20);
      message.writeInt32BE(seed, 16);
      utsRoot(states, seed);
      expect(hex(0)).toBe(sha1(message));
      for (const index of [0, 1, 99, 1999]) {
        const child = Buffer.alloc(24);
        child.write(hex(0), 'hex');
        child.writeInt32BE(index, 20);
        utsChild(states, 0, index, 5);
        expect(hex(5)).toBe(sha1(child));
      }
    }
  });

  it('give the published numbers of children', () => {
    const T1 = [1, 4, 10, 19];
    const states = new Int32Array(10);
    utsRoot(states, 19);
    expect(utsChildren(T1, states, 0, 0)).toBe(5);
    utsChild(states, 0, 0, 5);
    expect(utsChildren(T1, states, 5, 1)).toBe(27);
    utsChild(states, 0, 1, 5);
    expect(utsChildren(T1, states, 5, 1)).toBe(7);
    expect(utsChildren(T1, states, 5, 10)).toBe(0);
  });

  it('sort by value, which the checksum sees', () => {
    const values = fillUnsorted(new Float64Array(1000));
    const sorted = Float64Array.from(values).sort();
    expect(orderChecksum(sorted)).not.toBe(orderChecksum(values));
    const swapped = Float64Array.from(sorted);
    [swapped[500], swapped[501]] = [swapped[501]!, swapped[500]!];
    expect(orderChecksum(swapped)).not.toBe(orderChecksum(sorted));
  });

  it('draw the Mandelbrot set as the Benchmarks Game does, which the checksum sees', () => {
    const bits = new Uint8Array(200 * 25);
    mandelbrot({ n: 200, bits });
    const picture = createHash('md5').update('P4\n200 200\n').update(bits).digest('hex');
    expect(picture).toBe('cc65e64bd553ed18896de1dfe7fae3e5');
    const posed = PROBLEMS.find(({ name }) => name === 'mandelbrot')!.sizes.smoke;
    expect(posed).toMatchObject({ numbers: [200], answer: [orderChecksum(bits)] });
    bits[2_500]! ^= 1;
    expect([orderChecksum(bits)]).not.toEqual(posed.answer);
  });

  it('add up small integers, exactly, to what two sums that share no code come to', () => {
    const values = fillAddends(new Float64Array(1000));
    expect(new Set(values)).toEqual(new Set(Array.from({ length: 16 }, (_, i) => i)));
    const totals = Array.from(values, (_, i) => values.slice(0, i + 1).reduce((sum, value) => sum + value));
    const { prepare, solve, read } = SEQUENTIAL.scan;
    const given = prepare([1000]) as Float64Array;
    expect(solve(given)).toBeUndefined();
    expect([...given]).toEqual(totals);
    expect(read!(given)).toEqual([orderChecksum(Float64Array.from(totals))]);
    expect(SEQUENTIAL.reduce.solve(SEQUENTIAL.reduce.prepare([1000]))).toEqual([totals.at(-1)]);
  });

  it('are given one large array, and fill it anew', () => {
    for (const doubles of [ownDoubles, sharedDoubles]) {
      const array = doubles(100);
      expect([array.length, doubles(100) === array, doubles(99) === array]).toEqual([100, true, false]);
      expect(doubles(100).buffer instanceof SharedArrayBuffer).toBe(doubles === sharedDoubles);
    }
    const steps = SEQUENTIAL.scan;
    const answers = [0, 1].map(() => {
      const given = steps.prepare([1000]);
      steps.solve(given);
      return steps.read!(given);
    });
    expect(answers[1]).toEqual(answers[0]);
  });
});

describe('the problems', () => {
  it('are as large as they say', () => {
    const forks = (n: number): number => (n < 2 ? 0 : 1 + forks(n - 1) + forks(n - 2));
    const placed = (full: number, columns: number, left: number, right: number): number => {
      let count = 0;
      for (let free = full & ~(columns | left | right); free !== 0; free &= free - 1) {
        const queen = free & -free;
        count += 1 + placed(full, columns | queen, (left | queen) << 1, (right | queen) >> 1);
      }
      return count;
    };
    const sizes = (name: string) => Object.values(PROBLEMS.find((problem) => problem.name === name)!.sizes);
    for (const { numbers: given, tasks } of sizes('fib')) expect(forks(given[0]!)).toBe(tasks);
    for (const { numbers: given, tasks } of sizes('nqueens')) {
      expect(placed((1 << given[0]!) - 1, 0, 0, 0)).toBe(tasks);
    }
  });

  it('are solved by contenders there are, in a variant their program has', () => {
    const variants: Readonly<Record<string, string>> = { 'cpp-sequential': 'sequential' };
    for (const { solvers, sizes } of PROBLEMS) {
      for (const name of solvers) {
        expect(YARDSTICKS.map((contender) => contender.name)).toContain(name);
        if (NATIVE_YARDSTICKS.some((native) => native.name === name)) {
          expect(PROGRAMS[sizes.full.program]).toContain(variants[name] ?? name);
        }
      }
    }
    expect(new Set(forkjoin.figures.map(({ name }) => name)).size).toBe(PROBLEMS.length);
  });

  it('promise something beside those that solve them', () => {
    for (const { name, solvers, claims = [] } of PROBLEMS) {
      for (const claim of claims) {
        const other = claim.kind === 'ratio' ? claim.to : claim.kind === 'excess' ? claim.over : undefined;
        if (other !== undefined) expect(solvers, name).toContain(other);
      }
    }
  });

  it('are the same with a fork at every node', () => {
    const sizes = (name: string) => PROBLEMS.find((problem) => problem.name === name)!.sizes;
    for (const name of ['nqueens', 'uts-t1', 'uts-t3']) {
      for (const effort of ['full', 'quick', 'smoke'] as const) {
        const every = sizes(`${name}-every`)[effort];
        expect(every).toEqual({ ...sizes(name)[effort], forks: 'at every node' });
      }
    }
  });
});

describe('what a yardstick prints', () => {
  const run = { program: 'fib', variant: 'tbb-group', threads: 2, numbers: [5] } as const;
  const line = (changes: object): string =>
    JSON.stringify({ program: 'fib', variant: 'tbb-group', threads: 2, ms: 1.5, answer: [5], ...changes });

  it('is a time and an answer', () => {
    expect(readOutcome(`${line({})}\n`, run)).toEqual({ ms: 1.5, answer: [5] });
  });

  it.each([
    ['nothing', '', 'one line of JSON'],
    ['a crash report', 'Segmentation fault', 'one line of JSON'],
    ['null', 'null', 'the outcome of fib tbb-group on 2 threads'],
    ['another program', line({ program: 'sort' }), 'the outcome of fib'],
    ['another variant', line({ variant: 'sequential' }), 'the outcome of fib'],
    ['other threads', line({ threads: 1 }), 'the outcome of fib'],
    ['no time', line({ ms: null }), 'a time and an answer of integers'],
    ['a negative time', line({ ms: -1 }), 'a time and an answer of integers'],
    ['no answer', line({ answer: [] }), 'a time and an answer of integers'],
    ['an answer that is no integer', line({ answer: [2 ** 53] }), 'a time and an answer of integers'],
  ])('is refused when it is %s', (_what, text, message) => {
    expect(() => readOutcome(text, run)).toThrow(message);
  });
});

describe('a fork/join figure', () => {
  const stage = (effort: Effort, running: RunningPool): Stage => ({
    effort,
    workers: 2,
    pace: 1000,
    runsTasks: false,
    start: () => Promise.resolve(running),
  });
  const [figure] = FORK_JOIN_FIGURES;
  const answering = (
    solve: (problem: Problem, threads: number) => Solution,
    traits: { readonly parallel?: boolean; readonly warm?: true } = {},
  ): RunningPool =>
    Object.assign(
      { ...NO_POOL },
      { parallel: true, ...traits, solve: async (p: Problem, t: number) => solve(p, t) },
    );

  it('makes times of a task and a speed-up of two runs', () => {
    const posed = { program: 'fib', numbers: [16], answer: [987], tasks: 1_000 } as const;
    expect(forkJoinSample(posed, 8, 4)).toEqual({ wall: 4, perTask: 4_000, single: 8_000, speedUp: 2 });
    expect(forkJoinSample(posed, 8)).toEqual({ wall: 8, perTask: 8_000, single: 8_000, speedUp: null });
  });

  it('is a typical solution of a spell, or the only one of a problem that takes longer', async () => {
    let clock = 0;
    const taking = (...ms: number[]) => {
      let i = 0;
      return async () => {
        const took = ms[Math.min(i++, ms.length - 1)]!;
        clock += took;
        return took;
      };
    };
    const now = (): number => clock;
    expect(await solvedFor(100, taking(90, 3, 5, 4), now)).toBe(4);
    expect(await solvedFor(100, taking(90, 12, 1), now)).toBe(12);
    expect(await solvedFor(100, taking(500, 1), now)).toBe(500);
    expect(await solvedFor(0, taking(7, 1), now)).toBe(7);
  });

  it('runs a parallel solver on one thread and on all, a sequential one on one', async () => {
    for (const [traits, wanted] of [
      [{ parallel: true }, [1, 2, 1, 2]],
      [{ parallel: false }, [1, 1]],
      [{ parallel: true, warm: true }, [1, 2]],
      [{ parallel: false, warm: true }, [1]],
    ] as const) {
      const asked: number[] = [];
      const running = answering((_problem, threads) => {
        asked.push(threads);
        return { ms: 10 / threads, answer: [987] };
      }, traits);
      const trial = await figure!.open(stage('smoke', running));
      expect(await trial.sample()).toMatchObject({ speedUp: traits.parallel ? 2 : null });
      expect(asked).toEqual(wanted);
    }
  });

  it.each([
    ['often, when it is short', 10, 12],
    ['until half a second has passed', 170, 3],
    ['once, when it is long', 2_000, 1],
  ])('warms up a program %s', async (_when, ms, times) => {
    const asked: number[] = [];
    const running = answering((_problem, threads) => {
      asked.push(threads);
      return { ms, answer: [317_811] };
    });
    await figure!.open(stage('quick', running));
    expect(asked).toEqual([...Array(times).fill(1), ...Array(times).fill(2)]);
  });

  it('refuses a wrong answer, whenever it comes', async () => {
    const wrong = answering(() => ({ ms: 1, answer: [986] }));
    await expect(figure!.open(stage('smoke', wrong))).rejects.toThrow('Wrong result: fib gave 986, not 987');
    for (const last of [1, 2, 3]) {
      let solved = 0;
      const later = answering(() => ({ ms: 1, answer: [solved++ < last ? 987 : 986] }));
      const sampled = figure!.open(stage('smoke', later)).then((trial) => trial.sample());
      await expect(sampled).rejects.toThrow('Wrong result');
    }
  });

  it('says when a contender cannot take part', async () => {
    expect(isSolver(NO_POOL)).toBe(false);
    await expect(figure!.open(stage('smoke', NO_POOL))).rejects.toThrow('does not solve whole problems');
  });

  it.each(FORK_JOIN_FIGURES)(
    '$name is measured for the sequential program',
    { timeout: DEADLINE_MS },
    async (each) => {
      const trial = await each.open(stage('quick', await jsSequential.start({ workers: 2 })));
      const sample = await trial.sample();
      expect(sample['wall']).toBeGreaterThan(0);
      expect(sample['speedUp']).toBeNull();
      await trial.end();
    },
  );
});

describe(`the native programs${NATIVE}`, () => {
  const here = it.skipIf(built.kind === 'skipped');

  here.each(NATIVE_YARDSTICKS)(
    '$name solves every problem it is in',
    { timeout: DEADLINE_MS },
    async (contender) => {
      for (const { name, solvers } of PROBLEMS) {
        if (!solvers.includes(contender.name)) continue;
        const figure = FORK_JOIN_FIGURES.find((each) => each.name === `forkjoin-${name}`)!;
        for (const workers of [1, 2, 3]) {
          const running = await contender.start({ workers });
          const trial = await figure.open({
            effort: workers === 2 && contender.name === 'cpp-sequential' ? 'quick' : 'smoke',
            workers,
            pace: 1000,
            runsTasks: false,
            start: () => Promise.resolve(running),
          });
          expect((await trial.sample())['wall']).toBeGreaterThan(0);
          await trial.end();
        }
      }
    },
  );

  here('counts the trees T1 and T3 of UTS as published', { timeout: DEADLINE_MS }, async () => {
    const count = (tree: readonly number[], variant: 'sequential' | 'tbb-group' | 'std-thread') =>
      runYardstick(nativeFile(), { program: 'uts', variant, threads: 2, numbers: tree });
    expect((await count([1, 4, 10, 19], 'sequential')).answer).toEqual([4_130_071, 3_305_118, 10]);
    expect((await count([0, 2000, 0.124875, 8, 42], 'tbb-group')).answer).toEqual([
      4_112_897, 3_599_034, 1572,
    ]);
  });

  here('says what is wrong with its arguments', { timeout: DEADLINE_MS }, async () => {
    const failing = (changes: object): Promise<unknown> =>
      runYardstick(nativeFile(), {
        program: 'fib',
        variant: 'sequential',
        threads: 1,
        numbers: [5],
        ...changes,
      });
    await expect(failing({ program: 'collatz' })).rejects.toThrow('no program collatz');
    await expect(failing({ variant: 'openmp' })).rejects.toThrow('no variant openmp');
    await expect(failing({ variant: 'tbb-for' })).rejects.toThrow('this program has no such variant');
    await expect(failing({ threads: 0 })).rejects.toThrow('--threads must be from 1 to 1024');
    await expect(failing({ numbers: [1.5] })).rejects.toThrow('argument 1 must be an integer');
    await expect(failing({ numbers: [] })).rejects.toThrow('usage: yardsticks');
  });

  here('is not built twice', { timeout: DEADLINE_MS }, async () => {
    expect(await buildYardsticks()).toMatchObject({ kind: 'ready', compiled: false });
  });
});

describe('where something is missing', () => {
  it('the build says so when it is oneTBB', async () => {
    // Node has a version and, as a compiler without oneTBB, fails to preprocess its headers.
    const built = await buildYardsticks(['no-such-compiler', process.execPath]);
    expect(built).toMatchObject({
      kind: 'skipped',
      line: expect.stringContaining('oneTBB is not installed'),
    });
  });

  it('the build says what to install', async () => {
    expect(await buildYardsticks(['no-such-compiler'])).toEqual({
      kind: 'skipped',
      line: 'native yardsticks skipped: there is no C++ compiler (on Debian: apt-get install g++ libtbb-dev)',
    });
  });
});
