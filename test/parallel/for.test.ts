import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parallelFor, parallelRanges, sharedArray } from '../../src/parallel/index.ts';
import { splitLazily, startOf, tuned } from '../../src/parallel/splitting.ts';
import { inTask, SEQUENTIAL, TestForker, underSchedules } from './forkers.ts';

const mark = (i: number, marks: Int32Array, base: number): void => {
  marks[i - base]!++;
};
const markAll = (lo: number, hi: number, marks: Int32Array, base: number): void => {
  for (let i = lo; i < hi; i++) marks[i - base]!++;
};
const fail = (i: number, at: number): void => {
  if (i === at) throw new RangeError(`at ${i}`);
};

const seed = fc.integer();
const length = fc.integer({ min: 0, max: 2000 });
const base = fc.constantFrom(
  0,
  -1000,
  7,
  2 ** 31 - 100,
  -(2 ** 31) - 5,
  2 ** 40,
  Number.MAX_SAFE_INTEGER - 2000,
);
const grain = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });

describe.each([
  [
    'parallelFor',
    (lo: number, hi: number, o: { args: [Int32Array, number]; grain?: number }) =>
      parallelFor(lo, hi, mark, o),
  ],
  [
    'parallelRanges',
    (lo: number, hi: number, o: { args: [Int32Array, number]; grain?: number }) =>
      parallelRanges(lo, hi, markAll, o),
  ],
])('%s', (_name, loop) => {
  it('runs each index once, wherever the range lies', () => {
    fc.assert(
      fc.property(seed, length, base, grain, (seed, length, base, grain) => {
        const code = (): Int32Array => {
          const marks = sharedArray(Int32Array, length);
          loop(base, base + length, { args: [marks, base], ...(grain === undefined ? {} : { grain }) });
          return marks;
        };
        underSchedules(seed, code, (marks) => expect(marks.every((n) => n === 1)).toBe(true));
      }),
      { numRuns: 300 },
    );
  });

  it('ends after the chunk in which the task was asked to stop', () => {
    const marks = sharedArray(Int32Array, 1000);
    const forker = new TestForker({ hungry: () => false, stolen: () => undefined });
    forker.chunksUntilAsked = 3;
    expect(() => inTask(forker, () => loop(0, 1000, { args: [marks, 0], grain: 10 }))).toThrow(
      'The task was asked to stop',
    );
    expect(marks.reduce((a, b) => a + b)).toBe(40);
  });

  it('runs nothing of a range that ends before it begins', () => {
    const marks = sharedArray(Int32Array, 10);
    inTask(new TestForker(SEQUENTIAL), () => loop(5, 2, { args: [marks, 0] }));
    expect(marks.some((n) => n !== 0)).toBe(false);
  });
});

describe('parallelFor', () => {
  it('throws what a body throws, here or in a child', () => {
    fc.assert(
      fc.property(fc.nat(999), (at) => {
        const run = (): void =>
          inTask(new TestForker(SEQUENTIAL), () => parallelFor(0, 1000, fail, { args: [at] }));
        expect(run).toThrow(new RangeError(`at ${at}`));
      }),
      { numRuns: 50 },
    );
  });

  it('runs in the order of the indices when nobody helps', () => {
    const seen: number[] = [];
    const see = (i: number): void => void seen.push(i);
    inTask(new TestForker(SEQUENTIAL), () => parallelFor(0, 500, see));
    expect(seen).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  it('forks nothing in a pool of one worker, or while no thief is hungry', () => {
    const nop = (): void => {};
    for (const forker of [
      new TestForker(SEQUENTIAL, 1),
      new TestForker({ hungry: () => false, stolen: () => undefined }),
    ]) {
      inTask(forker, () => parallelFor(0, 10_000, nop));
      expect(forker.forks).toBe(0);
    }
  });

  it('refuses bad arguments, and code outside a task', () => {
    const nop = (): void => {};
    expect(() => parallelFor(0, 1, nop)).toThrow(expect.objectContaining({ code: 'ERR_NO_CONTEXT' }));
    const inside =
      (code: () => void): (() => void) =>
      () =>
        inTask(new TestForker(SEQUENTIAL), code);
    expect(inside(() => parallelFor(0.5, 1, nop))).toThrow(
      'Expected `lo` to be a safe integer, got `0.5` (number)',
    );
    expect(inside(() => parallelFor(0, Infinity, nop))).toThrow('Expected `hi` to be a safe integer');
    expect(inside(() => parallelFor(0, 1, 'nop' as never))).toThrow(
      'Expected `body` to be a function exported',
    );
    expect(inside(() => parallelFor(0, 1, nop, { grain: 0 }))).toThrow('Expected `options.grain` to be');
    expect(inside(() => parallelFor(0, 1, nop, { args: 3 as never }))).toThrow(
      'Expected `options.args` to be',
    );
    expect(inside(() => parallelFor(0, 1, nop, { grian: 1 } as never))).toThrow(
      'Expected `options` to be made of',
    );
  });
});

describe('lazy splitting', () => {
  /** Indices that ran before the first fork, and forks, of a loop over so many by a clock that says what each takes, ms. */
  const looped = (indices: number, cost: (i: number) => number): { alone: number; forks: number } => {
    const f = new TestForker({ hungry: () => true, stolen: () => undefined }, 2);
    let time = 0;
    let alone = 0;
    let ran = 0;
    const here = (lo: number, hi: number): void => {
      for (let i = lo; i < hi; i++) time += cost(i);
      ran += hi - lo;
    };
    const code = (): void => {
      const fork = (): ReturnType<typeof f.fork<[], void>> => {
        if (f.forks === 0) alone = ran;
        return f.fork(() => {});
      };
      for (const handle of splitLazily(f, 0, indices, startOf(0), { here, fork })) f.join(handle);
    };
    inTask(f, code, () => time);
    return { alone, forks: f.forks };
  };

  it('asks no thief for a loop that is over sooner than one would come', () => {
    expect(looped(10_000, () => 2e-6).forks).toBe(0);
    expect(looped(10_000, () => 0).forks).toBe(0);
  });

  it('asks as soon as what is left is worth it', () => {
    // 0.1 ms an index: known after the first.
    expect(looped(10_000, () => 0.1)).toMatchObject({ alone: 1 });
    // 1 ms in all: when a chunk has taken more than there is beside its indices.
    const { alone, forks } = looped(100_000, () => 1e-5);
    expect(forks).toBeGreaterThan(0);
    expect(alone).toBeLessThan(1000);
  });

  it('asks at once for few indices, which may each be long', () => {
    expect(looped(511, () => 0)).toMatchObject({ alone: 0 });
  });

  it('runs no more than a sixteenth before it asks, where cheap indices are followed by dear ones', () => {
    const { alone, forks } = looped(10_000, (i) => (i < 100 ? 0 : 1));
    expect(forks).toBeGreaterThan(0);
    expect(alone).toBeLessThanOrEqual(1 + 8 + 64 + 512 + 625);
  });

  it('halves what is left, and gives the halves in the reverse order of their indices', () => {
    const f = new TestForker(SEQUENTIAL);
    const here: number[][] = [];
    const forked: number[][] = [];
    inTask(f, () => {
      const handles = splitLazily(
        f,
        0,
        16,
        { grain: 1, chunk: 1 },
        {
          here: (lo, hi) => void here.push([lo, hi]),
          fork: (lo, hi) => {
            forked.push([lo, hi]);
            return f.fork(() => {});
          },
        },
      );
      for (const handle of handles) f.join(handle);
    });
    expect(forked).toEqual([
      [8, 16],
      [5, 8],
      [4, 5],
    ]);
    expect(here).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it('aims at chunks of 10 to 20 µs', () => {
    expect(tuned(64, 0)).toBe(512);
    expect(tuned(64, 0.005)).toBe(128);
    expect(tuned(64, 0.015)).toBe(64);
    expect(tuned(64, 0.15)).toBe(6);
    expect(tuned(1, 50)).toBe(1);
  });
});
