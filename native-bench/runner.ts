/**
 * Runs one figure: who goes when, and what became of each contender.
 *
 * @module
 */

import type { Contender } from './contenders/contender.ts';
import { lacking } from './contenders/entrants.ts';
import type { Effort, Figure, Sample } from './figures/figure.ts';
import { spread } from './measure.ts';
import { drawnOrders } from './order.ts';
import { ContenderFailure, MeasuredProcess } from './processes.ts';
import type { ContenderResult, FigureResult } from './results.ts';
import type { Random } from './statistics/random.ts';
import { best, judge } from './verdicts.ts';

export interface Run {
  readonly effort: Effort;
  readonly workers: number;
  /** Rounds of `crunch` in one millisecond. */
  readonly pace: number;
  /** Overrides the figure's number of rounds. */
  readonly rounds?: number;
  readonly subject: string;
  /** Draws the order of each round. */
  readonly random: Random;
  /** The program of a measured process. */
  readonly session: string;
  /** Processes by contender, kept from figure to figure. Absent: every figure has its own. */
  readonly kept?: Map<string, MeasuredProcess>;
  readonly progress: (text: string) => void;
}

interface Entrant {
  readonly contender: Contender;
  readonly rounds: number;
  readonly samples: Sample[];
  readonly unsupported?: string;
  process?: MeasuredProcess;
  failure?: { readonly round: number; readonly reason: string };
  unclosed?: string;
}

const CLOSE_LIMIT_MS = 3_000;

export async function runFigure(
  figure: Figure,
  contenders: readonly Contender[],
  run: Run,
): Promise<FigureResult> {
  const rounds = run.rounds ?? figure.rounds[run.effort];
  const peerRounds = run.rounds ?? figure.peerRounds?.[run.effort] ?? rounds;
  const entered = contenders.map((contender): Entrant => {
    const unsupported = lacking(figure, contender);
    return {
      contender,
      rounds: contender.name === run.subject ? rounds : peerRounds,
      samples: [],
      ...(unsupported === undefined ? {} : { unsupported }),
    };
  });
  const entrants = entered.filter(({ unsupported }) => unsupported === undefined);
  const together = figure.schedule === 'together' || run.effort === 'smoke';
  const fresh = figure.schedule === 'fresh' && run.kept === undefined;
  const orders = together ? [] : drawnOrders(entrants, rounds, run.random);
  const order: string[][] = [];
  try {
    if (!fresh) await everyone(entrants, 0, (entrant) => open(entrant, figure, run));
    for (let round = 0; round < rounds; round++) {
      const turn = async (entrant: Entrant): Promise<void> => {
        run.progress(`${figure.name} round ${round + 1}/${rounds} ${entrant.contender.name}`);
        if (fresh) await open(entrant, figure, run);
        const sample = await entrant.process?.request({ kind: 'sample' }, figure.limitMs[run.effort]);
        if (sample !== undefined) entrant.samples.push(sample);
        if (fresh) await close(entrant, run);
      };
      if (together) {
        const taking = entrants.filter((each) => round < each.rounds);
        await everyone(taking, round, turn);
      } else {
        const taking = orders[round]!.filter((each) => round < each.rounds && each.failure === undefined);
        order.push(taking.map(({ contender }) => contender.name));
        for (const entrant of taking) await attempt(entrant, round, turn);
      }
    }
    await everyone(entrants, rounds - 1, (entrant) => close(entrant, run));
  } finally {
    if (run.kept === undefined) await Promise.all(entrants.map((entrant) => entrant.process?.kill()));
  }
  return conclude(figure, entered.map(result), order, run);
}

function everyone(
  entrants: readonly Entrant[],
  round: number,
  step: (entrant: Entrant) => Promise<void>,
): Promise<unknown> {
  return Promise.all(entrants.map((entrant) => attempt(entrant, round, step)));
}

/** A contender that has failed once is out of the figure, and stays in its table with the reason. */
async function attempt(
  entrant: Entrant,
  round: number,
  step: (entrant: Entrant) => Promise<void>,
): Promise<void> {
  if (entrant.failure !== undefined) return;
  try {
    await step(entrant);
  } catch (error) {
    if (!(error instanceof ContenderFailure)) throw error;
    entrant.failure = { round: round + 1, reason: error.message };
  }
}

async function open(entrant: Entrant, figure: Figure, run: Run): Promise<void> {
  const { effort, workers, pace, kept } = run;
  const before = kept?.get(entrant.contender.name);
  entrant.process = before?.alive ? before : new MeasuredProcess(run.session);
  kept?.set(entrant.contender.name, entrant.process);
  await entrant.process.request(
    {
      kind: 'open',
      contender: entrant.contender.name,
      figure: figure.name,
      workers,
      effort,
      pace,
      keep: kept !== undefined,
    },
    figure.limitMs[effort],
  );
}

/** Closing is not part of a figure: one that hangs is killed and noted. */
async function close(entrant: Entrant, run: Run): Promise<void> {
  const closing = entrant.process;
  if (closing === undefined) return;
  try {
    await closing.request({ kind: 'end' }, CLOSE_LIMIT_MS);
  } catch (error) {
    if (!(error instanceof ContenderFailure)) throw error;
    entrant.unclosed = error.message;
  }
  if (run.kept !== undefined) return;
  await closing.kill();
  delete entrant.process;
}

function result({ contender, samples, failure, unclosed, unsupported }: Entrant): ContenderResult {
  const names = Object.keys(samples[0] ?? {});
  const summary = names.flatMap((name) => {
    const known = samples.map((sample) => sample[name]).filter((value) => typeof value === 'number');
    const summarized = spread(known);
    return summarized === undefined ? [] : [[name, summarized] as const];
  });
  return {
    name: contender.name,
    family: contender.family,
    kind: contender.kind,
    status: unsupported !== undefined ? 'unsupported' : failure === undefined ? 'measured' : 'failed',
    ...(unsupported === undefined ? {} : { unsupported }),
    ...(failure === undefined ? {} : { failure }),
    ...(unclosed === undefined ? {} : { unclosed }),
    samples,
    summary: Object.fromEntries(summary),
  };
}

function conclude(
  figure: Figure,
  results: readonly ContenderResult[],
  order: readonly (readonly string[])[],
  run: Run,
): FigureResult {
  const pools = results.filter(({ kind }) => kind === 'pool');
  return {
    name: figure.name,
    title: figure.title,
    method: figure.method(run.effort),
    metrics: figure.metrics,
    contenders: results,
    ...(results.length < 2 || order.length === 0 ? {} : { order }),
    bestPool: best(pools, figure.metrics[0])?.name ?? null,
    verdicts:
      run.effort === 'smoke'
        ? []
        : figure.claims.map((claim) => judge(claim, figure.metrics, results, run.subject)),
  };
}
