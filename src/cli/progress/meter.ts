/**
 * What a run looks like at one moment: how far, how fast, how loaded.
 *
 * @module
 */

import type { WorkerStats } from '../../coordinator/options.ts';

export interface Reading {
  /** Items at an end, those of an earlier run included. */
  readonly done: number;
  readonly failed: number;
  /** Items in all, where known. */
  readonly total?: number;
  /** Part of the input's bytes that is done, 0 to 1, where they are known: better than counting items. */
  readonly fraction?: number;
  readonly workers: readonly WorkerStats[];
}

export interface Snapshot {
  readonly done: number;
  readonly failed: number;
  readonly total?: number;
  /** 0 to 1, where it can be told. */
  readonly fraction?: number;
  /** Items a second over the last seconds. */
  readonly rate: number;
  /** Milliseconds left at that rate, where it can be told. */
  readonly eta?: number;
  /** Part of the last seconds each worker was busy, 0 to 1. */
  readonly loads: readonly number[];
}

interface Sample {
  readonly at: number;
  readonly done: number;
  readonly fraction: number | undefined;
  readonly busy: readonly number[];
}

/** Rates are those of the last five seconds. */
const SPAN_MS = 5000;

export class Meter {
  #samples: Sample[] = [];

  /** Takes one reading at `now`, in ms. */
  read(now: number, reading: Reading): Snapshot {
    const { done, failed, total, workers } = reading;
    const fraction = reading.fraction ?? (total === undefined ? undefined : total === 0 ? 1 : done / total);
    const sample: Sample = { at: now, done, fraction, busy: workers.map(({ busyMs }) => busyMs) };
    const first = this.#since(sample);
    const span = Math.max(1, now - first.at);
    const rate = ((done - first.done) / span) * 1000;
    const eta = timeLeft(sample, first, span);
    return {
      done,
      failed,
      rate,
      loads: workers.map((worker, i) => load(worker, worker.busyMs - (first.busy[i] ?? 0), span)),
      ...(total === undefined ? {} : { total }),
      ...(fraction === undefined ? {} : { fraction: Math.min(1, fraction) }),
      ...(eta === undefined ? {} : { eta }),
    };
  }

  #since(sample: Sample): Sample {
    this.#samples.push(sample);
    while (this.#samples.length > 2 && sample.at - this.#samples[1]!.at >= SPAN_MS) this.#samples.shift();
    return this.#samples[0]!;
  }
}

function timeLeft(last: Sample, first: Sample, span: number): number | undefined {
  if (last.fraction === undefined || first.fraction === undefined) return undefined;
  const gained = last.fraction - first.fraction;
  if (last.fraction >= 1) return 0;
  return gained > 0 ? ((1 - last.fraction) / gained) * span : undefined;
}

function load(worker: WorkerStats, busyMs: number, span: number): number {
  // Busy time is counted when a task ends: a worker inside a long task shows none.
  if (busyMs === 0 && worker.state === 'busy') return 1;
  return Math.max(0, Math.min(1, busyMs / span));
}
