/**
 * From numbers to a word.
 *
 * @module
 */

import type { Metric } from '../figures/figure.ts';
import type { Interval } from '../statistics/bootstrap.ts';
import { smallestP } from '../statistics/rank-test.ts';
import type { Change } from './compared.ts';

export interface Evidence {
  readonly better: Metric['better'];
  /** Head over base. Absent when a value is not above zero. */
  readonly ratio: Interval | undefined;
  /** Head minus base of the medians: what is left to go by without a ratio. */
  readonly difference: number;
  /** p-value of the difference, corrected for all comparisons. */
  readonly corrected: number;
  readonly rounds: { readonly base: number; readonly head: number };
}

export interface Bounds {
  readonly alpha: number;
  readonly minEffect: number;
  /** How many comparisons share `alpha`. */
  readonly comparisons: number;
}

export interface Decision {
  readonly verdict: Change;
  readonly reason?: string;
}

/**
 * `faster` and `slower` need three things: a corrected p-value of at most `alpha`, an interval that does not hold 1, and
 * a change of at least `minEffect`. `same` needs an interval that lies within the minimum effect. A minimum effect of
 * 3 % is a factor of 1.03 in either direction, so that a rate and its reciprocal get the same verdict.
 */
export function decide(evidence: Evidence, bounds: Bounds): Decision {
  const { better, ratio, difference, corrected } = evidence;
  const unlikely = corrected <= bounds.alpha;
  if (ratio === undefined) {
    const reason = 'there is no ratio: a value is not above zero';
    if (unlikely && difference !== 0) return { verdict: direction(difference > 0, better), reason };
    return difference === 0 && corrected === 1
      ? { verdict: 'same', reason }
      : { verdict: 'too noisy', reason };
  }
  const least = 1 + bounds.minEffect;
  const decided = ratio.low > 1 || ratio.high < 1;
  if (unlikely && decided && Math.max(ratio.estimate, 1 / ratio.estimate) >= least) {
    return { verdict: direction(ratio.estimate > 1, better) };
  }
  if (ratio.low > 1 / least && ratio.high < least) return { verdict: 'same' };
  return { verdict: 'too noisy', reason: noise(evidence, ratio, bounds) };
}

/** The smallest number of rounds on each side with which a difference can be decided at all. */
export function roundsNeeded({ alpha, comparisons }: Pick<Bounds, 'alpha' | 'comparisons'>): number {
  let rounds = 1;
  while (smallestP(rounds, rounds) > alpha / comparisons) rounds++;
  return rounds;
}

/** Whether no arrangement of these rounds is unlikely enough to be called a change. */
export function tooFewRounds(
  rounds: Evidence['rounds'],
  { alpha, comparisons }: Pick<Bounds, 'alpha' | 'comparisons'>,
): boolean {
  return smallestP(rounds.base, rounds.head) > alpha / comparisons;
}

function direction(higher: boolean, better: Metric['better']): Change {
  return higher === (better === 'higher') ? 'faster' : 'slower';
}

function noise({ rounds, corrected }: Evidence, ratio: Interval, bounds: Bounds): string {
  if (tooFewRounds(rounds, bounds)) {
    return `${rounds.base} and ${rounds.head} rounds cannot decide among ${bounds.comparisons} comparisons; ${roundsNeeded(bounds)} on each side could`;
  }
  const asked = `${percent(bounds.minEffect)} asked for`;
  if (corrected <= bounds.alpha) return `there is a change, but it may be more or less than the ${asked}`;
  const width = Math.max(ratio.high, 1 / ratio.low) - 1;
  return `a change of up to ${percent(width)} fits these values, more than the ${asked}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
