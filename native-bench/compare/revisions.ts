/**
 * Two revisions beside each other, measured in turns.
 *
 * @module
 */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from '../../src/errors.ts';
import { build } from '../build.ts';
import { millrace } from '../contenders/millrace.ts';
import type { Effort, Figure } from '../figures/figure.ts';
import { describeMachine } from '../machine.ts';
import { rotated, spread } from '../measure.ts';
import { type Look, noiseDoubts, othersShare } from '../noise.ts';
import { roundsPerMs } from '../pace.ts';
import { type ContenderResult, type FigureResult, type Results, SCHEMA } from '../results.ts';
import { type Run, runFigure } from '../runner.ts';
import { checkOut } from './checkout.ts';
import { type CompareOptions, compareResults } from './compare.ts';
import type { Compared } from './compared.ts';
import { roundsNeeded } from './decide.ts';

export interface MeasureOptions {
  readonly figures: readonly Figure[];
  readonly effort: Exclude<Effort, 'smoke'>;
  readonly workers: number;
  /** Rounds of each side. */
  readonly rounds: number;
  readonly progress: (text: string) => void;
}

export interface RevisionOptions extends MeasureOptions {
  readonly alpha: number;
  readonly minEffect: number;
  /** The repository the revisions are in. Default: the one this file is in. */
  readonly repository?: string;
}

/** The programs of measured processes (see `build`), one for each side. */
export interface Sessions {
  readonly base: string;
  readonly head: string;
}

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What changed from revision `base` to revision `head`: both are checked out and built, and measured by the figures of
 * this checkout, whatever theirs were.
 *
 * @throws InvalidArgumentError when there is no such revision, one does not build, or there are too few rounds for any
 *   difference to be found.
 */
export async function compareRevisions(
  base: string,
  head: string,
  options: RevisionOptions,
): Promise<Compared> {
  const { alpha, minEffect, rounds, figures, repository = REPOSITORY } = options;
  const comparisons = figures.reduce((sum, { metrics }) => sum + metrics.length, 0);
  const needed = roundsNeeded({ alpha, comparisons });
  if (rounds < needed) {
    throw new InvalidArgumentError(
      `${rounds} rounds cannot show a difference among ${comparisons} comparisons at alpha ${alpha}; use --rounds ${needed} or more`,
    );
  }
  options.progress(`building ${base}`);
  const old = await checkOut(repository, base);
  try {
    options.progress(`building ${head}`);
    const now = await checkOut(repository, head);
    try {
      const sessions = {
        base: await build(join(old.directory, 'native-bench')),
        head: await build(join(now.directory, 'native-bench')),
      };
      const measured = await measureInTurns(sessions, options);
      const compared = compareRevisionResults(measured, { alpha, minEffect, names: { base, head } });
      const doubts = [old, now]
        .filter(({ sameDependencies }) => !sameDependencies)
        .map(
          ({ revision }) => `${revision} has other dependencies than those installed here, which it ran with`,
        );
      return { ...compared, doubts: [...compared.doubts, ...doubts] };
    } finally {
      now.remove();
    }
  } finally {
    old.remove();
  }
}

export function compareRevisionResults(
  { base, head }: { readonly base: Results; readonly head: Results },
  options: CompareOptions,
): Compared {
  return compareResults(base, head, { ...options, paired: true });
}

/**
 * Measures each figure round by round, both sides in each round and in turns first. Every round has a process of its own,
 * warmed up as the figure does: what a process owes to luck differs from round to round then, and is part of the noise
 * that the test sees, not of the difference.
 */
export async function measureInTurns(
  sessions: Sessions,
  { figures, effort, workers, rounds, progress }: MeasureOptions,
): Promise<{ readonly base: Results; readonly head: Results }> {
  const startedAt = new Date();
  const machine = describeMachine(workers);
  const pace = roundsPerMs();
  const found: Record<keyof Sessions, FigureResult[]> = { base: [], head: [] };
  const looks: Look[] = [];
  for (const figure of figures) {
    looks.push({ figure: figure.name, share: await othersShare() });
    const parts: Record<keyof Sessions, FigureResult[]> = { base: [], head: [] };
    for (let round = 0; round < rounds; round++) {
      for (const side of rotated(['base', 'head'] as const, round)) {
        if (parts[side].some(failed)) continue;
        progress(`${figure.name} round ${round + 1}/${rounds} ${side}`);
        const run: Run = {
          effort,
          workers,
          pace,
          rounds: 1,
          subject: millrace.name,
          // One contender: there is no order to draw.
          random: () => 0,
          session: sessions[side],
          progress: () => {},
        };
        parts[side].push(await runFigure(figure, [millrace], run));
      }
    }
    found.base.push(joined(parts.base));
    found.head.push(joined(parts.head));
  }
  progress('');
  const common = {
    schema: SCHEMA,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    effort,
    workers,
    pace,
    machine: { ...machine, doubts: [...machine.doubts, ...noiseDoubts(looks)] },
    versions: {},
  } as const;
  return { base: { ...common, figures: found.base }, head: { ...common, figures: found.head } };
}

function failed({ contenders }: FigureResult): boolean {
  return contenders[0]!.status === 'failed';
}

/** Results of one round each as one result of all rounds. Claims are about one build beside peers: none are judged. */
function joined(parts: readonly FigureResult[]): FigureResult {
  const rounds = parts.map(({ contenders }) => contenders[0]!);
  const samples = rounds.flatMap((round) => round.samples);
  const failure = rounds.findIndex(({ status }) => status === 'failed');
  const unclosed = rounds.find((round) => round.unclosed !== undefined)?.unclosed;
  const result: ContenderResult = {
    name: millrace.name,
    family: millrace.family,
    kind: millrace.kind,
    status: failure === -1 ? 'measured' : 'failed',
    ...(failure === -1 ? {} : { failure: { ...rounds[failure]!.failure!, round: failure + 1 } }),
    ...(unclosed === undefined ? {} : { unclosed }),
    samples,
    summary: Object.fromEntries(
      Object.keys(samples[0] ?? {}).flatMap((name) => {
        const values = samples.map((sample) => sample[name]).filter((value) => typeof value === 'number');
        const summary = spread(values);
        return summary === undefined ? [] : [[name, summary] as const];
      }),
    ),
  };
  return { ...parts[0]!, contenders: [result], bestPool: null, verdicts: [] };
}
