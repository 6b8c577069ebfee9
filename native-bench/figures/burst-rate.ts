import type { RunningPool } from '../contenders/contender.ts';
import { median } from '../measure.ts';
import type { Figure } from './figure.ts';
import { flood } from './flood.ts';

const SMALL = { full: 10_000, quick: 10_000, smoke: 50 };
const LARGE = { full: 1_000_000, quick: 100_000, smoke: 300 };
const SMALL_REPEATS = { full: 11, quick: 5, smoke: 1 };

async function rate(pool: RunningPool, tasks: number): Promise<number> {
  globalThis.gc?.();
  return (tasks / (await flood(pool, tasks))) * 1000;
}

export const burstRate: Figure = {
  name: 'burst-rate',
  title: 'Rate with very many waiting tasks',
  method: (effort) =>
    `${LARGE[effort].toLocaleString('en')} tasks submitted at once, beside ${SMALL[effort].toLocaleString('en')} (median of ${SMALL_REPEATS[effort]}) in the same process`,
  metrics: [
    { name: 'large', label: 'tasks/s, large burst', unit: '1/s', better: 'higher' },
    { name: 'small', label: 'tasks/s, small burst', unit: '1/s', better: 'higher' },
    { name: 'kept', label: 'large / small', unit: '', better: 'higher' },
  ],
  claims: [
    {
      kind: 'value',
      text: 'the large burst at no less than 80 % of the rate of the small one',
      metric: 'kept',
      atLeast: 0.8,
    },
  ],
  schedule: 'fresh',
  rounds: { full: 3, quick: 2, smoke: 1 },
  peerRounds: { full: 1, quick: 1, smoke: 1 },
  limitMs: { full: 120_000, quick: 30_000, smoke: 15_000 },
  async open({ effort, start }) {
    const pool = await start();
    await flood(pool, SMALL[effort]);
    return {
      async sample() {
        const rates: number[] = [];
        for (let i = 0; i < SMALL_REPEATS[effort]; i++) rates.push(await rate(pool, SMALL[effort]));
        const small = median(rates);
        const large = await rate(pool, LARGE[effort]);
        return { large, small, kept: large / small };
      },
      end: () => pool.close(),
    };
  },
};
