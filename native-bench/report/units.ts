/**
 * Numbers with their units, as a reader wants them.
 *
 * @module
 */

import type { Metric } from '../figures/figure.ts';
import { number } from '../tables.ts';

/** `1,034/s`, `98.6 %`, `2.8 µs`. */
export function withUnit(value: number, unit: string): string {
  if (unit === '') return number(value);
  return unit === '1/s' ? `${number(value)}/s` : `${number(value)} ${shownUnit(unit)}`;
}

export function shownUnit(unit: string): string {
  return unit === 'us' ? 'µs' : unit;
}

/** The head of a column: the label, and the unit where the label does not say it. */
export function columnTitle({ label, unit }: Metric): string {
  return unit === '' || unit === '1/s' ? label : `${label}, ${shownUnit(unit)}`;
}

/** `500 ns`, `2 µs`, `10 ms`. */
export function duration(us: number): string {
  if (us < 1) return `${number(us * 1000)} ns`;
  if (us < 1000) return `${number(us)} µs`;
  if (us < 1_000_000) return `${number(us / 1000)} ms`;
  return `${number(us / 1_000_000)} s`;
}

/** Like `number`, but short enough for an axis: `20k`, `1.5M`. */
export function axisNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trimmed(value / 1e9)}G`;
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`;
  return size >= 1000 ? value.toLocaleString('en') : trimmed(value);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
