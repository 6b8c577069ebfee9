/**
 * Bounds that lie where no value can: such a limit holds, or is broken, whatever is measured.
 *
 * @module
 */

import { InvalidArgumentError } from '../../errors.ts';
import { EVERY_FIGURE, type Limit } from './limits.ts';
import { type Measured, type Metric, metricOf } from './measured.ts';

type Named = Pick<Measured['figures'][number], 'name' | 'metrics'>;

/**
 * Holds the bounds of the limits, which come from the file `path`, against what values of their metrics there can be.
 * Rates, times, counts and shares are not below zero, nor is a ratio of two of them. Above 100 % a share may be:
 * work that took less time than alone. A metric that no figure has is left to the judge.
 *
 * @throws InvalidArgumentError for the first bound below zero whose metric is not `signed`.
 */
export function checkRanges(path: string, limits: readonly Limit[], figures: readonly Named[]): void {
  for (const [index, limit] of limits.entries()) {
    if (limit.kind === 'failures') continue;
    for (const { name, metrics } of figures) {
      if (limit.figure !== EVERY_FIGURE && limit.figure !== name) continue;
      const metric = metricOf(metrics, limit.metric);
      if (metric === undefined || metric.signed === true) continue;
      for (const bound of ['atLeast', 'atMost'] as const) {
        const value = limit[bound];
        if (!Number.isFinite(value) || value >= 0) continue;
        throw new InvalidArgumentError(
          `${path}: Expected \`limits[${index}].${bound}\` to be from 0 on, as ${what(limit, name, metric)} is never negative, got ${value}`,
        );
      }
    }
  }
}

function what({ kind }: Limit, figure: string, { name, unit }: Metric): string {
  if (kind === 'ratio') return `a ratio of two \`${name}\` of \`${figure}\``;
  return `\`${name}\` of \`${figure}\`${unit === '' ? '' : ` (${unit})`}`;
}
