import { describe, expect, it } from 'vitest';
import type { Stage } from '../../native-bench/figures/figure.ts';
import { type Batch, nanoseconds } from '../../native-bench/figures/primitives/batch.ts';
import { primitives } from '../../native-bench/suites/primitives.ts';

const DEADLINE_MS = 60_000;

const stage: Stage = {
  effort: 'smoke',
  workers: 2,
  pace: 1_000,
  runsTasks: true,
  start: () => Promise.reject(new Error('Primitives need no pool')),
};

const counting: Batch = {
  name: 'counting',
  label: 'counting',
  run: (calls) => {
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += i & 1;
    return sum;
  },
  wanted: (calls) => calls / 2,
};

describe('a batch', () => {
  it('is measured in nanoseconds for each call', async () => {
    let called = 0;
    const slow: Batch = {
      ...counting,
      run: (calls) => {
        called++;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
        return counting.run(calls);
      },
    };
    const { counting: each } = await nanoseconds([slow], 'smoke', 1_000);
    // 2 ms of waiting over 1,000 calls are 2,000 ns each.
    expect(each).toBeGreaterThan(1_900);
    expect(called).toBeGreaterThan(0);
  });

  it('counts only when its result is the one wanted', async () => {
    const lying: Batch = { ...counting, wanted: (calls) => calls };
    await expect(nanoseconds([lying], 'smoke', 100)).rejects.toThrow(
      'Wrong result: 100 calls of counting gave 50, not 100',
    );
  });
});

describe.each(primitives.figures)('$name', (figure) => {
  it('has a value for each of its metrics', { timeout: DEADLINE_MS }, async () => {
    const trial = await figure.open(stage);
    try {
      const sample = await trial.sample();
      expect(Object.keys(sample).sort()).toEqual(figure.metrics.map(({ name }) => name).sort());
      for (const value of Object.values(sample)) expect(value).toBeGreaterThan(0);
    } finally {
      await trial.end();
    }
  });

  it('is measured of Millrace alone', () => {
    expect(figure.entrants).toEqual(['millrace']);
  });
});
