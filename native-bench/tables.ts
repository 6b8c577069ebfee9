/**
 * Results as Markdown tables.
 *
 * @module
 */

import { number, spreadText } from '../src/cli/check/spread.ts';
import type { Metric } from './figures/figure.ts';
import type { Machine } from './machine.ts';
import { ratios, spread } from './measure.ts';
import type { ContenderResult, FigureResult, Verdict } from './results.ts';
import { best, paired } from './verdicts.ts';

export function machineLines(machine: Machine, versions: Readonly<Record<string, string>>): string {
  const memory = `${Math.round(machine.memoryBytes / 2 ** 30)} GiB`;
  const lines = [
    `${machine.cpu}, ${machine.cores} cores (${machine.usable} usable), ${memory}, ${machine.system}`,
    `Node ${machine.node} (V8 ${machine.v8}); load average ${machine.load.map((load) => load.toFixed(2)).join(', ')}; governor ${machine.governor ?? 'not told'}; CPU quota ${machine.quota ?? 'none'}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    ...machine.doubts.map((doubt) => `! ${doubt}`),
  ];
  return lines.join('\n');
}

export function figureTable(figure: FigureResult, subject: string): string {
  const ours = figure.contenders.find(({ name }) => name === subject);
  const primary = figure.metrics[0]!;
  const columns = figure.metrics.filter(({ detail }) => detail !== true);
  const header = [
    'contender',
    ...columns.map((metric) =>
      metric.unit === '' || metric.unit === '1/s' ? metric.label : `${metric.label}, ${metric.unit}`,
    ),
    `${subject} / it (${primary.label})`,
  ];
  const rows = shown(figure).map(({ label, result }) => [
    label,
    ...cells(columns, result),
    ratioCell(ours, result, primary),
  ]);
  const failures = figure.contenders.flatMap(({ name, failure, unclosed, unsupported }) => [
    ...(unsupported === undefined ? [] : [`! ${name} cannot take part: ${unsupported}`]),
    ...(failure === undefined ? [] : [`! ${name} failed in round ${failure.round}: ${failure.reason}`]),
    ...(unclosed === undefined ? [] : [`! ${name} was measured but did not close: ${unclosed}`]),
  ]);
  return [
    `## ${figure.title} (${figure.name})`,
    `${figure.method}. Median (min–max).`,
    '',
    markdown(header, rows),
    ...(failures.length === 0 ? [] : ['', ...failures]),
    ...(figure.verdicts.length === 0 ? [] : ['', ...figure.verdicts.map(verdictLine)]),
    '',
  ].join('\n');
}

export { number, spreadText };

export interface Row {
  readonly label: string;
  readonly result: ContenderResult;
}

/** One row per family: of several modes the best. */
export function shown(figure: FigureResult): Row[] {
  const families = new Set(figure.contenders.map(({ family }) => family));
  return [...families].map((family) => {
    const modes = figure.contenders.filter((contender) => contender.family === family);
    const chosen = best(modes, figure.metrics[0]!) ?? modes[0]!;
    const mode = chosen.name.slice(family.length + 1);
    return { label: modes.length === 1 ? chosen.name : `${family} (best: ${mode})`, result: chosen };
  });
}

function cells(metrics: readonly Metric[], result: ContenderResult): string[] {
  return metrics.map((metric) => {
    const summary = result.summary[metric.name];
    if (summary !== undefined) return spreadText(summary);
    if (result.status === 'unsupported') return 'unsupported';
    return result.samples.length === 0 && result.status === 'failed' ? 'failed' : 'n/a';
  });
}

function ratioCell(ours: ContenderResult | undefined, theirs: ContenderResult, metric: Metric): string {
  if (ours === undefined || ours === theirs) return '';
  const compared = spread(ratios(...paired(ours, theirs, metric.name)));
  return compared === undefined ? 'n/a' : `${spreadText(compared)}`;
}

export function verdictLine({ claim, status, value, interval, against, reason }: Verdict): string {
  const seen = [
    ...(value === undefined
      ? []
      : [`${spreadText(value)}${against === undefined ? '' : ` against ${against}`}`]),
    ...(interval === undefined || value?.count === 1
      ? []
      : [`95 % interval ${number(interval.low)}–${number(interval.high)}`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  return `${status.toUpperCase()}: ${claim.text} (${claim.metric}): ${seen.join('; ')}`;
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cellsOf: readonly string[]): string =>
    `| ${cellsOf.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}
