import { crunch } from '../tasks/functions.mjs';
import { batch } from './batch.ts';
import type { Effort, Figure } from './figure.ts';

/**
 * Tasks that keep a core busy with fixed work: here a pool can only lose, whether between tasks or by preempting them.
 * One that keeps answers back until its workers have nothing left preempts them least; when the answers come says so.
 */
function busyFigure(ms: number, perWorker: Readonly<Record<Effort, number>>): Figure {
  // A smoke run has all contenders at work at the same time, and only looks at their answers.
  const msOf = (effort: Effort): number => (effort === 'smoke' ? ms / 10 : ms);

  return {
    name: `busy-${ms}ms`,
    title: `${ms} ms tasks`,
    method: (effort) =>
      `${perWorker[effort]} tasks per worker, each of as much fixed work as takes one thread alone ${msOf(effort)} ms, submitted at once; useful work = tasks × ${msOf(effort)} ms / (workers × makespan), and the mean time from submission until the answer is there`,
    metrics: [
      { name: 'useful', label: 'useful work', unit: '%', better: 'higher' },
      { name: 'makespan', label: 'makespan', unit: 'ms', better: 'lower' },
      { name: 'answered', label: 'answer after, mean', unit: 'ms', better: 'lower' },
    ],
    claims: [
      {
        kind: 'ratio',
        text: 'never slower than the best pool',
        metric: 'useful',
        to: 'best pool',
        atLeast: 1,
      },
      {
        kind: 'ratio',
        text: 'an answer comes never later than from the best pool',
        metric: 'answered',
        to: 'best pool',
        atMost: 1,
      },
    ],
    schedule: 'interleaved',
    rounds: { full: 11, quick: 3, smoke: 1 },
    limitMs: { full: 30_000, quick: 30_000, smoke: 15_000 },
    async open({ effort, start, workers, pace }) {
      const rounds = Math.round(pace * msOf(effort));
      const wanted = crunch(rounds);
      const pool = await start();
      await batch(pool, workers * 2, rounds, wanted);
      return {
        async sample() {
          const tasks = workers * perWorker[effort];
          let waited = 0;
          const makespan = await batch(pool, tasks, rounds, wanted, (ms) => {
            waited += ms;
          });
          const useful = (100 * perWorker[effort] * msOf(effort)) / makespan;
          return { useful, makespan, answered: waited / tasks };
        },
        end: () => pool.close(),
      };
    },
  };
}

export const busy10: Figure = busyFigure(10, { full: 50, quick: 20, smoke: 1 });
export const busy100: Figure = busyFigure(100, { full: 8, quick: 3, smoke: 1 });
