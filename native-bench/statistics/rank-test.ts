/**
 * Whether two samples come from one distribution: the Mann-Whitney U test.
 *
 * `simple-statistics` gives the rank sum and the error function; its table of the normal distribution has four digits,
 * which is too few for the small p-values that a correction for many tests needs, so the p-values are made here.
 *
 * @module
 */

import { errorFunction, wilcoxonRankSum } from 'simple-statistics';

export interface RankTest {
  /** How often a value of the first sample exceeds one of the second, over all pairs; ties count half. */
  readonly u: number;
  /** Two-sided. */
  readonly p: number;
  readonly method: 'exact' | 'normal';
}

/** Largest sample whose distribution is counted out. */
const EXACT_UP_TO = 20;

/**
 * Two-sided Mann-Whitney U test (H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18, 1947).
 *
 * - Samples of at most 20 values: exact, given the ranks, ties included. Without ties this is what `wilcox.test` of R
 *   gives; with ties, what `wilcox_test(distribution = "exact")` of R's package coin gives.
 * - Larger samples: normal approximation with correction for ties and for continuity, as `wilcox.test` of R.
 *
 * @param method - forces one of the two.
 * @throws RangeError when a sample is empty or holds NaN.
 */
export function mannWhitney(
  first: readonly number[],
  second: readonly number[],
  method: RankTest['method'] = Math.max(first.length, second.length) <= EXACT_UP_TO ? 'exact' : 'normal',
): RankTest {
  if (first.length === 0 || second.length === 0) throw new RangeError('A rank test needs two samples');
  if ([...first, ...second].some(Number.isNaN)) throw new RangeError('A rank test needs numbers, got NaN');
  const rankSum = wilcoxonRankSum([...first], [...second]);
  const u = rankSum - (first.length * (first.length + 1)) / 2;
  const ties = tieSizes([...first, ...second]);
  const p =
    method === 'exact' ? exact(first.length, rankSum, ties) : normal(first.length, second.length, u, ties);
  return { u, p, method };
}

/** The smallest two-sided p-value that samples of these sizes can give: all values of one above all of the other. */
export function smallestP(first: number, second: number): number {
  let arrangements = 1;
  for (let i = 1; i <= first; i++) arrangements *= (second + i) / i;
  return Math.min(1, 2 / arrangements);
}

/** How many equal values there are at each step of the sorted, pooled sample; 1 where a value is alone. */
function tieSizes(pooled: readonly number[]): number[] {
  const sorted = Float64Array.from(pooled).sort();
  const sizes: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) sizes[sizes.length - 1]!++;
    else sizes.push(1);
  }
  return sizes;
}

/**
 * Share of all ways to choose `size` of the ranks whose sum is at least as far from the mean as `rankSum`. Counted by
 * the shift algorithm (B. Streitberg and J. Röhmel, Statistical Software Newsletter 12, 1986), in doubled ranks, which
 * are whole numbers also for ties.
 */
function exact(size: number, rankSum: number, ties: readonly number[]): number {
  const doubled = doubledRanks(ties);
  const all = doubled.reduce((sum, rank) => sum + rank, 0);
  /** `ways[k][s]`: how many choices of `k` ranks have the doubled sum `s`. */
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(all + 1));
  ways[0]![0] = 1;
  for (const rank of doubled) {
    for (let chosen = size; chosen > 0; chosen--) {
      const [from, to] = [ways[chosen - 1]!, ways[chosen]!];
      for (let sum = all; sum >= rank; sum--) to[sum]! += from[sum - rank]!;
    }
  }
  const mean = (size * all) / doubled.length;
  const distance = Math.abs(2 * rankSum - mean);
  let [far, total] = [0, 0];
  ways[size]!.forEach((count, sum) => {
    total += count;
    if (Math.abs(sum - mean) >= distance - 1e-9) far += count;
  });
  return far / total;
}

/** Twice the mean rank of each value of the pooled sample. */
function doubledRanks(ties: readonly number[]): number[] {
  let below = 0;
  return ties.flatMap((size) => {
    const rank = 2 * below + size + 1;
    below += size;
    return Array.from({ length: size }, () => rank);
  });
}

function normal(first: number, second: number, u: number, ties: readonly number[]): number {
  const count = first + second;
  const tied = ties.reduce((sum, size) => sum + (size ** 3 - size), 0);
  const variance = ((first * second) / 12) * (count + 1 - tied / (count * (count - 1)));
  return twoSided(Math.abs(u - (first * second) / 2) - 0.5, variance);
}

/** The chance that a normal variable of mean 0 is at least `distance` away from it; 1 when nothing varies. */
export function twoSided(distance: number, variance: number): number {
  if (!(variance > 0) || distance <= 0) return 1;
  return 1 - errorFunction(distance / Math.sqrt(2 * variance));
}
