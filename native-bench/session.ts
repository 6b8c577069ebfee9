/**
 * The process one contender is measured in: opens a figure, gives samples on request, ends. Forked by `processes.ts`.
 *
 * @module
 */

import type { Contender, RunningPool } from './contenders/contender.ts';
import { contenderNamed } from './contenders/index.ts';
import type { Effort, Sample, Trial } from './figures/figure.ts';
import { figureNamed } from './suites/index.ts';

export type Request =
  | {
      readonly kind: 'open';
      readonly contender: string;
      readonly figure: string;
      readonly workers: number;
      readonly effort: Effort;
      readonly pace: number;
      /** Keep the pool for the next figure. */
      readonly keep: boolean;
    }
  | { readonly kind: 'sample' }
  | { readonly kind: 'end' };

export type Reply =
  | { readonly kind: 'done'; readonly sample?: Sample }
  | { readonly kind: 'failed'; readonly reason: string };

let trial: Trial | undefined;
let kept: RunningPool | undefined;

/** The pool of the figure before, or a new one that outlives its figure. */
async function keptPool(contender: Contender, workers: number): Promise<RunningPool> {
  kept ??= await contender.start({ workers });
  return { ...kept, close: async () => {} };
}

async function answer(request: Request): Promise<Reply> {
  switch (request.kind) {
    case 'open': {
      const contender = contenderNamed(request.contender);
      const figure = figureNamed(request.figure);
      if (contender === undefined) throw new Error(`No contender ${request.contender}`);
      if (figure === undefined) throw new Error(`No figure ${request.figure}`);
      const { workers, effort, pace, keep } = request;
      trial = await figure.open({
        workers,
        effort,
        pace,
        runsTasks: !figure.floors?.includes(contender.name),
        start: (options) =>
          keep && figure.newPool === undefined
            ? keptPool(contender, workers)
            : contender.start({ workers, ...options }),
      });
      return { kind: 'done' };
    }
    case 'sample':
      if (trial === undefined) throw new Error('No figure is open');
      return { kind: 'done', sample: await trial.sample() };
    case 'end':
      await trial?.end();
      trial = undefined;
      return { kind: 'done' };
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? ` [${String(error.code)}]` : '';
  return `${error.name}${code}: ${error.message}`;
}

process.on('message', (request: Request) => {
  answer(request).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ kind: 'failed', reason: reason(error) } satisfies Reply),
  );
});
process.on('disconnect', () => process.exit(0));
