/**
 * Rates as bars from zero.
 *
 * @module
 */

import type { Spread } from '../../measure.ts';
import { axisNumber, columnTitle, withUnit } from '../units.ts';
import { absence, type FigureView, type RowView, shortLabel, summaryOf, toneOf } from '../view.ts';
import type { Plot } from './plot.ts';
import { drawRows, type Mark, type Row } from './rows.ts';
import { farBeyond, linearScale } from './scale.ts';

/** Of the first metric, when that is a rate; else `undefined`. */
export function barPlot({ primary, rows, slug, figure }: FigureView, width: number): Plot | undefined {
  if (!/\/s$/.test(primary.unit) || primary.better !== 'higher') return undefined;
  const known = rows.flatMap((row) => summaryOf(row, primary) ?? []);
  if (known.length === 0) return undefined;
  const compared = rows
    .filter(({ result }) => result.kind !== 'yardstick')
    .flatMap((row) => summaryOf(row, primary)?.max ?? []);
  const far = (row: RowView): boolean =>
    row.result.kind === 'yardstick' && farBeyond(summaryOf(row, primary)?.median ?? 0, compared) === 'above';
  const drawn = rows.map((row): Row => {
    const summary = summaryOf(row, primary);
    const { ours } = row;
    const label = shortLabel(row);
    if (summary === undefined)
      return { label, ours, tone: toneOf(row), marks: [], value: '', absent: absence(row.result) };
    const value = withUnit(summary.median, primary.unit);
    if (far(row)) return { label, ours, tone: toneOf(row), marks: [], value: `→ ${value}` };
    return {
      label,
      ours,
      tone: toneOf(row),
      marks: [{ kind: 'bar', to: summary.median }, ...whiskers(summary)],
      value,
    };
  });
  const most = Math.max(...rows.flatMap((row) => (far(row) ? [] : (summaryOf(row, primary)?.max ?? []))));
  const drawing = drawRows({
    rows: drawn,
    width,
    labels: 'beside',
    scale: (pixels) => linearScale({ from: 0, to: most }, pixels, 52),
    tickLabel: axisNumber,
    axisTitle: `${columnTitle(primary)}: median, least and greatest round`,
  });
  return {
    name: `${slug}-rate`,
    title: `${figure.title}: ${primary.label}`,
    description: drawn.map(({ label, value, absent }) => `${label}: ${absent ?? value}`).join('; '),
    width,
    ...drawing,
  };
}

function whiskers({ min, max, count }: Spread): Mark[] {
  return count === 1 ? [] : [{ kind: 'whisker over bar', from: min, to: max }];
}
