/**
 * Results as Markdown: the blocks that other documents embed, and a document of all of them.
 *
 * @module
 */

import type { Results, Verdict } from '../results.ts';
import { doubtsOf, factsOf } from './facts.ts';
import { gridOf } from './grid.ts';
import { printable } from './markup.ts';
import type { Plot } from './plots/plot.ts';
import { minutes, withUnit } from './units.ts';
import { bestPoolRow, compare, type FigureView, type ReportView } from './view.ts';
import { commandFor, comparedWith, inOneLine, metricLabel, rangedRatio, seenInOneLine } from './wording.ts';

/** Text from outside: nothing in it may end a cell, start markup, or look like a marker. */
export function plain(text: string): string {
  return printable(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]|]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;');
}

interface Column {
  readonly title: string;
  /** Numbers stand right, words left. */
  readonly words?: true;
  /** Cells are Markdown of our own, not text from outside. */
  readonly markdown?: true;
}

function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map(({ title }) => plain(title));
  const cells = rows.map((row) => row.map((cell, at) => (columns[at]!.markdown ? cell : plain(cell))));
  const widths = titles.map((title, at) => Math.max(3, title.length, ...cells.map((row) => row[at]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => (columns[at]!.words ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join(' | ')} |`;
  const rule = widths.map((width, at) =>
    columns[at]!.words ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(titles), `| ${rule.join(' | ')} |`, ...cells.map(line)].join('\n');
}

const VERDICT: Column = { title: 'verdict', words: true, markdown: true };

function shownStatus({ status }: Verdict): string {
  return status === 'missed' ? '**missed**' : status;
}

function words(title: string): Column {
  return { title, words: true };
}

function doubtLines(results: Results): string[] {
  return doubtsOf(results).map((doubt) => `- **In doubt**: ${plain(doubt)}`);
}

/** A table that may be embedded alone, with what speaks against its figures. */
function withDoubts(block: string, { results }: Pick<ReportView, 'results'>): string {
  return [block, doubtLines(results).join('\n')].filter((part) => part !== '').join('\n\n');
}

export function machineBlock({ results }: ReportView): string {
  return [
    ...factsOf(results).map(({ name, text }) => `- ${name}: ${plain(text)}`),
    ...doubtLines(results),
  ].join('\n');
}

/** The same in a sentence, to stand before a table. */
export function provenanceBlock({ results }: ReportView): string {
  const { machine, effort, workers, versions, seed, seeds = seed === undefined ? [] : [seed] } = results;
  const cores = `${machine.cores} cores (${machine.usable} usable), ${Math.round(machine.memoryBytes / 2 ** 30)} GiB`;
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const runs = seeds.length > 1 ? `${seeds.length} ${effort} runs` : `A ${effort} run`;
  const orders =
    seeds.length === 0 ? '' : ` Each round had an order of its own, drawn with seed ${seeds.join(', ')}.`;
  const days = new Set(
    [results.startedAt, results.lastStartedAt ?? results.startedAt].map((at) => at.slice(0, 10)),
  );
  const sentence = `${runs} of ${[...days].join(' to ')} (${minutes(results.durationMs)}) with ${workers} workers in each pool, on ${machine.cpu}, ${cores}, ${machine.system}, Node ${machine.node}: ${peers.join(', ')}.${orders}`;
  return withDoubts(plain(sentence), { results });
}

/** Every claimed metric and the first of each figure: the subject, the best pool, the ratio, and what was wanted. */
export function summaryBlock(report: ReportView): string {
  const rows = report.suites.flatMap(({ figures }) => figures.flatMap((view) => summaryRows(view, report)));
  return withDoubts(
    table(
      [
        words(''),
        { title: report.subject },
        words('beside'),
        { title: 'its value' },
        { title: 'ratio' },
        words('claim'),
        VERDICT,
      ],
      rows,
    ),
    report,
  );
}

function summaryRows(view: FigureView, { interval, subject }: ReportView): string[][] {
  const { figure, primary } = view;
  const claimed = new Set(figure.verdicts.map(({ claim }) => claim.metric));
  const ours = figure.contenders.find(({ name }) => name === subject);
  return figure.metrics
    .filter((metric) => metric === primary || claimed.has(metric.name))
    .flatMap((metric) => {
      const own = ours?.summary[metric.name];
      const verdicts = figure.verdicts.filter(({ claim }) => claim.metric === metric.name);
      const named = verdicts.find(({ against }) => against !== undefined)?.against;
      const other = figure.contenders.find(({ name }) => name === named) ?? bestPoolRow(view)?.result;
      const theirs = other?.summary[metric.name];
      const ratio =
        ours === undefined || other === undefined ? undefined : compare(ours, other, metric, interval);
      return [
        [
          `${figure.title}: ${metric.label}`,
          own === undefined
            ? ours?.status === 'failed'
              ? 'failed'
              : 'n/a'
            : withUnit(own.median, metric.unit),
          other?.name ?? '',
          theirs === undefined ? '' : withUnit(theirs.median, metric.unit),
          ratio === undefined ? '' : inOneLine(rangedRatio(ratio)),
          verdicts.map(({ claim }) => claim.text).join('; '),
          verdicts.map(shownStatus).join('; '),
        ],
      ];
    });
}

export function claimsBlock(report: ReportView): string {
  const rows = report.suites.flatMap(({ figures }) =>
    figures.flatMap(({ figure }) =>
      figure.verdicts.map((verdict) => {
        return [
          `${figure.title}: ${metricLabel(figure, verdict.claim.metric)}`,
          verdict.claim.text,
          seenInOneLine(figure, verdict),
          comparedWith(verdict),
          shownStatus(verdict),
        ];
      }),
    ),
  );
  return withDoubts(
    table([words('figure'), words('claim'), { title: 'seen' }, words('compared'), VERDICT], rows),
    report,
  );
}

export function figureBlock(view: FigureView, report: ReportView, links: readonly string[]): string {
  const { figure, failures } = view;
  const { corner, columns, rows } = gridOf(view, report);
  const command = commandFor(report.results, figure);
  return [
    `${plain(figure.method)}. Median (least–greatest); ratios with the ${report.interval.label}.${command === undefined ? '' : ` Again: \`${command}\`.`}`,
    table(
      [words(corner), ...columns.map(({ title }) => ({ title }))],
      rows.map(({ label, cells }) => [
        label,
        ...cells.map((cell) => (cell.kind === 'none' ? cell.text : inOneLine(cell))),
      ]),
    ),
    failures.map(({ name, text }) => `- **${plain(name)}** ${plain(text)}`).join('\n'),
    figure.verdicts
      .map((verdict) => {
        const compared = comparedWith(verdict);
        const found = seenInOneLine(figure, verdict);
        return `- **${verdict.status}**: ${plain(`${verdict.claim.text} (${metricLabel(figure, verdict.claim.metric)}): ${found}${compared === '' ? '' : `, ${compared}`}`)}`;
      })
      .join('\n'),
    links.join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function imageLink({ title, description }: Plot, href: string): string {
  return `![${plain(`${title}. ${description}`)}](${href})`;
}
