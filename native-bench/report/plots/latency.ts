/**
 * How latency is distributed: the percentiles of each contender in one row, with every round behind the median.
 *
 * @module
 */

import type { Metric } from '../../figures/figure.ts';
import { values } from '../../verdicts.ts';
import { axisNumber, shownUnit, withUnit } from '../units.ts';
import { absence, type FigureView, type RowView, shortLabel, summaryOf, toneOf } from '../view.ts';
import type { Plot } from './plot.ts';
import { drawRows, type Mark, type Row } from './rows.ts';
import { logDomain, logScale } from './scale.ts';

interface Percentile {
  readonly metric: Metric;
  readonly label: string;
  readonly share: number;
}

interface Distribution {
  /** What is distributed: the metrics' common name without the percentile. */
  readonly of: string;
  readonly percentiles: readonly Percentile[];
}

const SHAPES = ['disc', 'ring', 'diamond'] as const;

/** A plot for each distribution of which two or three percentiles were measured. */
export function latencyPlots(view: FigureView, width: number): Plot[] {
  const distributions = distributionsOf(view.figure.metrics);
  return distributions.flatMap((distribution) => {
    const name =
      distributions.length === 1 ? '' : `-${distribution.of.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
    return latencyPlot(view, distribution, `${view.slug}-latency${name}`, width) ?? [];
  });
}

function latencyPlot(
  view: FigureView,
  { of, percentiles }: Distribution,
  name: string,
  width: number,
): Plot | undefined {
  const unit = percentiles[0]!.metric.unit;
  const domain = logDomain(
    view.rows.flatMap(({ result }) => percentiles.flatMap(({ metric }) => values(result, metric.name))),
  );
  if (domain === undefined) return undefined;
  const drawn = view.rows.map((row) => latencyRow(row, percentiles));
  const drawing = drawRows({
    rows: drawn,
    width,
    labels: 'beside',
    scale: (pixels) => logScale(domain, pixels, 40),
    tickLabel: axisNumber,
    axisTitle: `${of === '' ? 'latency' : of}, ${shownUnit(unit)}; value: median of ${percentiles[0]!.label}`,
    key: [
      ...percentiles.map(({ label }, index) => ({ kind: SHAPES[index]!, label })),
      { kind: 'tick', label: 'a round' },
    ],
  });
  return {
    name,
    title: `${view.figure.title}: distribution of ${of === '' ? 'latency' : of}`,
    description: view.rows.map((row) => inWords(row, percentiles)).join('; '),
    width,
    ...drawing,
  };
}

function latencyRow(row: RowView, percentiles: readonly Percentile[]): Row {
  const { ours, result } = row;
  const label = shortLabel(row);
  const seen = percentiles.map(({ metric }) => summaryOf(row, metric)?.median);
  const known = seen.filter((value) => value !== undefined && value > 0) as number[];
  if (known.length === 0)
    return { label, ours, tone: toneOf(row), marks: [], value: '', absent: absence(result) };
  const rounds = percentiles.flatMap(({ metric }) =>
    values(result, metric.name)
      .filter((value) => value > 0)
      .map((at): Mark => ({ kind: 'tick', at })),
  );
  const marks = seen.flatMap((at, index): Mark[] =>
    at === undefined || at <= 0 ? [] : [{ kind: SHAPES[index]!, at }],
  );
  return {
    label,
    ours,
    tone: toneOf(row),
    marks: [{ kind: 'thread', from: Math.min(...known), to: Math.max(...known) }, ...rounds, ...marks],
    value: seen[0] === undefined ? '' : withUnit(seen[0], percentiles[0]!.metric.unit),
  };
}

function inWords(row: RowView, percentiles: readonly Percentile[]): string {
  const parts = percentiles.flatMap(({ metric, label }) => {
    const summary = summaryOf(row, metric);
    return summary === undefined ? [] : [`${label} ${withUnit(summary.median, metric.unit)}`];
  });
  return `${row.label}: ${parts.length === 0 ? absence(row.result) : parts.join(', ')}`;
}

/** Metrics like `p50`, `p99`, `p999` or `cheapP99`, together where all but the percentile is the same. */
export function distributionsOf(metrics: readonly Metric[]): Distribution[] {
  const groups = new Map<string, Percentile[]>();
  for (const metric of metrics) {
    const found = /^(.*?)[_-]?[pP](\d{2,5})$/.exec(metric.name);
    if (found === null) continue;
    const [, stem = '', digits = ''] = found;
    const share = Number(`0.${digits}`);
    const label = `p${digits.slice(0, 2)}${digits.length > 2 ? `.${digits.slice(2)}` : ''}`;
    const key = `${stem} ${metric.unit}`;
    groups.set(key, [...(groups.get(key) ?? []), { metric, label, share }]);
  }
  return [...groups]
    .filter(([, percentiles]) => percentiles.length > 1)
    .map(([key, percentiles]) => ({
      of: common(percentiles, key.slice(0, key.indexOf(' '))),
      percentiles: percentiles.toSorted((a, b) => a.share - b.share).slice(0, SHAPES.length),
    }));
}

/** From labels like `cheap route, p99` the part without the percentile; else the metric's stem. */
function common(percentiles: readonly Percentile[], stem: string): string {
  const rests = percentiles.map(({ metric }) =>
    metric.label.replace(/\bp\d+(\.\d+)?\b/i, '').replace(/^[\s,:-]+|[\s,:-]+$/g, ''),
  );
  return rests.every((rest) => rest === rests[0]) ? rests[0]! : stem;
}
