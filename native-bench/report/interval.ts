/**
 * How far a ratio is known. The one place where the method is chosen; tables and plots take it as a parameter.
 *
 * @module
 */

import { ratios, spread } from '../measure.ts';

export interface RatioEstimate {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** Rounds that both sides have. */
  readonly rounds: number;
}

export interface IntervalMethod {
  /** What stands between `low` and `high`, for the reader of a table. */
  readonly label: string;
  /** Of `ours` over `theirs`, equally many, where the same index is the same round; `undefined` without any. */
  readonly estimate: (ours: readonly number[], theirs: readonly number[]) => RatioEstimate | undefined;
}

export const leastAndGreatest: IntervalMethod = {
  label: 'least and greatest ratio of a round',
  estimate(ours, theirs) {
    const seen = spread(ratios(ours, theirs));
    if (seen === undefined || !Number.isFinite(seen.max) || seen.min <= 0) return undefined;
    return { ratio: seen.median, low: seen.min, high: seen.max, rounds: seen.count };
  },
};

/** What the command uses. A bootstrap interval goes in here. */
export const INTERVAL: IntervalMethod = leastAndGreatest;
