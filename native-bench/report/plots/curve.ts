/**
 * The efficiency curve: useful work by the duration of a task, one line for each contender, with METG(50 %) marked:
 * the shortest task of which half the machine's time is still useful work.
 *
 * @module
 */

import type { Metric } from '../../figures/figure.ts';
import { type Markup, markup } from '../markup.ts';
import { duration } from '../units.ts';
import { absence, type FigureView, type RowView, shortLabel, summaryOf } from '../view.ts';
import { fitted, line, type Plot, px, text, textWidth } from './plot.ts';
import { logScale, type Range, type Scale } from './scale.ts';
import { type LineStyle, otherLine, SUBJECT_LINE } from './theme.ts';

export const METG = 'metg';
/** Told instead of `metg` when the shortest duration is efficient already, or when none is. */
const AT_MOST = 'metgAtMost';
const MORE_THAN = 'metgMoreThan';

/** Whether values of this metric are durations in microseconds. */
export function isMetg(metric: Metric): boolean {
  return [METG, AT_MOST, MORE_THAN].includes(metric.name);
}

/** A task duration of the curve. */
export interface Point {
  readonly metric: Metric;
  readonly us: number;
}

const UNITS: Readonly<Record<string, number>> = { ns: 0.001, us: 1, ms: 1000, s: 1_000_000 };

const POINT = /^e_(\d+(?:\.\d+)?)(ns|us|ms|s)$/;

export function isCurvePoint({ name }: Metric): boolean {
  return POINT.test(name);
}

/** The metrics of a curve in the order of duration: `e_500ns`, `e_2us`, `e_100ms`. */
export function curvePoints(metrics: readonly Metric[]): Point[] {
  return metrics
    .flatMap((metric) => {
      const found = POINT.exec(metric.name);
      return found === null ? [] : [{ metric, us: Number(found[1]) * UNITS[found[2]!]! }];
    })
    .toSorted((a, b) => a.us - b.us);
}

export function isCurve(view: FigureView): boolean {
  return curvePoints(view.figure.metrics).length >= 3;
}

interface Curve {
  readonly row: RowView;
  readonly style: LineStyle;
  readonly points: readonly { readonly us: number; readonly percent: number }[];
  readonly metg: number | undefined;
  /** METG in words, also where there is none. */
  readonly reached: string;
}

interface Form {
  readonly width: number;
  /** Names and METG beside the curves, or below them where the picture is narrow. */
  readonly legend: 'beside' | 'below';
}

const LEGEND = 264;
const LEGEND_NAME = 158;
const LEGEND_ROW = 23;
const PLOT_HEIGHT = 380;

export function curvePlot(view: FigureView, { width, legend }: Form): Plot | undefined {
  const durations = curvePoints(view.figure.metrics).filter(({ metric }) =>
    view.rows.some((row) => summaryOf(row, metric) !== undefined),
  );
  const curves = curvesOf(view, durations);
  if (durations.length < 3 || curves.every(({ points }) => points.length === 0)) return undefined;
  const beside = legend === 'beside';
  const x: Range = { from: 46, to: width - (beside ? LEGEND + 26 : 26) };
  const y: Range = { from: PLOT_HEIGHT - 46, to: 16 };
  const across = logScale({ from: durations[0]!.us, to: durations.at(-1)!.us }, x, 54);
  const most = Math.max(100, ...curves.flatMap(({ points }) => points.map(({ percent }) => percent)));
  const up = (percent: number): number => y.from + (percent / (most + 4)) * (y.to - y.from);
  const legendRows = curves.length + 1;
  const top = beside ? y.to + 6 : PLOT_HEIGHT + 6;
  return {
    name: `${view.slug}-curve-${beside ? 'wide' : 'narrow'}`,
    title: `${view.figure.title}: useful work by duration of a task`,
    description: `METG(50 %), the shortest task with half the time useful: ${curves.map(({ row, reached }) => `${row.label} ${reached}`).join('; ')}`,
    width,
    height: beside ? Math.max(PLOT_HEIGHT, top + legendRows * LEGEND_ROW) : top + legendRows * LEGEND_ROW + 4,
    body: [
      ...grid(across, up, x, y),
      // The subject last, so that its line lies over the others.
      ...curves.toReversed().flatMap((curve) => drawCurve(curve, across, up)),
      ...metgMarks(curves, across, up, x, y),
      ...drawLegend(
        curves,
        beside ? { left: width - LEGEND, right: width - 4, top } : { left: 8, right: width - 8, top },
      ),
    ],
  };
}

/** The subject first, then by METG, those without one last. */
function curvesOf(view: FigureView, durations: readonly Point[]): Curve[] {
  const metgMetric = view.figure.metrics.find(({ name }) => name === METG);
  const rank = (row: RowView): number =>
    row.ours ? -1 : ((metgMetric && summaryOf(row, metgMetric)?.median) ?? Number.POSITIVE_INFINITY);
  const sorted = view.rows.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  let other = 0;
  return sorted.map((row) => {
    const points = durations.flatMap(({ metric, us }) => {
      const seen = summaryOf(row, metric);
      return seen === undefined ? [] : [{ us, percent: seen.median }];
    });
    const metg = metgMetric && summaryOf(row, metgMetric)?.median;
    return {
      row,
      points,
      metg,
      style: row.ours ? SUBJECT_LINE : otherLine(other++),
      reached: points.length === 0 ? absence(row.result) : reachedAt(row, metg),
    };
  });
}

function reachedAt({ result: { summary } }: RowView, metg: number | undefined): string {
  if (metg !== undefined) return duration(metg);
  const [atMost, moreThan] = [summary[AT_MOST], summary[MORE_THAN]];
  if (atMost !== undefined) return `≤ ${duration(atMost.median)}`;
  return moreThan === undefined ? 'not reached' : `> ${duration(moreThan.median)}`;
}

function grid({ at, ticks }: Scale, up: (percent: number) => number, x: Range, y: Range): Markup[] {
  const quiet = { fill: 'var(--soft)', size: 11 } as const;
  return [
    ...ticks.map((tick) => line(at(tick), y.from, at(tick), y.to, 'var(--rule)')),
    ...[0, 25, 50, 75, 100].flatMap((percent) => [
      line(
        x.from,
        up(percent),
        x.to,
        up(percent),
        percent === 50 ? 'var(--soft)' : 'var(--rule)',
        1,
        percent === 50 ? '5 4' : '',
      ),
      text(x.from - 7, up(percent) + 4, percent === 0 ? '0' : `${percent} %`, { ...quiet, anchor: 'end' }),
    ]),
    ...ticks.map((tick) => text(at(tick), y.from + 17, duration(tick), { ...quiet, anchor: 'middle' })),
    text((x.from + x.to) / 2, y.from + 36, 'duration of one task', { ...quiet, anchor: 'middle' }),
    text(x.from + 8, y.to - 4, 'useful work', quiet),
  ];
}

function drawCurve({ points, style }: Curve, { at }: Scale, up: (percent: number) => number): Markup[] {
  if (points.length === 0) return [];
  const path = points
    .map(({ us, percent }, index) => `${index === 0 ? 'M' : 'L'}${px(at(us))} ${px(up(percent))}`)
    .join('');
  const dash = style.dash === '' ? undefined : markup` stroke-dasharray="${style.dash}"`;
  return [
    markup`<path d="${path}" fill="none" stroke="${style.colour}" stroke-width="${style.width}" stroke-linejoin="round"${dash}/>`,
    ...points.map(({ us, percent }) => symbol(style, at(us), up(percent))),
  ];
}

/** A ring where each line crosses one half, and for the subject what that is. */
function metgMarks(
  curves: readonly Curve[],
  { at }: Scale,
  up: (percent: number) => number,
  x: Range,
  y: Range,
): Markup[] {
  return curves.toReversed().flatMap(({ metg, style, row, reached }) => {
    if (metg === undefined || at(metg) < x.from - 0.5 || at(metg) > x.to + 0.5) return [];
    const ring = markup`<circle cx="${px(at(metg))}" cy="${px(up(50))}" r="${row.ours ? 6.5 : 5}" fill="var(--paper)" stroke="${style.colour}" stroke-width="${row.ours ? 2.75 : 2}"/>`;
    if (!row.ours) return [ring];
    const label = `METG ${reached}`;
    const half = textWidth(label) / 2;
    return [
      line(at(metg), up(64), at(metg), y.from, style.colour, 1, '2 3'),
      ring,
      // Above the ring: those who are worse run below and right of it.
      text(Math.max(x.from + half + 4, Math.min(x.to - half, at(metg))), up(64) - 6, label, {
        anchor: 'middle',
        fill: style.colour,
        weight: 600,
        halo: true,
      }),
    ];
  });
}

function drawLegend(
  curves: readonly Curve[],
  { left, right, top }: { readonly left: number; readonly right: number; readonly top: number },
): Markup[] {
  const quiet = { fill: 'var(--soft)', size: 11 } as const;
  return [
    text(left + 36, top + 8, 'contender', quiet),
    text(right, top + 8, 'METG(50 %)', { ...quiet, anchor: 'end' }),
    ...curves.flatMap(({ row, style, points, reached }, index) => {
      const y = top + (index + 1) * LEGEND_ROW;
      const dash = style.dash === '' ? undefined : markup` stroke-dasharray="${style.dash}"`;
      const weight = row.ours ? 600 : 400;
      return [
        ...(points.length === 0
          ? []
          : [
              markup`<line x1="${left}" y1="${y}" x2="${left + 28}" y2="${y}" stroke="${style.colour}" stroke-width="${style.width}"${dash}/>`,
              symbol(style, left + 14, y),
            ]),
        text(left + 36, y + 4, fitted(shortLabel(row), LEGEND_NAME), { weight }),
        text(right, y + 4, reached, {
          anchor: 'end',
          weight,
          fill: reached === 'failed' ? 'var(--bad)' : 'var(--ink)',
        }),
      ];
    }),
  ];
}

function symbol({ symbol: kind, colour, width }: LineStyle, x: number, y: number): Markup {
  const r = width > 2 ? 3.6 : 3;
  switch (kind) {
    case 'circle':
      return markup`<circle cx="${px(x)}" cy="${px(y)}" r="${r}" fill="${colour}"/>`;
    case 'square':
      return markup`<rect x="${px(x - r)}" y="${px(y - r)}" width="${2 * r}" height="${2 * r}" fill="${colour}"/>`;
    case 'triangle':
      return markup`<path d="M${px(x)} ${px(y - r - 0.6)}l${r + 0.6} ${2 * r}h${-2 * r - 1.2}z" fill="${colour}"/>`;
    case 'diamond':
      return markup`<path d="M${px(x)} ${px(y - r - 0.8)}l${r + 0.8} ${r + 0.8}l${-r - 0.8} ${r + 0.8}l${-r - 0.8} ${-r - 0.8}z" fill="${colour}"/>`;
  }
}
