/**
 * Runs one profile on a pool of its own, cycle after cycle, each ending at rest, and brings back what it saw.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolOptions, PoolStats } from '../../src/index.ts';
import { roundsPerMs } from '../pace.ts';
import { mulberry32 } from '../statistics/random.ts';
import { Ledger, type LedgerSummary } from './ledger.ts';
import type { Profile, Volume } from './profile.ts';
import { type Columns, Series, takeSample } from './samples.ts';

export interface Orders {
  readonly durationMs: number;
  readonly workers: number;
  readonly volume: Volume;
  readonly seed: number;
}

export interface Peaks {
  readonly waiting: number;
  readonly records: number;
  readonly payload: number;
  readonly rss: number;
}

export interface Observations {
  readonly durationMs: number;
  readonly cycles: number;
  /** Whether the samples were taken after a collection. */
  readonly collected: boolean;
  readonly columns: Columns;
  /** How many samples make one entry of the columns. */
  readonly stride: number;
  /** The most that was seen, four times a second, between the samples. */
  readonly peaks: Peaks;
  readonly ledger: LedgerSummary;
  readonly crashes: number;
}

/** What has not settled so long after a cycle is lost. */
const SETTLE_LIMIT_MS = 60_000;
/** Threads that were killed come back, and settled tasks that still ran are ended, within this. */
const REST_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 30_000;
/** So long handles may take to go away after the pool was closed. */
const CLOSING_LIMIT_MS = 2_000;
const LONGEST_CYCLE_MS = 1_000;
const SHORTEST_CYCLE_MS = 50;
/** A short run is cut into so many cycles, or as near as their least length allows. */
const CYCLES = 40;
const PEAK_EVERY_MS = 250;

const PACKAGE: string = 'millrace';

/** Ends early, with what it has seen so far, when `stop` is aborted. */
export async function conduct(profile: Profile, orders: Orders, stop: AbortSignal): Promise<Observations> {
  const { durationMs, workers, volume, seed } = orders;
  const { createPool } = (await import(PACKAGE)) as {
    createPool: (options: PoolOptions) => Promise<Pool>;
  };
  // Streams of the process are made when first used, by the first thread for one, and stay.
  for (const stream of [process.stdout, process.stderr]) stream.writable;
  const before = process.getActiveResourcesInfo();
  const pool = await createPool({
    ...profile.options,
    tasks: [
      new URL('../tasks/functions.mjs', import.meta.url),
      new URL('../tasks/profiles.mjs', import.meta.url),
    ],
    workers,
    execArgv: [],
  });
  const ledger = new Ledger();
  const marks = new SharedArrayBuffer(4);
  const series = new Series();
  const peaks = new PeakWatch(pool);
  const cycleMs = Math.min(LONGEST_CYCLE_MS, Math.max(SHORTEST_CYCLE_MS, durationMs / CYCLES));
  const stage = {
    pool,
    workers,
    ledger,
    random: mulberry32(seed),
    pace: roundsPerMs(),
    volume,
    cycleMs,
    marks,
    look: () => peaks.look(),
  };
  const cycle = profile.begin(stage);

  const from = performance.now();
  let cycles = 0;
  while (performance.now() - from < durationMs && !stop.aborted) {
    peaks.watch();
    await cycle();
    const settled = await ledger.idle(SETTLE_LIMIT_MS);
    peaks.rest();
    cycles++;
    if (!settled) {
      ledger.accuse(
        `${ledger.outstanding} tasks have not settled ${SETTLE_LIMIT_MS / 1000} s after their cycle`,
      );
      break;
    }
    await atRest(pool);
    series.push(takeSample(pool));
  }
  const ended = performance.now() - from;
  const stats = pool.stats();
  settleAccounts(ledger, stats, marks);
  await closed(pool, ledger);
  const left = await leftOver(before);
  if (left.length > 0) ledger.accuse(`After the pool was closed there is left: ${left.join(', ')}`);
  return {
    durationMs: ended,
    cycles,
    collected: globalThis.gc !== undefined,
    columns: series.columns(),
    stride: series.stride,
    peaks: peaks.seen,
    ledger: ledger.summary(),
    crashes: stats.crashes,
  };
}

/** Waits until nothing is left of the cycle. What stays for longer is for the samples to show. */
async function atRest(pool: Pool): Promise<void> {
  const deadline = performance.now() + REST_LIMIT_MS;
  while (performance.now() < deadline) {
    const { pending, memory, workers } = pool.stats();
    const settled = workers.every(({ state }) => state === 'idle' || state === 'busy');
    if (pending === 0 && memory.records === 0 && settled) return;
    await delay(5);
  }
}

/** The pool's own counters, and the tasks that counted themselves, must agree with the ledger. */
function settleAccounts(ledger: Ledger, stats: PoolStats, marks: SharedArrayBuffer): void {
  const { submitted, completed, failed, cancelled, pending } = stats;
  if (submitted !== ledger.submitted) {
    ledger.accuse(`The pool counts ${submitted} submitted tasks, the ledger ${ledger.submitted}`);
  }
  if (completed + failed + cancelled + pending !== submitted) {
    ledger.accuse(
      `The pool counts ${completed} completed, ${failed} failed, ${cancelled} cancelled and ${pending} pending tasks of ${submitted}`,
    );
  }
  const ran = Atomics.load(new Int32Array(marks), 0);
  const given = ledger.count('mark', 'value') | 0;
  if (ran !== given)
    ledger.accuse(`Tasks that were to run once each ran ${ran} times and settled ${given} times`);
}

async function closed(pool: Pool, ledger: Ledger): Promise<void> {
  const limit = new AbortController();
  const late = delay(CLOSE_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => undefined);
  const report = await Promise.race([pool.close(), late]);
  limit.abort();
  await late;
  if (report === undefined) ledger.accuse(`The pool did not close in ${CLOSE_LIMIT_MS / 1000} s`);
  else if (report.stuck > 0) ledger.accuse(`${report.stuck} threads did not end`);
}

/** What keeps the event loop alive beside what was there before, by name; handles need some turns to close. */
async function leftOver(before: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + CLOSING_LIMIT_MS;
  for (;;) {
    await delay(5);
    const left = process.getActiveResourcesInfo();
    for (const name of before) {
      const at = left.indexOf(name);
      if (at >= 0) left.splice(at, 1);
    }
    if (left.length === 0 || performance.now() > deadline) return left;
  }
}

class PeakWatch {
  readonly #pool: Pool;
  #timer: NodeJS.Timeout | undefined;
  #seen: Peaks = { waiting: 0, records: 0, payload: 0, rss: 0 };

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get seen(): Peaks {
    return this.#seen;
  }

  /** Until `rest`. */
  watch(): void {
    this.#timer = setInterval(() => this.look(), PEAK_EVERY_MS);
  }

  rest(): void {
    this.look();
    clearInterval(this.#timer);
  }

  look(): void {
    const { waiting, memory } = this.#pool.stats();
    const { seen } = this;
    this.#seen = {
      waiting: Math.max(seen.waiting, waiting),
      records: Math.max(seen.records, memory.records),
      payload: Math.max(seen.payload, memory.payloadBytes),
      rss: Math.max(seen.rss, process.memoryUsage.rss()),
    };
  }
}
