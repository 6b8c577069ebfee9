/**
 * Checked limits as Markdown.
 *
 * @module
 */

import type { Checked } from './judge.ts';
import type { Limit } from './limits.ts';
import { number, spreadText } from './spread.ts';

const STATUSES = ['holds', 'broken', 'missing'] as const;

export function checkedTable(checked: readonly Checked[]): string {
  const rows = checked.map((each) => [
    each.figure,
    each.limit.contender,
    quantity(each),
    limitText(each.limit),
    each.value === undefined ? 'n/a' : spreadText(each.value),
    each.status === 'holds' ? 'holds' : `**${each.status}**`,
  ]);
  const reasons = checked.flatMap(({ figure, limit, status, reason }) =>
    reason === undefined
      ? []
      : [`${status === 'holds' ? '-' : '!'} ${figure} (${limit.contender}): ${reason}`],
  );
  const counts = STATUSES.map(
    (status) => `${checked.filter((each) => each.status === status).length} ${status}`,
  );
  return [
    row(['figure', 'contender', 'of', 'limit', 'median (min–max)', 'result']),
    row(['---', '---', '---', '---:', '---:', '---']),
    ...rows.map(row),
    '',
    ...(reasons.length === 0 ? [] : [...reasons, '']),
    counts.join(', '),
    '',
  ].join('\n');
}

function quantity({ limit, metric, against }: Checked): string {
  if (limit.kind === 'failures') return 'failures';
  const name = metric?.name ?? limit.metric ?? 'first metric';
  if (limit.kind === 'ratio') return `${name} / that of ${against ?? limit.ratioTo}`;
  return metric === undefined || metric.unit === '' ? name : `${name}, ${metric.unit}`;
}

function limitText(limit: Limit): string {
  if (limit.kind === 'failures') return `≤ ${limit.atMost}`;
  const bounds = [
    ...(limit.atLeast === Number.NEGATIVE_INFINITY ? [] : [`≥ ${number(limit.atLeast)}`]),
    ...(limit.atMost === Number.POSITIVE_INFINITY ? [] : [`≤ ${number(limit.atMost)}`]),
  ];
  return `${bounds.join(' and ')}${limit.rounds === 'every' ? ' in every round' : ''}`;
}

function row(columns: readonly string[]): string {
  return `| ${columns.map((column) => column.replaceAll('|', '\\|')).join(' | ')} |`;
}
