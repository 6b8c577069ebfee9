/**
 * A figure as it is shown: which rows, in which order, and what each is compared with.
 *
 * @module
 */

import type { Metric } from '../figures/figure.ts';
import type { IntervalMethod, RatioEstimate } from '../interval.ts';
import type { Spread } from '../measure.ts';
import type { ContenderResult, FigureResult, Results } from '../results.ts';
import { shown } from '../tables.ts';
import { judge } from '../verdicts.ts';

export interface ReportView {
  readonly results: Results;
  readonly subject: string;
  readonly interval: IntervalMethod;
  readonly suites: readonly SuiteView[];
}

export interface SuiteView {
  readonly name: string;
  readonly title: string;
  readonly figures: readonly FigureView[];
}

export interface FigureView {
  readonly figure: FigureResult;
  /** Unique in the report, and safe in an id or a file name. */
  readonly slug: string;
  readonly primary: Metric;
  readonly rows: readonly RowView[];
  readonly failures: readonly FailureView[];
}

/** A family of contenders, which its best mode stands for. */
export interface RowView {
  /** Says so where the values are only those of the rounds before it failed. */
  readonly label: string;
  readonly result: ContenderResult;
  readonly ours: boolean;
  /** The subject's primary metric over this one's; absent for the subject itself and without common rounds. */
  readonly ratio?: RatioEstimate;
}

/** What went wrong with a contender: with every mode, also those that are in no row. */
export interface FailureView {
  readonly name: string;
  readonly text: string;
}

export interface ViewOptions {
  /** The contender that the others are compared with. */
  readonly subject: string;
  readonly interval: IntervalMethod;
  /** Titles of suites by name; a suite without one is shown by its name. */
  readonly suiteTitles: ReadonlyMap<string, string>;
}

/** What files of before there were suites held. */
const OLDEST_SUITE = 'pool';

/**
 * The verdicts are judged anew from the samples, so that those of a file from before a rule changed follow the rule that
 * the report states.
 */
export function viewOf(found: Results, { subject, interval, suiteTitles }: ViewOptions): ReportView {
  const results = {
    ...found,
    figures: found.figures.map((figure) => ({
      ...figure,
      verdicts: figure.verdicts.map(({ claim }) => judge(claim, figure.metrics, figure.contenders, subject)),
    })),
  };
  const bySuite = new Map<string, FigureView[]>();
  const taken = new Set<string>();
  for (const figure of results.figures) {
    const suite = figure.suite ?? OLDEST_SUITE;
    const slug = unique(slugOf(`${suite}-${figure.name}`), taken);
    const view = figureView(figure, slug, subject, interval);
    bySuite.set(suite, [...(bySuite.get(suite) ?? []), view]);
  }
  const suites = [...bySuite].map(([name, figures]) => ({
    name,
    title: suiteTitles.get(name) ?? name,
    figures,
  }));
  return { results, subject, interval, suites };
}

function figureView(
  figure: FigureResult,
  slug: string,
  subject: string,
  interval: IntervalMethod,
): FigureView {
  const ours = figure.contenders.find(({ name }) => name === subject);
  const primary = figure.metrics[0]!;
  const rows = shown(figure).map(({ label, result }): RowView => {
    const ratio =
      ours === undefined || result === ours ? undefined : compare(ours, result, primary, interval);
    const broken = result.status === 'failed' && result.samples.length > 0;
    const name = broken ? `${label}, failed` : label;
    return { label: name, result, ours: result === ours, ...(ratio === undefined ? {} : { ratio }) };
  });
  return { figure, slug, primary, rows, failures: failuresOf(figure) };
}

/** The ratio of `ours` to `theirs` over the rounds in which both have a value; a round is only compared with itself. */
export function compare(
  ours: ContenderResult,
  theirs: ContenderResult,
  { name }: Metric,
  interval: IntervalMethod,
): RatioEstimate | undefined {
  const pairs = ours.samples.flatMap((sample, round) => {
    const [own, other] = [sample[name], theirs.samples[round]?.[name]];
    return typeof own === 'number' && typeof other === 'number' ? [[own, other] as const] : [];
  });
  return interval.estimate(
    pairs.map(([own]) => own),
    pairs.map(([, other]) => other),
  );
}

function failuresOf(figure: FigureResult): FailureView[] {
  return figure.contenders.flatMap(({ name, failure, unclosed, status }) => [
    ...(status === 'failed'
      ? [{ name, text: `failed in round ${failure?.round ?? '?'}: ${failure?.reason ?? 'no reason given'}` }]
      : []),
    ...(unclosed === undefined ? [] : [{ name, text: `was measured but did not close: ${unclosed}` }]),
  ]);
}

/** What a table or a plot says where there is no value. */
export function absence({ status, samples }: ContenderResult): 'failed' | 'n/a' {
  return status === 'failed' && samples.length === 0 ? 'failed' : 'n/a';
}

export function summaryOf(row: RowView, metric: Metric): Spread | undefined {
  return row.result.summary[metric.name];
}

/** The subject is looked at; yardsticks stand beside the comparison. */
export function toneOf({ ours, result }: RowView): 'accent' | 'plain' | 'quiet' {
  if (ours) return 'accent';
  return result.kind === 'yardstick' ? 'quiet' : 'plain';
}

/** Where there is little room: `piscina (async-1)`. */
export function shortLabel({ label }: RowView): string {
  return label.replace('(best: ', '(');
}

/** The row of the pool that verdicts call the best. */
export function bestPoolRow({ figure, rows }: FigureView): RowView | undefined {
  return rows.find(({ result }) => result.name === figure.bestPool);
}

/** How many times better the subject is, whichever direction the metric has. */
export function advantage({ ratio, low, high, rounds }: RatioEstimate, { better }: Metric): RatioEstimate {
  return better === 'higher'
    ? { ratio, low, high, rounds }
    : { ratio: 1 / ratio, low: 1 / high, high: 1 / low, rounds };
}

export function slugOf(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'figure'
  );
}

function unique(slug: string, taken: Set<string>): string {
  let candidate = slug;
  for (let n = 2; taken.has(candidate); n++) candidate = `${slug}-${n}`;
  taken.add(candidate);
  return candidate;
}
