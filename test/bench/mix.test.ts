import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunningPool } from '../../native-bench/contenders/contender.ts';
import { single } from '../../native-bench/contenders/single.ts';
import {
  bimodalDurations,
  giantDurations,
  loadVariation,
  lowerBound,
  paretoDurations,
} from '../../native-bench/figures/durations.ts';
import type { Stage } from '../../native-bench/figures/figure.ts';
import { giant, pareto } from '../../native-bench/figures/mix.ts';
import { urgent } from '../../native-bench/figures/urgent.ts';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import { crunch, crunchWhere } from '../../native-bench/tasks/functions.mjs';

/** Ends each task on the core that is free first; returns when each core is free in the end. */
function greedy(durations: readonly number[], cores: number): number[] {
  const free = new Array<number>(cores).fill(0);
  for (const ms of durations) free[free.indexOf(Math.min(...free))]! += ms;
  return free;
}

describe('seeded durations', () => {
  it('are the same for the same seed and others for another', () => {
    const draw = (seed: number): number[] =>
      paretoDurations(50, { alpha: 1.3, least: 0.1, most: 30 }, mulberry32(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('are uniform before they are shaped', () => {
    const values = Array.from({ length: 20_000 }, mulberry32(7));
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = values.filter((value) => Math.floor(value * 10) === tenth).length / values.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.01);
    }
  });

  it('of Pareto stay within their limits and have the tail they say', () => {
    const alpha = 1.3;
    const least = 0.1;
    const most = 30;
    const values = paretoDurations(50_000, { alpha, least, most }, mulberry32(3));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...values)).toBeLessThanOrEqual(most);
    for (const x of [0.2, 1, 5]) {
      const beyond = ((least / x) ** alpha - (least / most) ** alpha) / (1 - (least / most) ** alpha);
      const seen = values.filter((value) => value > x).length / values.length;
      expect(Math.abs(seen - beyond)).toBeLessThan(0.01);
    }
  });

  it('of two kinds have exactly as many long ones as asked for, anywhere', () => {
    const values = bimodalDurations(400, { short: 0.1, long: 5, longPercent: 5 }, mulberry32(4));
    const places = values.flatMap((value, i) => (value === 5 ? i : []));
    expect(values).toHaveLength(400);
    expect(places).toHaveLength(20);
    expect(values.filter((value) => value === 0.1)).toHaveLength(380);
    expect(places).not.toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('with a giant let a pool that keeps its cores busy reach the bound', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 16 }), (seed, workers) => {
        const small = 0.4;
        const durations = giantDurations(100 * workers, { small, giant: 40, before: 80 }, mulberry32(seed));
        expect(durations).toHaveLength(100 * workers + 1);
        expect(durations.filter((ms) => ms === 40)).toHaveLength(1);
        const makespan = Math.max(...greedy(durations, workers));
        expect(makespan).toBeLessThanOrEqual(lowerBound(durations, workers) + small + 1e-9);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the lower bound', () => {
  it('is the longest task or the work of each core, whichever is more', () => {
    expect(lowerBound([1, 2, 3], 2)).toBe(3);
    expect(lowerBound([1, 2, 3, 4], 2)).toBe(5);
    expect(lowerBound([], 2)).toBe(0);
  });

  it('is never beaten by a greedy schedule, which is within twice of it', () => {
    const tasks = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(tasks, fc.integer({ min: 1, max: 8 }), (durations, cores) => {
        const makespan = Math.max(...greedy(durations, cores));
        const bound = lowerBound(durations, cores);
        expect(makespan).toBeGreaterThanOrEqual(bound);
        expect(makespan).toBeLessThan(2 * bound);
      }),
    );
  });
});

describe('the variation of load', () => {
  it('is nothing among equals, and counts those who did nothing', () => {
    expect(loadVariation([5, 5], 2)).toBe(0);
    expect(loadVariation([10], 2)).toBeCloseTo(100);
    expect(loadVariation([3, 1], 2)).toBeCloseTo(50);
    expect(loadVariation([3, 1], 2)).toBe(loadVariation([6, 2], 2));
    expect(() => loadVariation([], 2)).toThrow(RangeError);
  });
});

describe('the figures of the mix', () => {
  const stage = (pool: RunningPool): Stage => ({
    effort: 'smoke',
    workers: 2,
    pace: 1_000,
    start: async () => pool,
    runsTasks: true,
  });

  it('measure a program of one thread, which spreads no load', async () => {
    const trial = await giant.open(stage(await single.start({ workers: 2 })));
    expect(await trial.sample()).toEqual({
      overBound: expect.any(Number),
      makespan: expect.any(Number),
      variation: null,
    });
    await trial.end();
  });

  it('say how unevenly the threads were busy', async () => {
    let task = 0;
    const pool: RunningPool = {
      run: async (_name, [rounds]) => ({
        ...crunchWhere(rounds as number),
        threadId: 1 + (task++ % 4 === 0 ? 1 : 0),
        ms: 1,
      }),
      close: async () => {},
    };
    const trial = await pareto.open(stage(pool));
    // Of 20 tasks of 1 ms, 5 on the one thread and 15 on the other.
    expect((await trial.sample())['variation']).toBeCloseTo(50);
  });

  it('notice a wrong result', async () => {
    const lying: RunningPool = {
      run: async (name, [rounds]) => {
        const wrong = crunch(rounds as number) + 1;
        return name === 'crunch' ? wrong : { threadId: 1, ms: 1, value: wrong };
      },
      close: async () => {},
    };
    await expect(giant.open(stage(lying))).rejects.toThrow(/Wrong result/);
    await expect(urgent.open(stage(lying))).rejects.toThrow(/Wrong result/);
  });

  it('submit urgent tasks as such where the contender can, and plainly where not', async () => {
    const seen: string[] = [];
    const answer =
      (how: string): RunningPool['run'] =>
      async (_name, [rounds]) => {
        seen.push(how);
        return crunch(rounds as number);
      };
    const plain: RunningPool = { run: answer('run'), close: async () => {} };
    const asked: unknown[] = [];
    const opened = async (pool: RunningPool): Promise<readonly string[]> => {
      seen.length = 0;
      await urgent.open({
        ...stage(pool),
        start: async (options) => {
          asked.push(options);
          return pool;
        },
      });
      return seen.toSorted();
    };
    const background = new Array<string>(20).fill('run');
    expect(await opened(plain)).toEqual([...background, 'run', 'run']);
    expect(await opened({ ...plain, urgent: answer('urgent') })).toEqual([...background, 'urgent', 'urgent']);
    expect(asked).toEqual([{ priorities: true }, { priorities: true }]);
  });
});
