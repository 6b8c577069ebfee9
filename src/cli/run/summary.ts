/**
 * What a run came to, for people and as JSON.
 *
 * @module
 */

import { rename, rm, stat, writeFile } from 'node:fs/promises';
import type { PoolStats } from '../../coordinator/options.ts';
import { CommandFailure, reason } from '../exit.ts';
import { count, duration, plural, rate } from '../format.ts';
import { showInput } from '../records/record.ts';
import type { ItemFailure, MapEnd, MapRun } from './map-run.ts';

/** Times are milliseconds. The JSON of `--summary`. */
export interface Summary {
  readonly outcome: MapEnd['kind'];
  /** Items recorded by this run. */
  readonly items: number;
  /** Items found done in the output of an earlier run. */
  readonly resumed: number;
  readonly failures: number;
  /** Failures among the `resumed`. */
  readonly resumedFailures: number;
  readonly retries: number;
  /** Items finished but not recorded, since one before them was not: a resumed run does them again. */
  readonly unrecorded: number;
  readonly wallMs: number;
  readonly busyMs: readonly number[];
  /** Busy time of all workers over wall time. */
  readonly speedUp: number;
  /** From hand-over to the pool to the result; waiting for a worker included. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly steals: number;
  readonly crashes: number;
  /** Up to a hundred, by index. */
  readonly failed: readonly ItemFailure[];
  /** Why the run could not go on. */
  readonly error?: string;
}

/** `--summary` names a file that is no summary of an earlier run: it is left as it is. */
export class SummaryRefused extends CommandFailure {}

/** Of a run that did not come to its first item. */
export function summaryOfNone(
  end: { outcome: 'interrupted' } | { outcome: 'failed'; error: string },
): Summary {
  return {
    ...end,
    items: 0,
    resumed: 0,
    failures: 0,
    resumedFailures: 0,
    retries: 0,
    unrecorded: 0,
    wallMs: 0,
    busyMs: [],
    speedUp: 0,
    latencyMs: { p50: 0, p99: 0 },
    steals: 0,
    crashes: 0,
    failed: [],
  };
}

export function summarize(
  run: MapRun,
  end: MapEnd,
  stats: PoolStats,
  from: { readonly wallMs: number; readonly resumed: number; readonly resumedFailures: number },
): Summary {
  const busyMs = stats.workers.map((worker) => worker.busyMs);
  const busy = busyMs.reduce((sum, ms) => sum + ms, 0);
  const { latency } = run;
  return {
    outcome: end.kind,
    items: run.recorded,
    resumed: from.resumed,
    failures: run.failed,
    resumedFailures: from.resumedFailures,
    retries: run.retried,
    unrecorded: run.unrecorded,
    wallMs: from.wallMs,
    busyMs,
    speedUp: from.wallMs > 0 ? busy / from.wallMs : 0,
    latencyMs: {
      p50: latency.count === 0 ? 0 : latency.percentile(50) / 1000,
      p99: latency.count === 0 ? 0 : latency.percentile(99) / 1000,
    },
    steals: stats.steals,
    crashes: stats.crashes,
    failed: [...run.failures].sort((a, b) => a.index - b.index),
    ...(end.kind === 'failed' ? { error: end.error.message } : {}),
  };
}

const MAX_SHOWN = 20;
const MAX_WORKERS_SHOWN = 16;

export function summaryText(summary: Summary): string {
  const { items, failures, wallMs, busyMs, latencyMs } = summary;
  const done = `${plural(items, 'item')}, ${count(failures)} failed, in ${duration(wallMs)}`;
  const earlier =
    summary.resumed === 0
      ? ''
      : `; ${count(summary.resumed)} were done before` +
        (summary.resumedFailures === 0 ? '' : ` (${count(summary.resumedFailures)} failed)`);
  const busy = busyMs.reduce((sum, ms) => sum + ms, 0);
  return [
    `${done} (${rate(wallMs > 0 ? (items / wallMs) * 1000 : 0)})${earlier}`,
    `  busy      ${duration(busy)} on ${plural(busyMs.length, 'worker')}: ${each(busyMs)}`,
    `  speed-up  ${summary.speedUp.toFixed(2)} (busy time over wall time)`,
    `  latency   p50 ${duration(latencyMs.p50)}, p99 ${duration(latencyMs.p99)} (hand-over to result)`,
    `  steals    ${count(summary.steals)}`,
    ...(summary.crashes > 0 ? [`  crashes   ${count(summary.crashes)}`] : []),
    ...(summary.retries > 0 ? [`  retries   ${count(summary.retries)}`] : []),
    ...(summary.unrecorded > 0
      ? [
          `  dropped   ${plural(summary.unrecorded, 'result')} after an item that was not done; --resume does them again`,
        ]
      : []),
  ].join('\n');
}

/** One line a failed item, with its input; the first twenty. */
export function failureText({ failures, failed }: Summary): string[] {
  const lines = failed
    .slice(0, MAX_SHOWN)
    .map(({ index, input, error }) => `failed: item ${index} ${showInput(input)}: ${showError(error)}`);
  const more = failures - lines.length;
  return more > 0 ? [...lines, `failed: ${plural(more, 'more item')}`] : lines;
}

export function showError(error: ItemFailure['error']): string {
  const tries = error.attempts ? ` (tried ${error.attempts} times)` : '';
  return showInput(`${error.name}: ${error.message}${tries}`);
}

/** Writes the JSON beside its place and moves it there, so that it is never seen half written. */
export async function writeSummary(name: string, path: string, summary: Summary): Promise<void> {
  const text = `${JSON.stringify(summary, null, 2)}\n`;
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const there = await stat(path).catch(() => undefined);
    // A device or a pipe is written to, not replaced.
    if (there && !there.isFile()) {
      await writeFile(path, text);
      return;
    }
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw new CommandFailure(`cannot write to ${name}: ${reason(error)}`, { cause: error });
  }
}

function each(busyMs: readonly number[]): string {
  if (busyMs.length <= MAX_WORKERS_SHOWN) return busyMs.map(duration).join(', ');
  return `${duration(Math.min(...busyMs))} to ${duration(Math.max(...busyMs))}`;
}
