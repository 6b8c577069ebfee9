import type { RunningPool } from '../contenders/contender.ts';
import { median } from '../measure.ts';
import type { Effort, Figure, Metric } from './figure.ts';
import { flood } from './flood.ts';

const SMALL = { full: 10_000, quick: 10_000, smoke: 50 };
const LARGE = { full: 1_000_000, quick: 50_000, smoke: 300 };
/** Bursts that are only shown, with how often each is measured: a whole curve from 10^2 on, with the two above. */
const SHOWN: readonly {
  readonly name: string;
  readonly tasks: number;
  readonly repeats: Readonly<Record<Effort, number>>;
}[] = [
  { name: 'r100', tasks: 100, repeats: { full: 51, quick: 21, smoke: 1 } },
  { name: 'r1000', tasks: 1_000, repeats: { full: 31, quick: 11, smoke: 0 } },
  { name: 'r100000', tasks: 100_000, repeats: { full: 3, quick: 0, smoke: 0 } },
];
const SMALL_REPEATS = { full: 11, quick: 3, smoke: 1 };

async function rates(pool: RunningPool, tasks: number, repeats: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < repeats; i++) seen.push(await rate(pool, tasks));
  return seen;
}

async function rate(pool: RunningPool, tasks: number): Promise<number> {
  globalThis.gc?.();
  return (tasks / (await flood(pool, tasks))) * 1000;
}

export const burstRate: Figure = {
  name: 'burst-rate',
  title: 'Rate with very many waiting tasks',
  method: (effort) =>
    `${LARGE[effort].toLocaleString('en')} tasks submitted at once, beside ${SMALL[effort].toLocaleString('en')} (median of ${SMALL_REPEATS[effort]}) and other bursts (medians, too) in the same process`,
  metrics: [
    { name: 'large', label: 'tasks/s, large burst', unit: '1/s', better: 'higher' },
    { name: 'small', label: 'tasks/s, small burst', unit: '1/s', better: 'higher' },
    { name: 'kept', label: 'large / small', unit: '', better: 'higher' },
    ...SHOWN.map(
      ({ name, tasks }): Metric => ({
        name,
        label: `tasks/s, ${tasks.toLocaleString('en')} at once`,
        unit: '1/s',
        better: 'higher',
      }),
    ),
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
        const shown: Record<string, number | null> = {};
        for (const { name, tasks, repeats } of SHOWN) {
          const seen = await rates(pool, tasks, repeats[effort]);
          shown[name] = seen.length === 0 ? null : median(seen);
        }
        const small = median(await rates(pool, SMALL[effort], SMALL_REPEATS[effort]));
        const large = await rate(pool, LARGE[effort]);
        return { large, small, kept: large / small, ...shown };
      },
      end: () => pool.close(),
    };
  },
};
