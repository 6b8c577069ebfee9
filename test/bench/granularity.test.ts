import { describe, expect, it } from 'vitest';
import type { RunningPool } from '../../native-bench/contenders/contender.ts';
import { single } from '../../native-bench/contenders/single.ts';
import { batch, batchSize } from '../../native-bench/figures/batch.ts';
import { granularity } from '../../native-bench/figures/granularity.ts';
import { type CurvePoint, durationOf, efficiencyMetric, metg } from '../../native-bench/figures/metg.ts';
import { crunch } from '../../native-bench/tasks/functions.mjs';

describe('METG', () => {
  const curve = (...points: readonly (readonly [us: number, efficiency: number])[]): CurvePoint[] =>
    points.map(([us, efficiency]) => ({ us, efficiency }));

  it('lies between two durations, straight over the logarithm', () => {
    const points = curve([1, 25], [4, 75], [16, 90]);
    expect(metg(points, 50)).toEqual({ kind: 'at', us: 2 });
    expect(metg(points.toReversed(), 50)).toEqual({ kind: 'at', us: 2 });
    const tenth = metg(curve([1, 0], [10, 100]), 10);
    expect(tenth).toEqual({ kind: 'at', us: expect.closeTo(10 ** 0.1, 10) });
  });

  it('is a duration measured, where that has exactly the efficiency', () => {
    expect(metg(curve([1, 10], [2, 50], [5, 60]), 50)).toEqual({ kind: 'at', us: 2 });
  });

  it('is the first crossing, also when longer tasks fall below it again', () => {
    expect(metg(curve([1, 25], [4, 75], [16, 40], [64, 90]), 50)).toEqual({ kind: 'at', us: 2 });
  });

  it('is a bound where it lies outside of what was measured', () => {
    expect(metg(curve([5, 51], [10, 80]), 50)).toEqual({ kind: 'atMost', us: 5 });
    expect(metg(curve([5, 10], [10, 49.9]), 50)).toEqual({ kind: 'moreThan', us: 10 });
    expect(() => metg([], 50)).toThrow(RangeError);
  });
});

describe('the metrics of the curve', () => {
  it('say their duration in their name, in rising order', () => {
    expect(efficiencyMetric(0.5)).toBe('e_0.5us');
    const durations = granularity.metrics.flatMap(({ name }) => durationOf(name) ?? []);
    expect(durations).toHaveLength(15);
    expect(durations).toEqual(durations.toSorted((a, b) => a - b));
    expect(durations.map(efficiencyMetric)).toEqual(
      granularity.metrics.map(({ name }) => name).filter((name) => name.startsWith('e_')),
    );
    expect(durationOf('metg')).toBeUndefined();
  });

  it('are all filled by a round, with METG or the bound of it', async () => {
    const trial = await granularity.open({
      effort: 'smoke',
      workers: 2,
      pace: 1_000,
      start: () => single.start({ workers: 2 }),
      runsTasks: true,
    });
    const sample = await trial.sample();
    await trial.end();
    const known = Object.keys(sample).filter((name) => typeof sample[name] === 'number');
    expect(known).toEqual(expect.arrayContaining(['e_10us', 'e_1000us']));
    expect(known.filter((name) => name.startsWith('metg'))).toHaveLength(1);
  });
});

describe('a batch', () => {
  const answering = (value: (i: number) => unknown): RunningPool => {
    let submitted = 0;
    return { run: async () => value(submitted++), close: async () => {} };
  };

  it('resolves when all have settled, and notices one wrong result', async () => {
    const right = crunch(10);
    await expect(
      batch(
        answering(() => right),
        50,
        10,
        right,
      ),
    ).resolves.toBeGreaterThan(0);
    for (const wrong of [0, 49]) {
      const pool = answering((i) => (i === wrong ? right + 1 : right));
      await expect(batch(pool, 50, 10, right)).rejects.toThrow(/Wrong result/);
    }
    const failing: RunningPool = {
      ...answering(() => right),
      run: () => Promise.reject(new Error('gone')),
    };
    await expect(batch(failing, 3, 10, right)).rejects.toThrow('gone');
  });

  const limits = { wallMs: 100, multipleOf: 2, least: 4, most: 10_000 };

  it('is as large as fills the time, whatever waking the workers costs', async () => {
    const size = await batchSize(limits, async (count) => 0.5 + count * 0.1);
    expect(size).toBeGreaterThan(900);
    expect(size).toBeLessThan(1_100);
    expect(size % 2).toBe(0);
  });

  it.each([1, 2, 3])('does not end up small because %i tries were disturbed', async (disturbed) => {
    let tries = 0;
    const size = await batchSize(limits, async (count) => (tries++ < disturbed ? 45 : 0) + count * 0.1);
    expect(size).toBeGreaterThan(900);
    let others = 0;
    const late = await batchSize(
      limits,
      async (count) => (others++ % 3 < disturbed - 1 ? 80 : 0) + count * 0.1,
    );
    expect(late).toBeGreaterThan(900);
  });

  it('stays within its limits, and never grows much at once', async () => {
    expect(await batchSize(limits, async () => 0)).toBe(10_000);
    expect(await batchSize(limits, async (count) => count * 1_000)).toBe(4);
    const tried: number[] = [];
    await batchSize(limits, async (count) => {
      tried.push(count);
      return (count / 50) ** 2;
    });
    expect(tried.length).toBeGreaterThan(1);
    for (const [i, count] of tried.entries()) expect(count).toBeLessThanOrEqual(8 * (tried[i - 1] ?? 4));
  });
});
