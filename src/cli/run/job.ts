/**
 * One whole run of a command: pool, inputs, output, progress, Ctrl-C, report, exit code.
 *
 * @module
 */

import { CommandFailure, EXIT, oneLine, reason } from '../exit.ts';
import { plural } from '../format.ts';
import type { Host } from '../host.ts';
import type { InputSource } from '../inputs/source.ts';
import type { MapPool } from '../map-pool.ts';
import { type Progress, type ProgressMode, startProgress } from '../progress/progress.ts';
import type { DoneItems } from '../records/resume.ts';
import type { LineTarget } from '../records/writer.ts';
import type { Order } from './emitter.ts';
import { Interrupt } from './interrupt.ts';
import { type MapEnd, MapRun } from './map-run.ts';
import type { OnError } from './policy.ts';
import {
  failureText,
  type Summary,
  SummaryRefused,
  summarize,
  summaryOfNone,
  summaryText,
  writeSummary,
} from './summary.ts';

export interface JobTask {
  readonly tasks: URL;
  /** As shown in messages. */
  readonly name: string;
  readonly fn: string;
  readonly args: readonly unknown[];
}

export interface JobOptions {
  readonly workers?: number;
  readonly timeout?: number;
  readonly order: Order;
  readonly onError: OnError;
  readonly progress: ProgressMode;
  /** Whether the summary is printed. */
  readonly report: 'summary' | 'failures';
  /** Where the summary goes as JSON. */
  readonly summary?: { readonly name: string; readonly path: string };
}

/** An output that can also be given up: a new file with nothing in it is removed. */
export interface JobOutput extends LineTarget {
  abandon?(): Promise<void>;
}

export interface Job {
  readonly options: JobOptions;
  /** Before the pool is started: everything that can be found wrong in what the user gave. */
  prepare(): Promise<{ readonly task: JobTask; readonly source: InputSource; readonly done?: DoneItems }>;
  /** After the pool is started. */
  openOutput(): Promise<JobOutput>;
  /** How to go on after an interruption, as in `continue with --resume`. */
  readonly goOn?: string;
}

/** How long ending the threads may hold up the report. */
const END_MS = 2000;

export interface JobEnd {
  readonly exit: number;
  readonly outcome: MapEnd['kind'];
}

/** Runs a job to its end and reports it on stderr; what cannot be run at all rejects with `CommandFailure`. */
export async function runJob(host: Host, job: Job): Promise<JobEnd> {
  const interrupt = new Interrupt(host);
  const { summary } = job.options;
  try {
    const end = await started(host, job, interrupt);
    if (end) return end;
    host.stderr.write('millrace: interrupted before the first item\n');
    if (summary) await writeSummary(summary.name, summary.path, summaryOfNone({ outcome: 'interrupted' }));
    return { exit: interrupt.exit, outcome: 'interrupted' };
  } catch (error) {
    // The summary of an earlier run would be taken for this one's. What cannot be written either is said already.
    if (summary && !(error instanceof SummaryRefused)) {
      const none = summaryOfNone({ outcome: 'failed', error: (error as Error).message });
      await writeSummary(summary.name, summary.path, none).catch(() => {});
    }
    throw error;
  } finally {
    interrupt.dispose();
  }
}

/** Gives `undefined` when it was interrupted before the first item. */
async function started(host: Host, job: Job, interrupt: Interrupt): Promise<JobEnd | undefined> {
  const prepared = await interrupt.until('finish', job.prepare());
  if (!prepared) return undefined;
  const { task, source } = prepared;
  const { workers } = job.options;
  const starting = startPool(host, task, workers);
  try {
    const pool = await interrupt.until('finish', starting);
    const output = pool && (await job.openOutput());
    if (pool && output) return await runPool(host, job, interrupt, { ...prepared, pool, output });
  } catch (error) {
    source.close();
    await ended(
      host,
      starting.then((pool) => pool.terminate()),
    );
    throw error;
  }
  source.close();
  await ended(
    host,
    starting.then((late) => late.terminate()),
  );
  return undefined;
}

interface Started {
  readonly task: JobTask;
  readonly source: InputSource;
  readonly done?: DoneItems;
  readonly pool: MapPool;
  readonly output: JobOutput;
}

async function runPool(host: Host, job: Job, interrupt: Interrupt, started: Started): Promise<JobEnd> {
  const { task, source, done, pool, output } = started;
  const { options } = job;
  const from = host.clock.now();
  let progress: Progress | undefined;
  const run: MapRun = new MapRun({
    pool,
    source,
    target: host.stdout.isTTY ? clearing(output, () => progress?.clear()) : output,
    fn: task.fn,
    args: task.args,
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    order: options.order,
    onError: options.onError,
    clock: host.clock,
    interrupt,
  });
  progress = startProgress({
    mode: options.progress,
    stderr: host.stderr,
    env: host.env,
    clock: host.clock,
    read: () => ({
      done: run.settled + (done?.count ?? 0),
      failed: run.failed + (done?.failed ?? 0),
      ...(source.total === undefined ? {} : { total: source.total }),
      ...(source.bytes ? { fraction: run.position / source.bytes } : {}),
      workers: pool.stats().workers,
    }),
  });
  const say = progress.note;
  const stopSaying = interrupt.onChange(() => {
    if (interrupt.stage !== 'finish') return;
    say(`interrupted: finishing ${plural(run.running, 'item')}; press Ctrl-C again to stop at once`);
  });

  const end = await run.run();
  const wallMs = host.clock.now() - from;
  const stats = pool.stats();
  stopSaying();
  progress.stop();
  await endPool(host, pool, interrupt, end);
  if (end.kind === 'failed') await output.abandon?.();

  const summary = summarize(run, end, stats, {
    wallMs,
    resumed: done?.count ?? 0,
    resumedFailures: done?.failed ?? 0,
  });
  const exit = report(host, job, interrupt, task, end, summary);
  if (options.summary) await writeSummary(options.summary.name, options.summary.path, summary);
  return { exit, outcome: end.kind };
}

function report(
  host: Host,
  job: Job,
  interrupt: Interrupt,
  task: JobTask,
  end: MapEnd,
  summary: Summary,
): number {
  const say = (line: string) => void host.stderr.write(`${line}\n`);
  const goOn = job.goOn ? `; ${job.goOn}` : '';
  if (end.kind === 'failed') {
    const recorded = summary.items > 0 ? ` (${plural(summary.items, 'item')} recorded${goOn})` : '';
    const message =
      end.error instanceof CommandFailure
        ? end.error.message
        : `${task.name}#${task.fn}: ${end.error.message}`;
    say(`millrace: ${oneLine(message)}${recorded}`);
    return end.error instanceof CommandFailure ? end.error.exit : EXIT.failed;
  }
  for (const line of failureText(summary)) say(line);
  if (job.options.report === 'summary') say(summaryText(summary));
  switch (end.kind) {
    case 'finished':
      return summary.failures + summary.resumedFailures > 0 ? EXIT.failed : EXIT.ok;
    case 'stopped':
      say(
        `millrace: stopped at the first failure, item ${end.failure.index}; --on-error skip goes past failures`,
      );
      return EXIT.failed;
    case 'interrupted':
      say(`millrace: interrupted after ${plural(summary.items, 'item')}${goOn}`);
      return interrupt.exit;
  }
}

async function startPool(host: Host, task: JobTask, workers: number | undefined): Promise<MapPool> {
  const pool = await loadedPool(host, task, workers);
  try {
    // Without it a run of no items would not notice.
    await pool.find(task.fn);
    return pool;
  } catch (error) {
    await ended(host, pool.terminate());
    throw new CommandFailure(`${task.name}#${task.fn}: ${oneLine((error as Error).message)}`, {
      cause: error,
    });
  }
}

async function loadedPool(host: Host, task: JobTask, workers: number | undefined): Promise<MapPool> {
  try {
    return await host.createPool({ tasks: task.tasks, ...(workers === undefined ? {} : { workers }) });
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error && !message.includes(cause.message) ? `: ${cause.message}` : '';
    throw new CommandFailure(`cannot load ${task.name}: ${oneLine(message + why)}`, { cause: error });
  }
}

async function endPool(host: Host, pool: MapPool, interrupt: Interrupt, end: MapEnd): Promise<void> {
  if (end.kind !== 'failed' && interrupt.stage !== 'now') {
    const closed = await interrupt.until(
      'now',
      pool.close().then(
        () => 'closed' as const,
        (error: unknown) => {
          host.stderr.write(`millrace: the pool did not close: ${reason(error)}\n`);
        },
      ),
    );
    if (closed) return;
  }
  await ended(host, pool.terminate());
}

/** Waits for threads to end, but not for ever: a thread held by a native call does not end. */
async function ended(host: Host, ending: Promise<unknown>): Promise<void> {
  let stop = (): void => {};
  const late = new Promise<void>((resolve) => {
    stop = host.clock.after(END_MS, resolve);
  });
  // The run has its result already; how the threads end changes nothing about it.
  await Promise.race([ending.catch(() => {}), late]);
  stop();
}

function clearing(target: LineTarget, clear: () => void): LineTarget {
  return {
    write(chunk) {
      clear();
      return target.write(chunk);
    },
    end: (run) => target.end(run),
  };
}
