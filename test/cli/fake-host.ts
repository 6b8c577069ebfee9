/** The command in process: streams that record, a clock that obeys, a pool that is a function. */

import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import type { Clock, Environment, Host, OutputStream, StopSignal } from '../../src/cli/host.ts';
import type { MapPool } from '../../src/cli/map-pool.ts';
import { runCli } from '../../src/cli/program.ts';
import type { PoolStats, WorkerStats } from '../../src/coordinator/options.ts';

export type Task = (name: string, args: readonly unknown[], options: { timeout?: number }) => unknown;

export interface FakePool extends MapPool {
  started: number;
  running: number;
  maxRunning: number;
  closed: boolean;
  terminated: boolean;
}

export function fakePool(task: Task, workers = 2): FakePool {
  let abort: (error: Error) => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = reject;
  });
  aborted.catch(() => {});
  const pool: FakePool = {
    workers,
    started: 0,
    running: 0,
    maxRunning: 0,
    closed: false,
    terminated: false,
    async run(name, args, options) {
      pool.started += 1;
      pool.running += 1;
      pool.maxRunning = Math.max(pool.maxRunning, pool.running);
      try {
        return await Promise.race([aborted, (async () => task(name, args, options))()]);
      } finally {
        pool.running -= 1;
      }
    },
    async find(name) {
      if (name === 'missing') throw new Error('No task module exports a function `missing`.');
    },
    stats: () => stats(workers),
    async close() {
      pool.closed = true;
    },
    async terminate() {
      pool.terminated = true;
      abort(new Error('terminated'));
    },
  };
  return pool;
}

export function worker(worker: number, part: Partial<WorkerStats> = {}): WorkerStats {
  return {
    worker,
    state: 'idle',
    completed: 0,
    steals: 0,
    busyMs: 0,
    parks: 0,
    heapUsed: 0,
    restarts: 0,
    queued: 0,
    ...part,
  };
}

function stats(workers: number): PoolStats {
  return {
    workers: Array.from({ length: workers }, (_, i) => worker(i, { busyMs: 250 * (i + 1) })),
    pending: 0,
    waiting: 0,
    submitted: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    steals: 7,
    crashes: 0,
    memory: { bytes: 0, limit: 0, payloadBytes: 0, records: 0 },
  };
}

/** A clock that goes on only when told; timers fire in `advance`. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; every: number | undefined; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  every(ms: number, callback: () => void): () => void {
    return this.#add({ at: this.#now + ms, every: ms, callback });
  }

  after(ms: number, callback: () => void): () => void {
    return this.#add({ at: this.#now + ms, every: undefined, callback });
  }

  get waiting(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#now = next.at;
      if (next.every === undefined) this.#timers = this.#timers.filter((timer) => timer !== next);
      else next.at += next.every;
      next.callback();
    }
    this.#now = end;
  }

  #add(timer: { at: number; every: number | undefined; callback: () => void }): () => void {
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
}

/** One-shot timers fire in the next turn and are noted; nothing is periodic. */
export class EagerClock implements Clock {
  #now = 0;
  readonly delays: number[] = [];

  now(): number {
    return (this.#now += 1);
  }

  every(): () => void {
    return () => {};
  }

  after(ms: number, callback: () => void): () => void {
    this.delays.push(ms);
    const timer = setImmediate(callback);
    return () => clearImmediate(timer);
  }
}

export interface OutputRecord {
  readonly index: number;
  readonly input: unknown;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

export class Recorder extends Writable implements OutputStream {
  text = '';
  isTTY: boolean | undefined;
  columns: number | undefined;
  /** Set to hold writes back, call to let them go. */
  blocked: (() => void)[] | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    if (this.blocked) this.blocked.push(done);
    else done();
  }

  get records(): OutputRecord[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as OutputRecord);
  }
}

export interface Setup {
  readonly task?: Task;
  readonly workers?: number;
  readonly stdin?: string | Readable;
  readonly cwd?: string;
  readonly clock?: Clock;
  readonly env?: Environment;
  readonly columns?: number;
}

export interface Session {
  readonly exit: Promise<number>;
  readonly stdout: Recorder;
  readonly stderr: Recorder;
  readonly clock: Clock;
  pool: FakePool | undefined;
  /** Options the pool was made with. */
  made: { readonly tasks: URL; readonly workers?: number } | undefined;
  signal(signal: StopSignal): void;
}

/** Starts one command line; `stdin` closes after its text. */
export function start(argv: readonly string[], setup: Setup = {}): Session {
  const listeners = new Set<(signal: StopSignal) => void>();
  const stdin =
    setup.stdin instanceof Readable
      ? setup.stdin
      : Readable.from(setup.stdin ? [Buffer.from(setup.stdin)] : []);
  const stdout = new Recorder();
  const stderr = new Recorder();
  if (setup.columns !== undefined) {
    stderr.isTTY = true;
    stderr.columns = setup.columns;
  }
  const clock = setup.clock ?? new EagerClock();
  const session: Session = {
    stdout,
    stderr,
    clock,
    pool: undefined,
    made: undefined,
    signal: (signal) => {
      for (const listener of listeners) listener(signal);
    },
    exit: Promise.resolve(0),
  };
  const host: Host = {
    cwd: setup.cwd ?? join(import.meta.dirname, '../command'),
    env: setup.env ?? {},
    stdin,
    stdout,
    stderr,
    clock,
    async createPool(options) {
      session.made = options;
      session.pool = fakePool(setup.task ?? ((_, [input]) => input), options.workers ?? setup.workers);
      return session.pool;
    },
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return Object.assign(session, { exit: runCli(argv, host) });
}

/** Runs one command line to its end. */
export async function cli(argv: readonly string[], setup: Setup = {}): Promise<Session & { code: number }> {
  const session = start(argv, setup);
  return Object.assign(session, { code: await session.exit });
}

/** Polls until it holds; the deadline is generous, and only ends a test that has failed. */
export async function until(condition: () => boolean, what: string, deadlineMs = 20_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Turns of the event loop, for everything that can happen to happen. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A stream that is written to by the test and stays open. */
export function openStdin(): PassThrough {
  return new PassThrough();
}

export const TASKS = 'fixtures/tasks.mjs';

/** `1\n2\n…n\n` */
export function numbers(n: number): string {
  return Array.from({ length: n }, (_, i) => `${i + 1}\n`).join('');
}
