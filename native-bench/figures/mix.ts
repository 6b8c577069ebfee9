import { threadId as mainThread } from 'node:worker_threads';
import type { RunningPool } from '../contenders/contender.ts';
import { mulberry32 } from '../statistics/random.ts';
import { crunch } from '../tasks/functions.mjs';
import { bimodalDurations, giantDurations, loadVariation, lowerBound, paretoDurations } from './durations.ts';
import type { Effort, Figure } from './figure.ts';

interface Load {
  readonly name: string;
  readonly title: string;
  readonly what: string;
  readonly tasksPerWorker: Readonly<Record<Effort, number>>;
  /** Durations in the order of submission, ms. */
  readonly durations: (perWorker: number, workers: number, random: () => number) => readonly number[];
}

interface Piece {
  readonly rounds: number;
  readonly ms: number;
}

interface Answer {
  readonly threadId: number;
  readonly ms: number;
  readonly value: number;
}

const SEED = 0x4d17;

/** Submits everything at once; returns the makespan, ms, and for how long each thread was busy. */
async function spanOf(
  pool: RunningPool,
  pieces: readonly Piece[],
): Promise<{ readonly makespan: number; readonly busy: ReadonlyMap<number, number> }> {
  const from = performance.now();
  const answers = (await Promise.all(
    pieces.map(({ rounds }) => pool.run('crunchWhere', [rounds])),
  )) as Answer[];
  const makespan = performance.now() - from;
  const wanted = new Map<number, number>();
  const busy = new Map<number, number>();
  answers.forEach(({ threadId, ms, value }, i) => {
    const { rounds } = pieces[i]!;
    const right = wanted.get(rounds) ?? crunch(rounds);
    wanted.set(rounds, right);
    if (value !== right) throw new Error(`Wrong result: crunchWhere(${rounds}) gave ${value}, not ${right}`);
    busy.set(threadId, (busy.get(threadId) ?? 0) + ms);
  });
  return { makespan, busy };
}

/** Tasks of very different durations submitted at once: who is left with the long ones, while others have nothing? */
function mixFigure(load: Load): Figure {
  return {
    name: load.name,
    title: load.title,
    method: (effort) =>
      `${load.what}; ${load.tasksPerWorker[effort]} tasks per worker of fixed work, other seeded draws in every round and the same for everybody, all submitted at once. Makespan against the lower bound max(longest task, total / workers), which no schedule can beat; load variation = standard deviation over mean of what each worker was busy`,
    metrics: [
      { name: 'overBound', label: 'makespan / bound', unit: '', better: 'lower' },
      { name: 'makespan', label: 'makespan', unit: 'ms', better: 'lower' },
      { name: 'variation', label: 'load variation', unit: '%', better: 'lower' },
    ],
    claims: [
      {
        kind: 'ratio',
        text: 'never slower than the best pool',
        metric: 'overBound',
        to: 'best pool',
        atMost: 1,
      },
    ],
    schedule: 'interleaved',
    rounds: { full: 7, quick: 3, smoke: 1 },
    limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
    async open({ effort, start, workers, pace }) {
      const pool = await start();
      const draw = (seed: number): Piece[] =>
        load.durations(load.tasksPerWorker[effort], workers, mulberry32(SEED + seed)).map((wished) => {
          const rounds = Math.max(1, Math.round(pace * wished));
          return { rounds, ms: rounds / pace };
        });
      let round = 0;
      await spanOf(pool, draw(round++));
      return {
        async sample() {
          const pieces = draw(round++);
          globalThis.gc?.();
          const { makespan, busy } = await spanOf(pool, pieces);
          const bound = lowerBound(
            pieces.map(({ ms }) => ms),
            workers,
          );
          // A program without threads has no load to spread.
          const variation = busy.has(mainThread) ? null : loadVariation([...busy.values()], workers);
          return { overBound: makespan / bound, makespan, variation };
        },
        end: () => pool.close(),
      };
    },
  };
}

const PARETO = { alpha: 1.3, least: 0.1, most: 30 };
const BIMODAL = { short: 0.1, long: 5, longPercent: 5 };
const SMALL_MS = 0.4;
/** So early that a pool that keeps every core busy has ended everything else when the giant ends, or later. */
const EARLY = 0.8;

export const pareto: Figure = mixFigure({
  name: 'mix-pareto',
  title: 'Heavy-tailed durations',
  what: `Pareto durations, shape ${PARETO.alpha}, from ${PARETO.least} to at most ${PARETO.most} ms`,
  tasksPerWorker: { full: 600, quick: 200, smoke: 10 },
  durations: (perWorker, workers, random) => paretoDurations(perWorker * workers, PARETO, random),
});

export const bimodal: Figure = mixFigure({
  name: 'mix-bimodal',
  title: 'Short tasks and a few long ones',
  what: `${100 - BIMODAL.longPercent} % of ${BIMODAL.short} ms and ${BIMODAL.longPercent} % of ${BIMODAL.long} ms in random order`,
  tasksPerWorker: { full: 600, quick: 200, smoke: 10 },
  durations: (perWorker, workers, random) => bimodalDurations(perWorker * workers, BIMODAL, random),
});

export const giant: Figure = mixFigure({
  name: 'mix-giant',
  title: 'One giant among many',
  what: `one task as long as all tasks of one worker, among tasks of ${SMALL_MS} ms and so early that the bound can be reached`,
  tasksPerWorker: { full: 250, quick: 100, smoke: 10 },
  durations: (perWorker, workers, random) =>
    giantDurations(
      perWorker * workers,
      { small: SMALL_MS, giant: perWorker * SMALL_MS, before: EARLY * perWorker },
      random,
    ),
});
