/**
 * Whole problems solved by forking and joining: on one thread, on all threads, each answer checked.
 *
 * @module
 */
import { isSolver } from '../contenders/solver.ts';
import { median } from '../measure.ts';
import type { Effort, Figure, Sample } from './figure.ts';
import { type ForkJoinProblem, type Posed, PROBLEMS } from './problems.ts';
import { SPELL_MS } from './spell.ts';

/**
 * V8 compiles a program more than once until its code stays as it is: short ones are solved so often before they are
 * measured, longer ones until so much time has passed.
 */
const WARM_UPS: Readonly<Record<Effort, number>> = { full: 12, quick: 12, smoke: 1 };
const WARM_UP_MS = 500;

/**
 * The median time of solutions one after the other, without the first, until a spell is over. One that takes longer
 * than the spell counts itself.
 */
export async function solvedFor(
  spellMs: number,
  solve: () => Promise<number>,
  now: () => number = () => performance.now(),
): Promise<number> {
  const end = now() + spellMs;
  const times: number[] = [];
  do times.push(await solve());
  while (now() < end);
  return median(times.length > 1 ? times.slice(1) : times);
}

/** What one solution of `posed` on one thread, and one on all, make a sample of. `many` is absent for one thread only. */
export function forkJoinSample({ tasks }: Posed, one: number, many?: number): Sample {
  const perTask = (ms: number): number => (ms * 1e6) / tasks;
  return {
    wall: many ?? one,
    perTask: perTask(many ?? one),
    single: perTask(one),
    speedUp: many === undefined ? null : one / many,
  };
}

function forkJoinFigure({ name, title, task, solvers, claims = [], sizes }: ForkJoinProblem): Figure {
  return {
    name: `forkjoin-${name}`,
    title,
    method: (effort) => {
      const { program, numbers, tasks } = sizes[effort];
      return `${program}(${numbers.join(', ')}), ${tasks.toLocaleString('en')} tasks, one task being ${task}; solved for ${SPELL_MS[effort]} ms on one thread and as long on all workers in each round, at least once, of which the median counts; sequential programs only on one`;
    },
    metrics: [
      { name: 'wall', label: 'on all workers', unit: 'ms', better: 'lower' },
      { name: 'perTask', label: 'per task on all workers', unit: 'ns', better: 'lower' },
      { name: 'single', label: 'per task on one', unit: 'ns', better: 'lower' },
      { name: 'speedUp', label: 'one / all', unit: '', better: 'higher' },
    ],
    claims,
    schedule: 'interleaved',
    rounds: { full: 5, quick: 3, smoke: 1 },
    limitMs: { full: 60_000, quick: 30_000, smoke: 15_000 },
    newPool: true,
    entrants: ['millrace'],
    floors: solvers,
    async open({ effort, start, workers }) {
      const posed = sizes[effort];
      const running = await start({ tasks: 'forking' });
      if (!isSolver(running)) throw new Error('This contender does not solve whole problems');
      const solve = async (threads: number): Promise<number> => {
        const { ms, answer } = await running.solve(posed, threads);
        if (String(answer) !== String(posed.answer)) {
          throw new Error(
            `Wrong result: ${posed.program} gave ${String(answer)}, not ${String(posed.answer)}`,
          );
        }
        return ms;
      };
      // All contenders warm up at once: programs that need not would hold up to 800 MB each meanwhile.
      if (running.warm === undefined) {
        // On all are other threads than on one: their code is not yet optimized either.
        for (const threads of running.parallel ? [1, workers] : [1]) {
          let ms = 0;
          for (let i = 0; i < WARM_UPS[effort] && ms < WARM_UP_MS; i++) ms += await solve(threads);
        }
      }
      return {
        async sample() {
          const typical = (threads: number): Promise<number> =>
            solvedFor(SPELL_MS[effort], () => solve(threads));
          const one = await typical(1);
          return running.parallel
            ? forkJoinSample(posed, one, await typical(workers))
            : forkJoinSample(posed, one);
        },
        end: () => running.close(),
      };
    },
  };
}

export const FORK_JOIN_FIGURES: readonly Figure[] = PROBLEMS.map(forkJoinFigure);
