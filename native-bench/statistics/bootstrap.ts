/**
 * How sure a ratio is: percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
 * Not BCa: its acceleration comes from the jackknife, which is inconsistent for medians (the same book, chapter 11).
 *
 * @module
 */

import { quantileSorted } from 'simple-statistics';
import type { Random } from './random.ts';

export interface Interval {
  /** The ratio of the values as they are, not a mean over resamples. */
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** Decides which values a resample is made of; the same generator from the same seed gives the same interval. */
  readonly random: Random;
  /** Share of repetitions of the experiment whose interval holds the true value, 0 to 1. Default 0.95. */
  readonly level?: number;
  /** Default 2,000. */
  readonly resamples?: number;
}

/**
 * The median of `ours[i] / theirs[i]` and its interval. For values taken in the same rounds: what disturbed a round
 * disturbed both, so whole rounds are resampled.
 *
 * @throws RangeError without values, with unequal numbers of them, or with one that is not above zero.
 */
export function pairedRatio(
  ours: readonly number[],
  theirs: readonly number[],
  options: BootstrapOptions,
): Interval {
  if (ours.length !== theirs.length) {
    throw new RangeError(`Pairs need as many values on both sides, got ${ours.length} and ${theirs.length}`);
  }
  positive(ours);
  positive(theirs);
  const ratios = ours.map((value, round) => value / theirs[round]!);
  const draw = resampledMedian(ratios, options.random);
  return interval(middle(Float64Array.from(ratios)), draw, options);
}

/**
 * The ratio of the medians and its interval. For values that were not taken side by side: each side is resampled by
 * itself, and the sides may have different numbers of values.
 *
 * @throws RangeError without values on a side, or with one that is not above zero.
 */
export function unpairedRatio(
  ours: readonly number[],
  theirs: readonly number[],
  options: BootstrapOptions,
): Interval {
  positive(ours);
  positive(theirs);
  const estimate = middle(Float64Array.from(ours)) / middle(Float64Array.from(theirs));
  const above = resampledMedian(ours, options.random);
  const below = resampledMedian(theirs, options.random);
  return interval(estimate, () => above() / below(), options);
}

function interval(
  estimate: number,
  draw: () => number,
  { level = 0.95, resamples = 2_000 }: BootstrapOptions,
): Interval {
  if (!(level > 0 && level < 1)) throw new RangeError(`A level lies between 0 and 1, got ${level}`);
  if (!(resamples >= 1)) throw new RangeError(`At least one resample is needed, got ${resamples}`);
  const drawn = Float64Array.from({ length: resamples }, draw).sort();
  const sorted = Array.from(drawn);
  const tail = (1 - level) / 2;
  return { estimate, low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) };
}

function resampledMedian(values: readonly number[], random: Random): () => number {
  const scratch = new Float64Array(values.length);
  return () => {
    for (let i = 0; i < scratch.length; i++) scratch[i] = values[Math.floor(random() * values.length)]!;
    return middle(scratch);
  };
}

/** The median; sorts in place, since this is the inner loop of every interval. */
function middle(values: Float64Array): number {
  values.sort();
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
}

function positive(values: readonly number[]): void {
  if (values.length === 0) throw new RangeError('A ratio needs at least one value on each side');
  const bad = values.find((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
  if (bad !== undefined) throw new RangeError(`A ratio needs finite values above zero, got ${bad}`);
}
