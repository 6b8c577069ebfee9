/**
 * Threads are ended at random instants under a mixed load, and a ledger is kept: every task settles exactly once, with
 * the right value or an error that its kind allows; nothing is left over.
 *
 *     MILLRACE_SOAK_SECONDS=600 npm run soak -- --times 1 test/faults/kill-soak
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BroadcastChannel, type Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { createPool, type Pool, type RunOptions } from '../../dist/src/index.js';
import { until } from '../process/harness/until.ts';
import { expectClean, fixture, threads } from './lab.ts';

const SECONDS = Number(process.env['MILLRACE_SOAK_SECONDS'] ?? 6);
const SEED = Number(process.env['MILLRACE_SOAK_SEED'] ?? Date.now() % 2 ** 31) | 1;
/** Longer, and the wait before a replacement has grown so much that little is left to kill. */
const ROUND_MS = 1_200;

let state = SEED;
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

/** One task: what is submitted, what comes back, and which errors may come instead. */
interface Kind {
  readonly name: string;
  readonly weight: number;
  make(id: number): {
    readonly fn: string;
    readonly args: readonly unknown[];
    readonly options?: RunOptions;
    readonly value?: unknown;
    /** Cancelled with this reason after so many milliseconds. */
    readonly abort?: { readonly controller: AbortController; readonly after: number };
  };
  readonly errors: readonly string[];
}

// A task whose code had started when its thread died; a thread may also be slow to end on a crowded machine.
const CRASH = ['ERR_WORKER_CRASHED', 'ERR_WORKER_STUCK'];
const AGAIN = ['ERR_POISONED'];
const bytes = (n: number, value: number): Uint8Array => new Uint8Array(n).fill(value);

const KINDS: readonly Kind[] = [
  {
    name: 'numbers',
    weight: 300,
    make: (id) => ({ fn: 'add', args: [id, 0.5], value: id + 0.5 }),
    errors: CRASH,
  },
  {
    name: 'object',
    weight: 150,
    make: (id) => ({ fn: 'echo', args: [{ id, list: [id, `${id}`] }], value: { id, list: [id, `${id}`] } }),
    errors: CRASH,
  },
  {
    name: 'large argument',
    weight: 20,
    make: (id) => ({ fn: 'length', args: [bytes(id % 200_000, 1)], value: id % 200_000 }),
    errors: CRASH,
  },
  {
    name: 'result bytes',
    weight: 60,
    make: (id) => ({ fn: 'text', args: [id % 3000, 'ü'], value: 'ü'.repeat(id % 3000) }),
    errors: CRASH,
  },
  {
    name: 'large result',
    weight: 5,
    make: (id) => ({ fn: 'bytes', args: [600_000 + (id % 9)], value: bytes(600_000 + (id % 9), 7) }),
    errors: CRASH,
  },
  {
    name: 'async',
    weight: 60,
    make: (id) => ({ fn: 'later', args: [id, id % 4], value: id }),
    errors: CRASH,
  },
  {
    name: 'noted once',
    weight: 20,
    make: (id) => ({ fn: 'noted', args: [`once ${id}`], value: `once ${id}` }),
    errors: CRASH,
  },
  {
    name: 'idempotent',
    weight: 60,
    make: (id) => ({ fn: 'echo', args: [{ id }], value: { id }, options: { idempotent: true } }),
    errors: AGAIN,
  },
  {
    name: 'idempotent async',
    weight: 30,
    make: (id) => ({
      fn: 'later',
      args: [id, id % 4],
      value: id,
      options: { idempotent: true, priority: 'high' },
    }),
    errors: AGAIN,
  },
  {
    name: 'bound',
    weight: 30,
    make: (id) => ({ fn: 'add', args: [id, 1], value: id + 1, options: { affinity: id % 3 } }),
    errors: CRASH,
  },
  {
    name: 'through a port',
    weight: 20,
    make: (id) => ({
      fn: 'length',
      args: [new Int32Array(new SharedArrayBuffer(4 * (id % 50)))],
      value: id % 50,
    }),
    errors: CRASH,
  },
  {
    name: 'moved',
    weight: 10,
    make: (id) => {
      const view = bytes(id % 5000, 2);
      return {
        fn: 'length',
        args: [view],
        value: id % 5000,
        options: { transfer: [view.buffer as ArrayBuffer] },
      };
    },
    errors: CRASH,
  },
  {
    name: 'in time',
    weight: 30,
    make: (id) => ({ fn: 'later', args: [id, 1], value: id, options: { timeout: 60_000, deadline: 60_000 } }),
    errors: CRASH,
  },
  {
    name: 'cancelled',
    weight: 40,
    make: (id) => {
      const controller = new AbortController();
      return {
        fn: 'later',
        args: [id, id % 10],
        value: id,
        options: { signal: controller.signal },
        abort: { controller, after: id % 10 },
      };
    },
    errors: [...CRASH, 'aborted'],
  },
  {
    name: 'never, with a limit',
    weight: 10,
    make: () => ({ fn: 'never', args: ['never'], options: { timeout: 15 } }),
    errors: [...CRASH, 'ERR_TIMEOUT'],
  },
  {
    name: 'throws',
    weight: 20,
    make: () => ({ fn: 'thrower', args: ['range'] }),
    errors: [...CRASH, 'E_FAR'],
  },
];

/** Tasks that end their thread. Each costs its worker a pause, so they come by the clock, not by the number. */
const LETHAL: readonly Kind[] = [
  {
    name: 'spins, with a limit',
    weight: 6,
    make: () => ({ fn: 'spin', args: ['spin'], options: { timeout: 5 } }),
    errors: [...CRASH, 'ERR_TIMEOUT'],
  },
  { name: 'exits', weight: 3, make: (id) => ({ fn: 'reallyExit', args: [id % 3] }), errors: CRASH },
  { name: 'exits later', weight: 1, make: () => ({ fn: 'exitLater', args: [0] }), errors: CRASH },
  {
    name: 'poison',
    weight: 1,
    make: () => ({ fn: 'reallyExit', args: [1], options: { idempotent: true } }),
    errors: AGAIN,
  },
  {
    name: 'stray',
    weight: 1,
    make: (id) => ({ fn: 'strayTimer', args: [`${id}`], value: `${id}` }),
    errors: CRASH,
  },
];
const wheel = (kinds: readonly Kind[]): readonly Kind[] =>
  kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));
const WHEEL = wheel(KINDS);
const LETHAL_WHEEL = wheel(LETHAL);

/** What was submitted and how it settled. */
class Ledger {
  readonly counts = new Map<string, number>();
  readonly wrong: string[] = [];
  readonly settles: number[] = [];
  /** Tasks that note that they ran: whether they gave a value. */
  readonly noted = new Map<string, boolean>();
  kills = 0;
  inFlight = 0;

  submit(pool: Pool, kinds: readonly Kind[]): Promise<void> {
    const kind = kinds[random(kinds.length)]!;
    const id = this.settles.push(0) - 1;
    const { fn, args, options, value, abort } = kind.make(id);
    this.inFlight++;
    if (abort !== undefined) setTimeout(() => abort.controller.abort('aborted'), abort.after);
    return pool.run(fn, args, options).then(
      (got) => {
        this.#settled(id, 'value');
        if (fn === 'noted') this.noted.set(args[0] as string, true);
        if (value === undefined || !same(got, value)) {
          this.wrong.push(`${kind.name} ${id}: gave ${JSON.stringify(got)?.slice(0, 80)}`);
        }
      },
      (error: unknown) => {
        const code = error === 'aborted' ? error : (error as { code?: string }).code;
        this.#settled(id, String(code));
        if (fn === 'noted') this.noted.set(args[0] as string, false);
        if (!kind.errors.includes(String(code))) this.wrong.push(`${kind.name} ${id}: ${String(error)}`);
      },
    );
  }

  #settled(id: number, how: string): void {
    this.inFlight--;
    this.settles[id]!++;
    this.counts.set(how, (this.counts.get(how) ?? 0) + 1);
  }
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return typeof a === 'object' ? JSON.stringify(a) === JSON.stringify(b) : Object.is(a, b);
}

/** Threads that have begun to load the task modules. Before that nobody but us can end a thread, and we do not. */
const loading = new Set<number>();
const announced = new BroadcastChannel('millrace kill-soak');
announced.onmessage = (event) => loading.add((event as { readonly data: number }).data);
announced.unref();

/**
 * Ends a random thread of the pool every so often, from outside or by a task, until told to stop. Threads that are
 * starting too, but only two of them: a worker whose thread fails to start three times in a row is given up, and
 * rightly.
 */
async function kill(pool: Pool, ledger: Ledger, over: () => boolean): Promise<void> {
  const ready = new WeakSet<Worker>();
  let starting = 2;
  while (!over()) {
    await sleep(random(100));
    if (random(3) === 0) {
      void ledger.submit(pool, LETHAL_WHEEL);
      continue;
    }
    const alive = [...threads];
    if (pool.stats().workers.every((worker) => worker.state !== 'starting')) {
      for (const worker of alive) ready.add(worker);
    }
    const worker = alive[random(Math.max(1, alive.length))];
    if (worker === undefined || !loading.has(worker.threadId)) continue;
    if (!ready.has(worker) && --starting < 0) continue;
    ledger.kills++;
    void worker.terminate();
  }
}

async function round(ledger: Ledger, journal: string, most: number): Promise<void> {
  const pool = await createPool({
    tasks: fixture('announced.mjs'),
    workers: 3,
    graceMs: 20,
    concurrency: 16,
    env: { ...(process.env as Record<string, string>), JOURNAL: journal },
  });
  const end = performance.now() + ROUND_MS;
  const over = (): boolean => performance.now() > end;
  const killer = kill(pool, ledger, over);
  const first = ledger.settles.length;
  while (!over()) {
    for (let burst = 1 + random(most); burst > 0; burst--) void ledger.submit(pool, WHEEL);
    await sleep(random(4));
    while (ledger.inFlight > most * 4 && !over()) await sleep(1);
  }
  await killer;
  await until('every task has settled', () => ledger.inFlight === 0, 30_000).catch((error: Error) => {
    throw new Error(`${error.message} ${JSON.stringify(pool.stats())}`);
  });
  expect(ledger.wrong.slice(0, 20)).toEqual([]);
  await expectClean(pool);
  const { submitted, completed, failed, cancelled, pending } = pool.stats();
  expect(pending).toBe(0);
  expect(completed + failed + cancelled).toBe(submitted);
  // One more for each worker: `expectClean` asked them.
  expect(submitted).toBe(ledger.settles.length - first + pool.workers);
  expect(await pool.close()).toMatchObject({ stuck: 0 });
  await until('every thread has exited', () => threads.size === 0);
}

it(
  'every task settles exactly once while threads die at random',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
    const journal = join(folder, 'journal');
    const ledger = new Ledger();
    let rounds = 0;
    try {
      const end = performance.now() + SECONDS * 1_000;
      // By turns a flood, and a trickle in which workers park and are woken.
      for (; performance.now() < end; rounds++) await round(ledger, journal, rounds % 2 ? 3 : 400);
      const runs = new Map<string, number>();
      for (const line of readFileSync(journal, 'utf8').split('\n')) runs.set(line, (runs.get(line) ?? 0) + 1);
      for (const [line, gaveValue] of ledger.noted) {
        const times = runs.get(line) ?? 0;
        if (times > 1 || (gaveValue && times !== 1)) ledger.wrong.push(`${line} ran ${times} times`);
      }
      const counts = Object.fromEntries(ledger.counts);
      console.log(
        `seed ${SEED}: ${rounds} rounds, ${ledger.settles.length} tasks, ${ledger.kills} threads killed from outside;`,
        JSON.stringify(counts),
      );
      expect(ledger.wrong.slice(0, 20)).toEqual([]);
      expect(ledger.settles.every((times) => times === 1)).toBe(true);
      expect(ledger.kills).toBeGreaterThan(rounds);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  SECONDS * 1_000 + 120_000,
);
