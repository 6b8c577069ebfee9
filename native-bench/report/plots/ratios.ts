/**
 * The subject beside every contender as ratios, with whiskers and a line where both are equal.
 *
 * @module
 */

import type { Metric } from '../../figures/figure.ts';
import type { RatioEstimate } from '../../interval.ts';
import { number } from '../../tables.ts';
import { axisNumber } from '../units.ts';
import {
  absence,
  advantage,
  bestPoolRow,
  type FigureView,
  type ReportView,
  type RowView,
  shortLabel,
} from '../view.ts';
import type { Plot } from './plot.ts';
import { drawRows, type Mark, type Row, type RowsSpec } from './rows.ts';
import { farBeyond, logDomain, logScale, type Range } from './scale.ts';

/** `undefined` when nothing can be compared. */
export function ratioPlot(view: FigureView, report: ReportView, width: number): Plot | undefined {
  const { primary, rows, slug, figure } = view;
  const others = rows.filter(({ ours }) => !ours);
  if (others.every(({ ratio }) => ratio === undefined)) return undefined;
  const compared = others
    .filter(({ result }) => result.kind !== 'yardstick')
    .flatMap(({ ratio }) => (ratio === undefined ? [] : [ratio.low, ratio.high]));
  const far = ({ result, ratio }: RowView) =>
    result.kind !== 'yardstick' || ratio === undefined ? undefined : farBeyond(ratio.ratio, [1, ...compared]);
  const drawn = others.map((row): Row => {
    const seen = ratioRow(shortLabel(row), primary, row.ratio, absence(row.result));
    const side = far(row);
    if (side === undefined) return seen;
    return { ...seen, marks: [], value: `${side === 'above' ? '→' : '←'} ${seen.value}` };
  });
  const drawing = drawRows({
    ...ratioAxis(others.flatMap((row) => (far(row) === undefined ? (row.ratio ?? []) : []))),
    rows: drawn,
    width,
    labels: 'beside',
    axisTitle: `${report.subject} / contender, ${primary.label}`,
    reference: sides(primary, report.subject),
  });
  return {
    name: `${slug}-ratio`,
    title: `${figure.title}: ${report.subject} beside each contender`,
    description: `Ratio of ${primary.label}, ${report.subject} over the contender, where ${primary.better} is better. ${inWords(drawn)}`,
    width,
    ...drawing,
  };
}

/** Every figure in one picture: how many times better the subject is than the best pool. */
export function overviewPlot(
  report: ReportView,
  form: { width: number; labels: 'beside' | 'above' },
): Plot | undefined {
  const compared = report.suites
    .flatMap(({ figures }) => figures)
    .flatMap((view) => {
      const ratio = bestPoolRow(view)?.ratio;
      return ratio === undefined ? [] : [{ view, ratio: advantage(ratio, view.primary) }];
    });
  if (compared.length === 0) return undefined;
  const drawn = compared.map(({ view, ratio }) =>
    ratioRow(`${view.figure.title}: ${view.primary.label}`, { better: 'higher' }, ratio, 'n/a'),
  );
  const drawing = drawRows({
    ...ratioAxis(compared.map(({ ratio }) => ratio)),
    rows: drawn,
    ...form,
    axisTitle: 'times better than the best pool',
    reference: { at: 1, below: '← best pool better', above: `${report.subject} better →` },
  });
  return {
    name: `overview-${form.labels === 'above' ? 'narrow' : 'wide'}`,
    title: `${report.subject} beside the best pool of each figure`,
    description: `How many times better ${report.subject} is. ${inWords(drawn)}`,
    width: form.width,
    ...drawing,
  };
}

function whiskers({ low, high, rounds }: RatioEstimate): Mark[] {
  return rounds === 1 ? [] : [{ kind: 'whisker', from: low, to: high }];
}

/** In the accent colour where the whole interval is on the subject's side, which a single round cannot show. */
function ratioRow(
  label: string,
  { better }: Pick<Metric, 'better'>,
  ratio: RatioEstimate | undefined,
  none: string,
): Row {
  if (ratio === undefined) return { label, ours: false, tone: 'plain', marks: [], value: '', absent: none };
  const sure = ratio.rounds > 1 && (better === 'higher' ? ratio.low > 1 : ratio.high < 1);
  return {
    label,
    ours: false,
    tone: sure ? 'accent' : 'plain',
    value: `${number(ratio.ratio)}×`,
    marks: [...whiskers(ratio), { kind: 'disc', at: ratio.ratio }],
  };
}

function ratioAxis(estimates: readonly RatioEstimate[]): Pick<RowsSpec, 'scale' | 'tickLabel'> {
  const domain = aroundOne(estimates.flatMap(({ ratio, low, high }) => [ratio, low, high]));
  return {
    scale: (pixels) => logScale(domain, pixels, 40),
    tickLabel: (value) => `${axisNumber(value)}×`,
  };
}

/** A line at 1 has room on both sides, so that it never looks like an edge. */
function aroundOne(ratios: readonly number[]): Range {
  const { from, to } = logDomain([1, ...ratios]) ?? { from: 0.5, to: 2 };
  const room = (to / from) ** 0.15;
  return { from: Math.min(from, 1 / room), to: Math.max(to, room) };
}

function sides({ better }: Metric, subject: string): NonNullable<RowsSpec['reference']> {
  return better === 'higher'
    ? { at: 1, below: '← contender better', above: `${subject} better →` }
    : { at: 1, below: `← ${subject} better`, above: 'contender better →' };
}

function inWords(rows: readonly Row[]): string {
  return rows.map(({ label, value, absent }) => `${label}: ${absent ?? value}`).join('; ');
}
