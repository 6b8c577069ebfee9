/**
 * What a profile showed, as a file and in words.
 *
 * @module
 */
import type { Machine } from '../machine.ts';
import { number } from '../tables.ts';
import type { Observations } from './conduct.ts';
import type { LeakVerdict } from './leaks.ts';
import { QUANTITIES } from './samples.ts';

export const PROFILE_SCHEMA = 'millrace-profile/1';

/** The file `--json` writes. Fields are only ever added; a change of meaning raises `schema`. */
export interface ProfileReport extends Observations {
  readonly schema: typeof PROFILE_SCHEMA;
  readonly profile: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly workers: number;
  readonly volume: string;
  readonly seed: number;
  readonly machine: Machine;
  readonly verdicts: readonly LeakVerdict[];
}

/** Nothing lost, nothing wrong, nothing that grows; what could not be decided is no fault. */
export function clean({ ledger, verdicts }: Pick<ProfileReport, 'ledger' | 'verdicts'>): boolean {
  const leaks = verdicts.some(({ status }) => status === 'leak');
  return !leaks && ledger.wrong === 0 && ledger.settled === ledger.submitted;
}

export function reportText(report: ProfileReport): string {
  const { ledger, verdicts, peaks, cycles, crashes, durationMs, stride } = report;
  const outcomes = Object.entries(ledger.outcomes).map(
    ([kind, counts]) =>
      `  ${kind}: ${Object.entries(counts)
        .map(([outcome, count]) => `${number(count)} ${outcome}`)
        .join(', ')}`,
  );
  return [
    `${number(ledger.submitted)} tasks in ${number(cycles)} cycles, ${number(durationMs / 1000)} s; ${number(crashes)} threads ended`,
    ...outcomes,
    `at most ${number(peaks.waiting)} waiting, ${number(peaks.records)} records, ${size(peaks.payload)} of arguments in shared memory, ${size(peaks.rss)} resident`,
    ...(report.collected ? [] : ['! heaps were not collected before the samples: run with --expose-gc']),
    ...(stride > 1 ? [`each value is the mean of ${stride} samples`] : []),
    '',
    ...verdicts.map(verdictLine),
    '',
    ...ledger.examples.map((example) => `! ${example}`),
    ...(ledger.wrong > ledger.examples.length ? [`! … ${ledger.wrong - ledger.examples.length} more`] : []),
    conclusion(report),
    '',
  ].join('\n');
}

function conclusion(report: ProfileReport): string {
  const { ledger, verdicts } = report;
  const having = (status: LeakVerdict['status']): number =>
    verdicts.filter((verdict) => verdict.status === status).length;
  if (!clean(report)) {
    const lost = ledger.submitted - ledger.settled;
    return `NOT CLEAN: ${lost} tasks lost, ${ledger.wrong} wrong, ${having('leak')} leaks`;
  }
  const undecided = having('undecided');
  const growth =
    undecided === 0
      ? 'nothing grew'
      : `${undecided} of ${verdicts.length} series too short to say whether they grow`;
  return `CLEAN: every task settled once, as it had to; ${growth}`;
}

function verdictLine({ quantity, status, from, to, growth, p, samples }: LeakVerdict): string {
  const shown = QUANTITIES[quantity] === 'B' ? size : number;
  const how =
    growth === undefined
      ? `${samples} samples are too few; run for longer`
      : `trend ${growth < 0 ? '−' : '+'}${shown(Math.abs(growth))}, p ${p === undefined ? '' : p.toPrecision(2)}`;
  return `${status.toUpperCase()}: ${quantity}: ${shown(from)} → ${shown(to)} (${how})`;
}

function size(bytes: number): string {
  if (bytes < 2 ** 10) return `${number(bytes)} B`;
  return bytes < 2 ** 20 ? `${number(bytes / 2 ** 10)} KiB` : `${number(bytes / 2 ** 20)} MiB`;
}
