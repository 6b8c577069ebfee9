import type { RunningPool } from '../contenders/contender.ts';
import { quantile } from '../measure.ts';
import { mulberry32 } from '../statistics/random.ts';
import { crunch } from '../tasks/functions.mjs';
import type { Figure } from './figure.ts';

/**
 * Durations of background tasks, 1 ms on average. Tasks of exactly 1 ms would end in step with the timers behind the urgent
 * ones, which fire in whole milliseconds: every urgent task would come just before a worker is free.
 */
const BACKGROUND_MS = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5];
const MEAN_MS = 1;
const URGENT_MS = 0.1;
/** Background tasks of each worker. */
const FLOOD = { full: 300, quick: 100, smoke: 10 };
/** Gaps between urgent tasks, `EVERY_MS` on average. */
const GAPS_MS = [1, 2, 3, 4, 5];
const EVERY_MS = 3;
const SEED = 0x0e57;
/** The last urgent task is submitted when so much of the shortest possible makespan has passed. */
const WHILE = 0.8;

interface Work {
  readonly rounds: number;
  readonly wanted: number;
}

/** Submits all of it at once, and resolves when it has ended. */
async function flood(pool: RunningPool, pieces: readonly Work[]): Promise<void> {
  const answers = await Promise.all(pieces.map(({ rounds }) => pool.run('crunch', [rounds])));
  answers.forEach((answer, i) => {
    check(answer, pieces[i]!);
  });
}

function check(answer: unknown, { rounds, wanted }: Work): void {
  if (answer === wanted) return;
  throw new Error(`Wrong result: crunch(${rounds}) gave ${String(answer)}, not ${wanted}`);
}

/**
 * Submits one urgent task after each gap, ms, and resolves to the latencies of all, ms. The clock of a task starts when it
 * is due, so that a main thread that comes late to submit it counts; timers may also be early by part of a millisecond.
 */
function latencies(pool: RunningPool, work: Work, gaps: readonly number[]): Promise<number[]> {
  const submit = pool.urgent ?? pool.run;
  return new Promise((resolve, reject) => {
    const times: number[] = [];
    const settled = (from: number, answer: unknown): void => {
      times.push(performance.now() - from);
      check(answer, work);
      if (times.length === gaps.length) resolve(times);
    };
    const next = (i: number): void => {
      if (i === gaps.length) return;
      const due = performance.now() + gaps[i]!;
      setTimeout(() => {
        next(i + 1);
        const from = Math.min(due, performance.now());
        submit('crunch', [work.rounds])
          .then((answer) => settled(from, answer))
          .then(undefined, reject);
      }, gaps[i]);
    };
    next(0);
  });
}

export const urgent: Figure = {
  name: 'mix-urgent',
  title: 'Urgent tasks during a flood',
  method: (effort) =>
    `${FLOOD[effort]} background tasks per worker of ${BACKGROUND_MS[0]} to ${BACKGROUND_MS.at(-1)} ms (seeded, ${MEAN_MS} ms on average), submitted at once; meanwhile, after seeded gaps of ${GAPS_MS[0]} to ${GAPS_MS.at(-1)} ms, an urgent task of ${URGENT_MS} ms, from when it is due to be submitted until its promise settles. Millrace runs them with priority \`critical\`, jest-worker with its priority queue, poolifier-queue with a priority of the task function; the others have no priorities of their own and take them in turn. Makespan of everything against total / workers: what the others wait for the urgent ones`,
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
    const background = BACKGROUND_MS.map(work);
    const pressing = work(URGENT_MS);

    async function mixed(
      perWorker: number,
      seed: number,
    ): Promise<{ readonly times: number[]; readonly overBound: number }> {
      const random = mulberry32(SEED + seed);
      const one = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
      const pieces = Array.from({ length: workers * perWorker }, () => one(background));
      const urgents = Math.max(1, Math.floor((WHILE * perWorker * MEAN_MS) / EVERY_MS));
      const gaps = Array.from({ length: urgents }, () => one(GAPS_MS));
      const rounds = pieces.reduce((sum, piece) => sum + piece.rounds, urgents * pressing.rounds);
      const from = performance.now();
      const flooded = flood(pool, pieces);
      const [times] = await Promise.all([latencies(pool, pressing, gaps), flooded]);
      const makespan = performance.now() - from;
      return { times, overBound: makespan / (rounds / pace / workers) };
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
