/**
 * Two results beside each other.
 *
 * @module
 */

import { InvalidArgumentError } from '../../src/errors.ts';
import { millrace } from '../contenders/millrace.ts';
import { median } from '../measure.ts';
import type { Results } from '../results.ts';
import { type Interval, pairedRatio, unpairedRatio } from '../statistics/bootstrap.ts';
import { holm } from '../statistics/correction.ts';
import { mulberry32, type Random } from '../statistics/random.ts';
import { mannWhitney } from '../statistics/rank-test.ts';
import { COMPARED_SCHEMA, type Compared } from './compared.ts';
import { decide, roundsNeeded, tooFewRounds } from './decide.ts';
import { type Pair, pairsOf } from './pairs.ts';

export interface CompareOptions {
  /** Chance of even one wrong `faster` or `slower`, over all comparisons together. Default 0.01. */
  readonly alpha?: number;
  /** Least change of interest, as a share. Default 0.03. */
  readonly minEffect?: number;
  /** Whose values are compared. Default: Millrace. */
  readonly contender?: string;
  /** Only these figures, by name. Default: all. */
  readonly only?: readonly string[];
  /**
   * - `peers` (default): values are divided by the drift of the machine that unchanged contenders show, where there are
   *   any. Two files come from two moments, and a machine that is 5 % slower today is no regression.
   * - `none`: values as they are. For a machine known to be steady, or peers that are noisier than the subject.
   */
  readonly drift?: 'peers' | 'none';
  /** Both were measured in turns: intervals are those of same-round ratios, and there is no drift to take out. */
  readonly paired?: boolean;
  /** Names of the two in the table. Default: `base` and `head`. */
  readonly names?: { readonly base: string; readonly head: string };
  /** Default 2,000. */
  readonly resamples?: number;
  /** Seed of the resamples: the same files give the same verdicts. Default 1. */
  readonly seed?: number;
}

/**
 * What changed from `base` to `head`, figure by figure and metric by metric: Mann-Whitney U, corrected by Holm over all
 * of them, a bootstrap interval of the ratio, and a minimum effect; see `decide`.
 *
 * The test takes rounds for independent of each other. Rounds of one process are not quite: what luck decides once in a
 * process (memory layout, compiled code) is in all of them, and may differ between two files without a cause in the
 * program. `compareRevisions` measures each round in a process of its own, and should have the last word.
 *
 * @throws InvalidArgumentError when the two were measured with different efforts or numbers of workers, or have nothing
 *   in common.
 */
export function compareResults(base: Results, head: Results, options: CompareOptions = {}): Compared {
  const { alpha = 0.01, minEffect = 0.03, contender = millrace.name, paired = false, seed = 1 } = options;
  comparable(base, head);
  const { pairs, missing } = pairsOf({ base, head }, contender, options);
  if (pairs.length === 0) {
    const why = missing.map(({ figure, side, reason }) => `${figure} (${side}): ${reason}`).join('; ');
    throw new InvalidArgumentError(
      `There is no figure of ${contender} in both${why === '' ? '' : `. ${why}`}`,
    );
  }
  const p = pairs.map((pair) => mannWhitney(pair.head, pair.base).p);
  const corrected = holm(p);
  const random = mulberry32(seed);
  const bounds = { alpha, minEffect, comparisons: pairs.length };
  const comparisons = pairs.map((pair, index) => {
    const ratio = intervalOf(pair, paired, random, options.resamples);
    const evidence = {
      better: pair.metric.better,
      ratio,
      difference: median(pair.head) - median(pair.base),
      corrected: corrected[index]!,
      rounds: { base: pair.base.length, head: pair.head.length },
    };
    return {
      figure: pair.figure.name,
      title: pair.figure.title,
      metric: pair.metric,
      ...decide(evidence, bounds),
      ...(ratio === undefined ? {} : { ratio }),
      ...pair.measured,
      tooFewRounds: tooFewRounds(evidence.rounds, bounds),
      p: p[index]!,
      corrected: corrected[index]!,
      peers: pair.peers,
    };
  });
  const names = options.names ?? { base: 'base', head: 'head' };
  return {
    schema: COMPARED_SCHEMA,
    contender,
    base: { name: names.base, startedAt: base.startedAt },
    head: { name: names.head, startedAt: head.startedAt },
    alpha,
    minEffect,
    paired,
    comparisons,
    roundsNeeded: roundsNeeded(bounds),
    missing,
    doubts: doubts(base, head),
  };
}

/** Whether something is slower, or was measured before and is not any more. */
export function isWorse({ comparisons, missing }: Compared): boolean {
  return (
    comparisons.some(({ verdict }) => verdict === 'slower') || missing.some(({ side }) => side === 'head')
  );
}

/** Whether nothing could have been found to be slower, whatever the values: then that nothing is says nothing. */
export function decidesNothing({ comparisons }: Compared): boolean {
  return comparisons.every((comparison) => comparison.tooFewRounds);
}

function comparable(base: Results, head: Results): void {
  for (const name of ['effort', 'workers'] as const) {
    if (base[name] === head[name]) continue;
    throw new InvalidArgumentError(
      `These results cannot be compared: \`${name}\` is ${base[name]} in the base and ${head[name]} in the head`,
    );
  }
  if (base.effort === 'smoke') {
    throw new InvalidArgumentError('These results cannot be compared: a smoke run measures nothing');
  }
}

function doubts(base: Results, head: Results): string[] {
  const [was, is] = [base.machine, head.machine];
  const changed = (['cpu', 'system', 'node', 'cores', 'usable', 'quota', 'governor'] as const)
    .filter((name) => was[name] !== is[name])
    .map((name) => `\`${name}\` of the machine is ${was[name]} in the base and ${is[name]} in the head`);
  const noisy = (['base', 'head'] as const).flatMap((side) =>
    (side === 'base' ? was : is).doubts.map((doubt) => `${side}: ${doubt}`),
  );
  return [...changed, ...noisy];
}

function intervalOf(
  { base, head }: Pair,
  paired: boolean,
  random: Random,
  resamples: number | undefined,
): Interval | undefined {
  if ([...base, ...head].some((value) => value <= 0)) return undefined;
  const options = { random, ...(resamples === undefined ? {} : { resamples }) };
  return paired ? pairedRatio(head, base, options) : unpairedRatio(head, base, options);
}
