/**
 * The arithmetic of the figures: medians with their spread, ratios of the same round, and who goes when.
 *
 * @module
 */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many values it is made of. */
  readonly count: number;
}

/** The `q` quantile (0 to 1) by linear interpolation between the two nearest values. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError('A quantile needs at least one value');
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - below);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** `undefined` when there is nothing to summarize. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return {
    median: median(values),
    min: quantile(values, 0),
    max: quantile(values, 1),
    count: values.length,
  };
}

/**
 * `ours[i] / theirs[i]`, round by round: what disturbed one round disturbed both, so the ratio of a round says more
 * than the ratio of two medians. Rounds that only one side has are left out.
 */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  const rounds = Math.min(ours.length, theirs.length);
  return Array.from({ length: rounds }, (_, round) => ours[round]! / theirs[round]!);
}

/** The order of `round`: everybody starts equally often, so that nobody always runs on a warm or a tired machine. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const start = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
