import type { RunningPool } from '../contenders/contender.ts';
import type { Effort, Figure } from './figure.ts';

/** How much longer a task may have been than asked for before the answer is called wrong; the machine may be shared. */
const LONGEST = 50;

/** Tasks that keep a core busy: here a pool can only lose. */
function busyFigure(ms: number, perWorker: Readonly<Record<Effort, number>>): Figure {
  async function makespan(pool: RunningPool, tasks: number): Promise<number> {
    const from = performance.now();
    const answers = await Promise.all(Array.from({ length: tasks }, () => pool.run('spin', [ms])));
    const elapsed = performance.now() - from;
    for (const answer of answers) {
      if (typeof answer !== 'number' || answer < ms || answer > ms * LONGEST) {
        throw new Error(`Wrong result: spin(${ms}) gave ${String(answer)}`);
      }
    }
    return elapsed;
  }

  return {
    name: `busy-${ms}ms`,
    title: `${ms} ms tasks`,
    method: (effort) =>
      `${perWorker[effort]} tasks per worker, each busy for ${ms} ms of wall time, submitted at once; useful work = tasks × ${ms} ms / (workers × makespan)`,
    metrics: [
      { name: 'useful', label: 'useful work', unit: '%', better: 'higher' },
      { name: 'makespan', label: 'makespan', unit: 'ms', better: 'lower' },
    ],
    claims: [
      {
        kind: 'ratio',
        text: 'never slower than the best pool',
        metric: 'useful',
        to: 'best pool',
        atLeast: 1,
        noise: 0.02,
      },
    ],
    schedule: 'interleaved',
    rounds: { full: 7, quick: 3, smoke: 1 },
    limitMs: { full: 30_000, quick: 30_000, smoke: 15_000 },
    async open({ effort, start, workers }) {
      const pool = await start();
      await makespan(pool, workers * 2);
      return {
        async sample() {
          const elapsed = await makespan(pool, workers * perWorker[effort]);
          return { useful: (100 * perWorker[effort] * ms) / elapsed, makespan: elapsed };
        },
        end: () => pool.close(),
      };
    },
  };
}

export const busy10: Figure = busyFigure(10, { full: 50, quick: 20, smoke: 1 });
export const busy100: Figure = busyFigure(100, { full: 8, quick: 3, smoke: 1 });
