/**
 * A comparison as Markdown.
 *
 * @module
 */

import { number, spreadText } from '../tables.ts';
import type { Change, Compared, Comparison } from './compared.ts';

const VERDICTS: readonly Change[] = ['slower', 'faster', 'same', 'too noisy'];

export function comparedTable(compared: Compared): string {
  const { base, head, comparisons, missing, doubts, contender } = compared;
  const header = ['figure', 'metric', 'base', 'head', 'head / base (95 %)', 'p (Holm)', 'verdict'];
  return [
    `# ${contender}: ${head.name} against ${base.name}`,
    '',
    `${explained(compared)}`,
    '',
    ...tooFew(compared),
    row(header),
    row(['---', '---', '---:', '---:', '---:', '---:', '---']),
    ...comparisons.map((comparison) => row(cells(comparison))),
    '',
    ...comparisons.flatMap(({ figure, metric, reason }) =>
      reason === undefined ? [] : [`- ${figure} ${metric.name}: ${reason}.`],
    ),
    ...missing.map(
      ({ side, figure, metric, reason }) =>
        `! not in the ${side}: ${figure}${metric === undefined ? '' : ` ${metric}`}: ${reason}`,
    ),
    ...doubts.map((doubt) => `! ${doubt}`),
    '',
    `${VERDICTS.map((verdict) => `${counted(comparisons, verdict)} ${verdict}`).join(', ')}`,
    '',
  ].join('\n');
}

function explained({ alpha, minEffect, paired, comparisons }: Compared): string {
  const peers = [...new Set(comparisons.flatMap((comparison) => comparison.peers))];
  const drift = paired
    ? 'measured in turns'
    : peers.length === 0
      ? 'as measured: the drift of the machine between the two is not taken out'
      : `ratio and p without the drift of the machine that ${peers.join(', ')} show`;
  return `Changes of at least ${number(100 * minEffect)} %, chance of any wrong verdict of change ${number(100 * alpha)} %; ${drift}. Median (min–max).`;
}

/** First of all, since a table full of "too noisy" looks like a machine that is not quiet. */
function tooFew({ comparisons, alpha, roundsNeeded }: Compared): string[] {
  const few = comparisons.filter(({ tooFewRounds }) => tooFewRounds);
  if (few.length === 0) return [];
  const figures = [...new Set(few.map(({ figure }) => figure))].map((figure) => {
    const rounds = few
      .filter((each) => each.figure === figure)
      .map(({ base, head }) => Math.min(base.count, head.count));
    return `${figure} (${Math.min(...rounds)})`;
  });
  const which = few.length === comparisons.length ? 'all' : `${few.length} of`;
  return [
    `! Too few rounds in ${which} ${comparisons.length} comparisons: no change can be found there, whatever changed. At alpha ${alpha} it takes ${roundsNeeded} rounds on each side; there are fewer in ${figures.join(', ')}.`,
    '',
  ];
}

function cells({ figure, metric, base, head, ratio, corrected, verdict }: Comparison): string[] {
  return [
    figure,
    metric.unit === '' ? metric.label : `${metric.label}, ${metric.unit}`,
    spreadText(base),
    spreadText(head),
    ratio === undefined
      ? 'n/a'
      : `${ratio.estimate.toFixed(3)} (${ratio.low.toFixed(3)}–${ratio.high.toFixed(3)})`,
    corrected < 0.0001 ? '< 0.0001' : corrected.toFixed(4),
    verdict === 'slower' || verdict === 'faster' ? `**${verdict}**` : verdict,
  ];
}

function counted(comparisons: readonly Comparison[], verdict: Change): number {
  return comparisons.filter((comparison) => comparison.verdict === verdict).length;
}

function row(columns: readonly string[]): string {
  return `| ${columns.map((column) => column.replaceAll('|', '\\|')).join(' | ')} |`;
}
