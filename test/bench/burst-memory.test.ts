import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningPool } from '../../native-bench/contenders/contender.ts';
import { burstMemory } from '../../native-bench/figures/burst-memory.ts';
import type { Sample } from '../../native-bench/figures/figure.ts';

const KEPT_WORDS = 4_096;
const BYTES = KEPT_WORDS * 8;

/** A pool of this thread, with one task that holds it. Tasks wait for that one, each with as much memory as is given. */
function poolOf(words: number, waits = true): RunningPool {
  const waiting: (() => void)[] = [];
  const kept: number[][] = [];
  return {
    run(task, args) {
      if (task === 'add') {
        const [a, b] = args as [number, number];
        kept.push(new Array(words).fill(a + 0.5));
        return new Promise((resolve) => {
          if (waits) waiting.push(() => resolve(a + b));
          else resolve(a + b);
        });
      }
      const held = new Int32Array((args as [SharedArrayBuffer])[0]);
      Atomics.add(held, 0, 1);
      return new Promise((resolve) => {
        const look = setInterval(() => {
          if (Atomics.load(held, 1) === 0) return;
          clearInterval(look);
          for (const answer of waiting) answer();
          resolve(true);
        }, 1);
      });
    },
    close: async () => {},
  };
}

async function sampleOf(pool: RunningPool): Promise<Sample> {
  const stage = { effort: 'smoke', workers: 1, pace: 1, runsTasks: true } as const;
  const trial = await burstMemory.open({ ...stage, start: async () => pool });
  try {
    return await trial.sample();
  } finally {
    await trial.end();
  }
}

describe('the memory of waiting tasks', () => {
  const { gc: before } = globalThis;
  beforeAll(() => {
    setFlagsFromString('--expose-gc');
    globalThis.gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>;
  });
  afterAll(() => {
    globalThis.gc = before;
  });

  it('is that of one task, at each size', async () => {
    const sample = await sampleOf(poolOf(KEPT_WORDS));
    for (const size of ['heap', 'heap100']) {
      expect(sample[size], size).toBeGreaterThan(BYTES);
      // Of all tasks, or of the hundred before, it would be far more, or far less.
      expect(sample[size], size).toBeLessThan(1.5 * BYTES);
    }
    expect(sample['bytes']).toBeGreaterThanOrEqual(sample['heap']!);
  });

  it('has no value for sizes that are not reached, and a metric for each value', async () => {
    const sample = await sampleOf(poolOf(1));
    expect(sample).toMatchObject({ heap1000: null, heap10000: null, heap100000: null });
    expect(burstMemory.metrics.map(({ name }) => name)).toEqual(Object.keys(sample));
  });

  it('is none where tasks do not wait', async () => {
    await expect(sampleOf(poolOf(1, false))).rejects.toThrow('The tasks did not wait for the gate');
  });
});
