import { describe, expect, it } from 'vitest';
import type { RunningPool } from '../../native-bench/contenders/contender.ts';
import { single } from '../../native-bench/contenders/single.ts';
import { burstRate } from '../../native-bench/figures/burst-rate.ts';
import type { Figure, Stage } from '../../native-bench/figures/figure.ts';
import { payloadSweep } from '../../native-bench/figures/payload-sweep.ts';

async function stage(change: (pool: RunningPool) => RunningPool = (pool) => pool): Promise<Stage> {
  return {
    effort: 'smoke',
    workers: 2,
    pace: 1_000,
    runsTasks: true,
    start: async () => change(await single.start({ workers: 2 })),
  };
}

const names = ({ metrics }: Figure): string[] => metrics.map(({ name }) => name).toSorted();

describe('the sweep of payloads', () => {
  it('has a time for each of its sizes, from a number to 16 MB', async () => {
    const trial = await payloadSweep.open(await stage());
    const sample = await trial.sample();
    await trial.end();
    expect(Object.keys(sample).toSorted()).toEqual(names(payloadSweep));
    for (const value of Object.values(sample)) expect(value).toBeGreaterThan(0);
  });

  it.each(payloadSweep.metrics.map(({ label }, place) => [label, place] as const))(
    'counts only when what comes back is right: %s',
    async (label, place) => {
      // The warm-up is right; of the round, the values from this one on are not.
      const times = [2, 2, 2, 1, 2, 2, 2, 1];
      const before = [...times, ...times.slice(0, place)].reduce((sum, each) => sum + each, 0);
      let seen = 0;
      const lying = await payloadSweep.open(
        await stage((pool) => ({
          ...pool,
          run: async (...call) => {
            const answer = await pool.run(...call);
            return ++seen > before ? 'wrong' : answer;
          },
        })),
      );
      await expect(lying.sample()).rejects.toThrow(new RegExp(`^Wrong result of \\w+, ${label}, input 0$`));
      await lying.end();
    },
  );
});

describe('bursts', () => {
  it('are measured from a hundred tasks to a million, as far as the effort goes', async () => {
    const trial = await burstRate.open(await stage());
    const sample = await trial.sample();
    await trial.end();
    expect(Object.keys(sample).toSorted()).toEqual(names(burstRate));
    expect(sample).toMatchObject({ r100: expect.any(Number), r100000: null });
  });
});
