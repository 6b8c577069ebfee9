/**
 * Seeded durations of tasks, ms, as loads have them where it matters who runs what.
 *
 * @module
 */

export interface ParetoOptions {
  /** Shape; the tail is the heavier the smaller it is. */
  readonly alpha: number;
  readonly least: number;
  readonly most: number;
}

/** Independent draws from a Pareto distribution truncated to `least` … `most`. */
export function paretoDurations(
  count: number,
  { alpha, least, most }: ParetoOptions,
  random: () => number,
): number[] {
  const kept = 1 - (least / most) ** alpha;
  return Array.from({ length: count }, () => Math.min(most, least / (1 - random() * kept) ** (1 / alpha)));
}

export interface BimodalOptions {
  readonly short: number;
  readonly long: number;
  /** How many in a hundred are long. */
  readonly longPercent: number;
}

/** Exactly so many long ones, in random order. */
export function bimodalDurations(
  count: number,
  { short, long, longPercent }: BimodalOptions,
  random: () => number,
): number[] {
  const longs = Math.round((count * longPercent) / 100);
  return shuffled(
    Array.from({ length: count }, (_, i) => (i < longs ? long : short)),
    random,
  );
}

export interface GiantOptions {
  readonly small: number;
  readonly giant: number;
  /** The giant has at most so many before it. */
  readonly before: number;
}

/** `count` small ones and one giant, at a random place among the first. */
export function giantDurations(
  count: number,
  { small, giant, before }: GiantOptions,
  random: () => number,
): number[] {
  const durations = new Array<number>(count).fill(small);
  durations.splice(Math.floor(random() * (Math.min(before, count) + 1)), 0, giant);
  return durations;
}

function shuffled(values: readonly number[], random: () => number): number[] {
  const mixed = [...values];
  for (let i = mixed.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [mixed[i], mixed[other]] = [mixed[other]!, mixed[i]!];
  }
  return mixed;
}

/** No schedule ends these tasks on so many cores earlier, ms: all cores busy to the end, or the longest task alone. */
export function lowerBound(durations: readonly number[], cores: number): number {
  const total = durations.reduce((sum, ms) => sum + ms, 0);
  return durations.reduce((longest, ms) => Math.max(longest, ms), total / cores);
}

/**
 * Coefficient of variation (standard deviation over mean) of what each of `workers` was busy, in percent; workers that
 * did nothing are not in `busy` and count as 0. Throws a `RangeError` when nobody was busy.
 */
export function loadVariation(busy: readonly number[], workers: number): number {
  const count = Math.max(workers, busy.length);
  const mean = busy.reduce((sum, ms) => sum + ms, 0) / count;
  if (!(mean > 0)) throw new RangeError('Nobody was busy');
  const idle = (count - busy.length) * mean ** 2;
  const squares = busy.reduce((sum, ms) => sum + (ms - mean) ** 2, idle);
  return (100 * Math.sqrt(squares / count)) / mean;
}
