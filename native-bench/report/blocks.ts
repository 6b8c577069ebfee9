/**
 * The blocks that can be embedded, by name, and the document that holds all of them.
 *
 * @module
 */

import { dirname, relative, sep } from 'node:path';
import { expected } from '../../src/errors.ts';
import {
  claimsBlock,
  figureBlock,
  imageLink,
  machineBlock,
  plain,
  provenanceBlock,
  summaryBlock,
} from './markdown.ts';
import { filePlots, overviewOf } from './plots/choose.ts';
import { type Plot, standaloneSvg } from './plots/plot.ts';
import type { FigureView, ReportView } from './view.ts';

/** Where plots stand beside the document, or `undefined` to do without. */
export interface Plots {
  readonly folder: string;
  /** File names of the plots that documents link to: filled as their blocks are written. */
  readonly linked: Set<string>;
}

export interface PlotFile {
  readonly name: string;
  readonly text: string;
}

/** Every plot of the report as a file of its own. */
export function plotFiles(report: ReportView): PlotFile[] {
  const plots = [
    overviewOf(report)?.wide ?? [],
    report.suites.flatMap(({ figures }) => figures.flatMap((view) => filePlots(view, report))),
  ].flat();
  return plots.map((plot) => ({ name: `${plot.name}.svg`, text: standaloneSvg(plot) }));
}

/**
 * The blocks for the document `file`:
 *
 * - `machine`: where and how it was measured, with every doubt;
 * - `provenance`: the same in a sentence;
 * - `summary`: the claimed metrics beside the best pool;
 * - `claims`: every claim with what was seen;
 * - a figure's name: its method, table, failures, verdicts and plots; `NAME:table` and `NAME:plots` are only that;
 * - `suite:NAME`: all figures of a suite;
 * - `overview:plots`: every figure in one picture.
 */
export function blocksFor(
  file: string,
  report: ReportView,
  plots: Plots | undefined,
): (name: string) => string {
  const link = (plot: Plot): string => {
    const name = `${plot.name}.svg`;
    plots!.linked.add(name);
    return imageLink(plot, hrefOf(file, plots!.folder, name));
  };
  const links = (view: FigureView): string[] =>
    plots === undefined ? [] : filePlots(view, report).map(link);
  const sources = new Map<string, () => string>();
  for (const { name, figures } of report.suites) {
    sources.set(`suite:${name}`, () =>
      figures
        .map((view) => `### ${plain(view.figure.title)}\n\n${figureBlock(view, report, links(view))}`)
        .join('\n\n'),
    );
    for (const view of figures) {
      sources.set(view.figure.name, () => figureBlock(view, report, links(view)));
      sources.set(`${view.figure.name}:table`, () => figureBlock(view, report, []));
      if (plots !== undefined) sources.set(`${view.figure.name}:plots`, () => links(view).join('\n'));
    }
  }
  sources.set('machine', () => machineBlock(report));
  sources.set('provenance', () => provenanceBlock(report));
  sources.set('summary', () => summaryBlock(report));
  sources.set('claims', () => claimsBlock(report));
  const overview = overviewOf(report);
  if (plots !== undefined && overview !== undefined) sources.set('overview:plots', () => link(overview.wide));
  return (name) => {
    const source = sources.get(name);
    if (source !== undefined) return source();
    const known = [...sources.keys()].join(', ');
    const hint = name.endsWith(':plots') && plots === undefined ? ' (plots need --svg-dir)' : '';
    throw expected(`bench:${name} in ${file}`, `a block of these results: ${known}${hint}`, name);
  };
}

function hrefOf(file: string, folder: string, name: string): string {
  const path = relative(dirname(file), folder)
    .split(sep)
    .filter((part) => part !== '');
  return [...path, name].map(encodeURIComponent).join('/');
}

/** All blocks as one document. */
export function document(file: string, report: ReportView, plots: Plots | undefined): string {
  const block = blocksFor(file, report, plots);
  const overview = plots !== undefined && overviewOf(report) !== undefined ? [block('overview:plots')] : [];
  const parts = [
    `# ${plain(report.subject)} beside its peers`,
    block('machine'),
    '## In short',
    ...overview,
    block('summary'),
    '## Claims',
    block('claims'),
    ...report.suites.flatMap(({ name, title }) => [`## ${plain(title)}`, block(`suite:${name}`)]),
  ];
  return `${parts.join('\n\n')}\n`;
}
