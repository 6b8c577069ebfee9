import type { RunningPool } from '../contenders/contender.ts';
import { quantile } from '../measure.ts';
import { crunch } from '../tasks/functions.mjs';
import { batch } from './batch.ts';
import { seeded } from './durations.ts';
import type { Figure } from './figure.ts';

const BACKGROUND_MS = 1;
const URGENT_MS = 0.1;
/** Background tasks of each worker. */
const FLOOD = { full: 300, quick: 100, smoke: 10 };
/** Random gaps between urgent tasks, so that they keep no step with the background: on average `EVERY_MS`. */
const GAPS_MS = [1, 2, 3, 4, 5];
const EVERY_MS = 3;
const SEED = 0x0e57;
/** The last urgent task is submitted when so much of the shortest possible makespan has passed. */
const WHILE = 0.8;

interface Work {
  readonly rounds: number;
  readonly wanted: number;
}

/** Submits one urgent task after each gap, ms, and resolves to the latencies of all, ms. */
function latencies(pool: RunningPool, { rounds, wanted }: Work, gaps: readonly number[]): Promise<number[]> {
  const submit = pool.urgent ?? pool.run;
  return new Promise((resolve, reject) => {
    const times: number[] = [];
    const next = (i: number): void => {
      if (i === gaps.length) return;
      setTimeout(() => {
        next(i + 1);
        const from = performance.now();
        submit('crunch', [rounds]).then((value) => {
          times.push(performance.now() - from);
          if (value !== wanted) {
            reject(new Error(`Wrong result: crunch(${rounds}) gave ${String(value)}, not ${wanted}`));
          } else if (times.length === gaps.length) {
            resolve(times);
          }
        }, reject);
      }, gaps[i]);
    };
    next(0);
  });
}

export const urgent: Figure = {
  name: 'mix-urgent',
  title: 'Urgent tasks during a flood',
  method: (effort) =>
    `${FLOOD[effort]} background tasks per worker of ${BACKGROUND_MS} ms, submitted at once; meanwhile, after seeded gaps of ${GAPS_MS[0]} to ${GAPS_MS.at(-1)} ms, an urgent task of ${URGENT_MS} ms, from its submission until its promise settles. Millrace runs them with priority \`critical\`, jest-worker with its priority queue, poolifier-queue with a priority of the task function; the others have no priorities of their own and take them in turn. Makespan of everything against total / workers: what the others wait for the urgent ones`,
  metrics: [
    { name: 'p99', label: 'urgent p99', unit: 'ms', better: 'lower' },
    { name: 'p50', label: 'urgent p50', unit: 'ms', better: 'lower' },
    { name: 'overBound', label: 'makespan / bound', unit: '', better: 'lower' },
  ],
  claims: [
    {
      kind: 'ratio',
      text: 'urgent tasks wait no longer than with the best pool (p99)',
      metric: 'p99',
      to: 'best pool',
      atMost: 1,
      noise: 0.1,
    },
  ],
  schedule: 'interleaved',
  rounds: { full: 5, quick: 3, smoke: 1 },
  // A pool started for this figure, since priorities may have to be asked for at the start.
  newPool: true,
  needs: ['threads'],
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
  async open({ effort, start, workers, pace }) {
    const pool = await start({ priorities: true });
    const work = (ms: number): Work => {
      const rounds = Math.max(1, Math.round(pace * ms));
      return { rounds, wanted: crunch(rounds) };
    };
    const background = work(BACKGROUND_MS);
    const pressing = work(URGENT_MS);

    async function mixed(
      perWorker: number,
      seed: number,
    ): Promise<{ readonly times: number[]; readonly overBound: number }> {
      const count = Math.max(1, Math.floor((WHILE * perWorker * BACKGROUND_MS) / EVERY_MS));
      const random = seeded(SEED + seed);
      const gaps = Array.from({ length: count }, () => GAPS_MS[Math.floor(random() * GAPS_MS.length)]!);
      const from = performance.now();
      const flooded = batch(pool, workers * perWorker, background.rounds, background.wanted);
      const [times] = await Promise.all([latencies(pool, pressing, gaps), flooded]);
      const makespan = performance.now() - from;
      const total = (workers * perWorker * background.rounds + count * pressing.rounds) / pace;
      return { times, overBound: makespan / (total / workers) };
    }

    let round = 0;
    // Long enough that every worker has started: poolifier learns of priorities from its workers.
    await mixed(FLOOD[effort === 'full' ? 'quick' : effort], round++);
    return {
      async sample() {
        globalThis.gc?.();
        const { times, overBound } = await mixed(FLOOD[effort], round++);
        return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), overBound };
      },
      end: () => pool.close(),
    };
  },
};
