/**
 * How far a ratio is known. The one place where the method is chosen: verdicts use it, tables and plots take it as a
 * parameter.
 *
 * @module
 */

import { pairedRatio } from './statistics/bootstrap.ts';
import { mulberry32 } from './statistics/random.ts';

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

/** The same samples give the same page. */
const SEED = 1;

export const INTERVAL: IntervalMethod = {
  label: '95 % bootstrap interval of the ratio',
  estimate(ours, theirs) {
    if (ours.length === 0 || [...ours, ...theirs].some((value) => !(value > 0 && Number.isFinite(value))))
      return undefined;
    const { estimate, low, high } = pairedRatio(ours, theirs, { random: mulberry32(SEED) });
    return { ratio: estimate, low, high, rounds: ours.length };
  },
};
