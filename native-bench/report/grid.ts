/**
 * The table of a figure as cells, whatever writes them.
 *
 * @module
 */

import { isCurvePoint, isMetg } from './plots/curve.ts';
import { columnTitle, duration } from './units.ts';
import { absence, type FigureView, type ReportView, type RowView, summaryOf } from './view.ts';
import { type Ranged, rangedRatio, rangedSpread } from './wording.ts';

export type Cell =
  | ({ readonly kind: 'value' } & Ranged)
  | { readonly kind: 'none'; readonly text: 'failed' | 'n/a' | '' };

export interface GridRow {
  readonly label: string;
  /** The subject's, to be set off. */
  readonly ours: boolean;
  readonly cells: readonly Cell[];
}

export interface Grid {
  readonly form: 'contenders down' | 'metrics down';
  readonly corner: string;
  readonly columns: readonly { readonly title: string; readonly ours: boolean }[];
  readonly rows: readonly GridRow[];
}

/** More metrics than this would make a table wider than a page: then they become the rows. */
const MOST_COLUMNS = 6;

export function gridOf(view: FigureView, report: ReportView): Grid {
  const { metrics } = view.figure;
  return metrics.length > MOST_COLUMNS ? metricsDown(view, report) : contendersDown(view, report);
}

function ratioTitle({ primary }: FigureView, { subject }: ReportView): string {
  return `${subject} / it (${primary.label})`;
}

function contendersDown(view: FigureView, report: ReportView): Grid {
  const { metrics } = view.figure;
  const titles = [...metrics.map(columnTitle), ratioTitle(view, report)];
  return {
    form: 'contenders down',
    corner: 'contender',
    columns: titles.map((title) => ({ title, ours: false })),
    rows: view.rows.map((row) => ({
      label: named(row),
      ours: row.ours,
      cells: [...metrics.map((metric) => valueCell(row, metric)), ratioCell(row)],
    })),
  };
}

function metricsDown(view: FigureView, report: ReportView): Grid {
  const { primary } = view;
  const metrics = view.figure.metrics.filter(
    (metric) => metric === primary || view.rows.some((row) => summaryOf(row, metric) !== undefined),
  );
  return {
    form: 'metrics down',
    corner: '',
    columns: view.rows.map((row) => ({ title: named(row), ours: row.ours })),
    rows: [
      ...metrics.slice(0, 1).map((metric) => ({
        label: isMetg(metric) ? metric.label : columnTitle(metric),
        ours: true,
        cells: view.rows.map((row) => valueCell(row, metric)),
      })),
      { label: `${report.subject} / it`, ours: false, cells: view.rows.map(ratioCell) },
      ...metrics.slice(1).map((metric) => ({
        label: isMetg(metric) ? metric.label : columnTitle(metric),
        ours: false,
        cells: view.rows.map((row) => valueCell(row, metric)),
      })),
    ],
  };
}

/** Yardsticks are told apart: no claim is judged against them as a pool. */
function named({ label, result }: RowView): string {
  return result.kind === 'yardstick' ? `${label} (yardstick)` : label;
}

function valueCell(row: RowView, metric: FigureView['primary']): Cell {
  const summary = summaryOf(row, metric);
  if (summary === undefined) return { kind: 'none', text: absence(row.result) };
  if (isCurvePoint(metric)) {
    const { min, max, median, count } = summary;
    const range = count === 1 ? '' : `${min.toFixed(1)}–${max.toFixed(1)}`;
    return { kind: 'value', value: median.toFixed(1), range };
  }
  if (!isMetg(metric)) return { kind: 'value', ...rangedSpread(summary) };
  const { min, max, median, count } = summary;
  const range = count === 1 ? '' : `${duration(min)}–${duration(max)}`;
  return { kind: 'value', value: duration(median), range };
}

function ratioCell({ ours, ratio }: RowView): Cell {
  if (ours) return { kind: 'none', text: '' };
  return ratio === undefined ? { kind: 'none', text: 'n/a' } : { kind: 'value', ...rangedRatio(ratio) };
}
