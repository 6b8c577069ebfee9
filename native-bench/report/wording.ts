/**
 * Values with their spread as text, the same in the page and in Markdown.
 *
 * @module
 */

import type { RatioEstimate } from '../interval.ts';
import type { Spread } from '../measure.ts';
import type { FigureResult, Results, Verdict } from '../results.ts';
import { number } from '../tables.ts';
import { withUnit } from './units.ts';

/** A value, and apart from it how far it ranges; `range` is empty for a single value. */
export interface Ranged {
  readonly value: string;
  readonly range: string;
}

export function rangedSpread({ median, min, max, count }: Spread, unit = ''): Ranged {
  // A dash between would look like the sign of the second.
  const between = min < 0 ? ' to ' : '–';
  return {
    value: withUnit(median, unit),
    range: count === 1 ? '' : `${number(min)}${between}${number(max)}`,
  };
}

export function rangedRatio({ ratio, low, high, rounds }: RatioEstimate): Ranged {
  return { value: number(ratio), range: rounds === 1 ? '' : `${ratioBound(low)}–${ratioBound(high)}` };
}

/** Verdicts go by whether an interval holds 1: what is not 1 does not read like it. */
export function ratioBound(value: number): string {
  let text = number(value);
  for (let digits = 4; text === '1' && value !== 1 && digits <= 15; digits++) {
    text = String(Number(value.toPrecision(digits)));
  }
  return text;
}

export function inOneLine({ value, range }: Ranged): string {
  return range === '' ? value : `${value} (${range})`;
}

/** What was judged: a ratio, with its interval, has no unit; a value or an excess has its metric's. */
export function judged({ metrics }: FigureResult, { claim, value, interval }: Verdict): Ranged | undefined {
  if (value === undefined) return undefined;
  if (interval !== undefined) return rangedRatio({ ratio: value.median, ...interval, rounds: value.count });
  const unit = claim.kind === 'ratio' ? '' : (metrics.find(({ name }) => name === claim.metric)?.unit ?? '');
  return rangedSpread(value, unit);
}

/** `ratio to piscina-async-64`, or nothing where a value stands for itself. */
export function comparedWith({ claim, against }: Verdict): string {
  if (against === undefined) return '';
  return claim.kind === 'excess' ? `over ${against}` : `ratio to ${against}`;
}

/** What was seen, in one line: the value judged, and whatever else the verdict goes by. */
export function seenInOneLine(figure: FigureResult, verdict: Verdict): string {
  const seen = judged(figure, verdict);
  const parts = [...(seen === undefined ? [] : [inOneLine(seen)]), verdict.reason ?? []].flat();
  return parts.join('; ') || 'no value';
}

/**
 * What to type to measure one figure again as it was measured, beside everybody; `undefined` where a name from the file
 * is none that a shell takes as it is, and for a smoke run, which measures nothing.
 */
export function commandFor({ effort, workers }: Results, { name }: FigureResult): string | undefined {
  if (effort === 'smoke' || !/^[\w.-]+$/.test(name)) return undefined;
  return `npm run bench -- ${effort === 'full' ? '--full ' : ''}--only ${name} --workers ${workers}`;
}

export function metricLabel({ metrics }: FigureResult, name: string): string {
  return metrics.find((metric) => metric.name === name)?.label ?? name;
}
