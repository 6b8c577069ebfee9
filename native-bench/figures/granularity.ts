import type { RunningPool } from '../contenders/contender.ts';
import { crunch } from '../tasks/functions.mjs';
import { batch, batchSize } from './batch.ts';
import type { Effort, Figure, Metric, Sample } from './figure.ts';
import { type CurvePoint, efficiencyMetric, metg } from './metg.ts';

/** Durations of one task, µs. */
const ALL = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000];
const DURATIONS: Readonly<Record<Effort, readonly number[]>> = {
  full: ALL,
  quick: ALL.filter((us) => us >= 1 && us <= 10_000),
  smoke: [10, 1_000],
};
/** In the printed table; the others are points of the plot. */
const COLUMNS = [1, 10, 100, 1_000, 10_000];
/** Wall time of the tasks of one duration. */
const WALL_MS: Readonly<Record<Effort, number>> = { full: 50, quick: 12, smoke: 1 };
const MOST_TASKS: Readonly<Record<Effort, number>> = { full: 400_000, quick: 50_000, smoke: 50 };
/** Of the longest tasks each worker gets at least so many. */
const LEAST_PER_WORKER: Readonly<Record<Effort, number>> = { full: 2, quick: 1, smoke: 1 };
const PERCENT = 50;

/** The tasks of one duration, as they are submitted to one contender. */
interface Load {
  readonly us: number;
  readonly rounds: number;
  readonly wanted: number;
  readonly count: number;
}

function label(us: number): string {
  return us < 1_000 ? `${us} µs` : `${us / 1_000} ms`;
}

const CURVE: readonly Metric[] = ALL.map((us) => ({
  name: efficiencyMetric(us),
  label: label(us),
  unit: '%',
  better: 'higher',
  ...(COLUMNS.includes(us) ? {} : { detail: true }),
}));

/** Where METG lies, or on which side of all durations it lies. */
function metgOf(points: readonly CurvePoint[]): Sample {
  const found = metg(points, PERCENT);
  return {
    metg: found.kind === 'at' ? found.us : null,
    metgAtMost: found.kind === 'atMost' ? found.us : null,
    metgMoreThan: found.kind === 'moreThan' ? found.us : null,
  };
}

export const granularity: Figure = {
  name: 'metg',
  title: 'METG(50 %) and the efficiency curve',
  method: (effort) =>
    `tasks of equal fixed work, of ${label(DURATIONS[effort][0]!)} to ${label(DURATIONS[effort].at(-1)!)} each; of every duration as many as take this contender about ${WALL_MS[effort]} ms (at least ${LEAST_PER_WORKER[effort]} per worker), submitted at once. Efficiency = tasks × duration / (workers × makespan), the duration being the rounds of work over the pace of one thread alone; METG = the smallest duration with ${PERCENT} %, between two durations straight over the logarithm. The single-threaded program is held to the cores of all workers, too: of its own core it uses as many times more as there are workers, and with two workers it stays near 50 %, so that its METG says nothing`,
  metrics: [
    { name: 'metg', label: `METG(${PERCENT} %)`, unit: 'µs', better: 'lower' },
    {
      name: 'metgAtMost',
      label: 'METG at most',
      unit: 'µs',
      better: 'lower',
    },
    { name: 'metgMoreThan', label: 'METG more than', unit: 'µs', better: 'lower' },
    ...CURVE,
  ],
  claims: [
    {
      kind: 'ratio',
      text: 'tasks may be smaller than with the best pool',
      metric: 'metg',
      to: 'best pool',
      atMost: 1,
    },
  ],
  schedule: 'interleaved',
  rounds: { full: 5, quick: 3, smoke: 1 },
  limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
  async open({ effort, start, workers, pace }) {
    const pool = await start();
    const loads: Load[] = [];
    // From long to short, so that the threads are awake when the calls themselves are measured.
    for (const us of DURATIONS[effort].toReversed()) loads.push(await loadOf(pool, us));

    async function loadOf(running: RunningPool, us: number): Promise<Load> {
      const rounds = Math.max(1, Math.round((pace * us) / 1_000));
      const wanted = crunch(rounds);
      const least = LEAST_PER_WORKER[effort] * workers;
      const time = (tasks: number): Promise<number> => batch(running, tasks, rounds, wanted);
      if ((LEAST_PER_WORKER[effort] * us) / 1_000 >= WALL_MS[effort]) {
        // The least takes longer than wished, so there is nothing to find out.
        await time(least);
        return { us, rounds, wanted, count: least };
      }
      const count = await batchSize(
        { wallMs: WALL_MS[effort], multipleOf: workers, least, most: MOST_TASKS[effort] },
        time,
      );
      return { us, rounds, wanted, count };
    }

    return {
      async sample() {
        globalThis.gc?.();
        const points: CurvePoint[] = [];
        for (const { us, rounds, wanted, count } of loads) {
          const elapsed = await batch(pool, count, rounds, wanted);
          points.push({ us, efficiency: (100 * count * (rounds / pace)) / (workers * elapsed) });
        }
        return {
          ...metgOf(points),
          ...Object.fromEntries(points.map(({ us, efficiency }) => [efficiencyMetric(us), efficiency])),
        };
      },
      end: () => pool.close(),
    };
  },
};
