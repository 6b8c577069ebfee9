/**
 * Whether a series rises or falls, and how steeply, without assuming a line or normal noise.
 *
 * @module
 */

import { median } from 'simple-statistics';
import { twoSided } from './rank-test.ts';

export interface Trend {
  /** Rising pairs minus falling pairs, over all pairs of the series. */
  readonly s: number;
  /** Two-sided. */
  readonly p: number;
}

/** Longest series without ties whose distribution is counted out. */
const EXACT_UP_TO = 10;

/**
 * Mann-Kendall trend test (H. B. Mann, Econometrica 13, 1945; M. G. Kendall, "Rank Correlation Methods", 1975): exact
 * for at most 10 values without ties, otherwise the normal approximation with correction for ties and for continuity.
 * Supposes that without a trend the values would be independent of each other; for series that are not (a heap between
 * collections), see `findLeak`.
 *
 * @throws RangeError with fewer than three values.
 */
export function mannKendall(series: readonly number[]): Trend {
  const count = series.length;
  if (count < 3) throw new RangeError(`A trend needs at least three values, got ${count}`);
  let s = 0;
  for (let later = 1; later < count; later++) {
    for (let earlier = 0; earlier < later; earlier++) s += Math.sign(series[later]! - series[earlier]!);
  }
  const tied = tiesOf(series);
  if (count <= EXACT_UP_TO && tied.length === 0) return { s, p: exact(count, Math.abs(s)) };
  const spread = (size: number): number => size * (size - 1) * (2 * size + 5);
  const variance = (spread(count) - tied.reduce((sum, size) => sum + spread(size), 0)) / 18;
  return { s, p: twoSided(Math.abs(s) - 1, variance) };
}

/**
 * Theil-Sen slope (H. Theil 1950; P. K. Sen, Journal of the American Statistical Association 63, 1968): the median of
 * the slopes of all pairs, per step of the series. A third of the values may be wild without moving it far.
 *
 * @throws RangeError with fewer than two values.
 */
export function theilSen(series: readonly number[]): number {
  if (series.length < 2) throw new RangeError(`A slope needs at least two values, got ${series.length}`);
  const slopes: number[] = [];
  for (let later = 1; later < series.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      slopes.push((series[later]! - series[earlier]!) / (later - earlier));
    }
  }
  return median(slopes);
}

function tiesOf(series: readonly number[]): number[] {
  const sizes = new Map<number, number>();
  for (const value of series) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  return [...sizes.values()].filter((size) => size > 1);
}

/** Share of all orders of `count` values whose S is at least `size` away from zero. */
function exact(count: number, size: number): number {
  /** `ways[k]`: how many orders of the values so far have `k` falling pairs. */
  let ways = [1];
  for (let values = 2; values <= count; values++) {
    const next = new Array<number>(ways.length + values - 1).fill(0);
    for (const [falling, orders] of ways.entries()) {
      for (let more = 0; more < values; more++) next[falling + more]! += orders;
    }
    ways = next;
  }
  const pairs = (count * (count - 1)) / 2;
  const total = ways.reduce((sum, orders) => sum + orders, 0);
  return ways.reduce((sum, orders, k) => (Math.abs(pairs - 2 * k) >= size ? sum + orders : sum), 0) / total;
}
