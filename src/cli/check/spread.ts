/**
 * Several rounds as one value with its range, in numbers and in words.
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

/** `undefined` when there is nothing to summarize. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = Float64Array.from(values).sort();
  const count = sorted.length;
  if (count === 0) return undefined;
  const half = count >> 1;
  const median = count % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return { median, min: sorted[0]!, max: sorted[count - 1]!, count };
}

export function spreadText({ median, min, max, count }: Spread): string {
  return count === 1 ? number(median) : `${number(median)} (${number(min)}–${number(max)})`;
}

/** Three significant digits, whole numbers with separators. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}
