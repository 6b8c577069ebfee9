/**
 * Threads are ended at random while tasks fork, and each task settles exactly once: with the right value, or with an
 * error that its kind allows. Nothing is left over.
 *
 *     MILLRACE_SOAK_SECONDS=600 npm run soak -- --times 1 test/fork/kill-soak
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { expectNothingLeft, type ForkPool, sharedWords, startForks } from './forks.ts';

const SECONDS = Number(process.env['MILLRACE_SOAK_SECONDS'] ?? 5);
const SEED = Number(process.env['MILLRACE_SOAK_SEED'] ?? Date.now() % 2 ** 31) | 1;
/** Longer, and the wait before a replacement has grown so much that little is left to kill. */
const ROUND_MS = 1_000;
const DEPTH = 5;

let state = SEED;
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

/** What `plainForest` of the fixture gives. */
function forest(depth: number, seed: number): number {
  if (depth === 0) {
    for (let i = 0; i < 300; i++) seed = (seed * 31 + i) | 0;
    return seed;
  }
  let sum = 0;
  for (let i = 0; i < 3; i++) sum = (sum + forest(depth - 1, seed * 3 + i)) | 0;
  return sum;
}

const threads = new Set<Worker>();
process.on('worker', (worker: Worker) => {
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
});

// A task whose code had started when its thread died, or when that of a child of its did.
const DEATHS = ['ERR_WORKER_CRASHED', 'ERR_WORKER_STUCK'];
const KINDS = ['forest', 'idempotent', 'stubborn', 'plain', 'aborted'] as const;

class Ledger {
  readonly counts = new Map<string, number>();
  readonly settled: number[] = [];
  readonly wrong: string[] = [];
  inFlight = 0;
  kills = 0;

  async submit({ pool }: ForkPool, shared: Int32Array): Promise<void> {
    const kind = KINDS[random(KINDS.length)]!;
    const id = this.settled.push(0) - 1;
    const seed = random(1000);
    const args = [DEPTH, seed, { name: `n${id}` }, shared];
    const controller = new AbortController();
    if (kind === 'aborted') setTimeout(() => controller.abort('aborted'), random(20));
    const options = kind === 'idempotent' ? { idempotent: true } : { signal: controller.signal };
    const name = kind === 'stubborn' ? 'stubborn' : kind === 'plain' ? 'plainForest' : 'forest';
    this.inFlight++;
    let how = 'value';
    try {
      const result = await pool.run(name, kind === 'plain' ? [DEPTH, seed] : args, options);
      const value = name === 'forest' ? (result as { seed: number }).seed : result;
      if (value !== forest(DEPTH, seed)) this.wrong.push(`${kind} ${id}: gave ${JSON.stringify(result)}`);
    } catch (error) {
      how = error === 'aborted' ? error : String((error as { code?: unknown }).code ?? error);
      const allowed = kind === 'idempotent' ? ['ERR_POISONED'] : DEATHS;
      if (!allowed.includes(how) && !(kind === 'aborted' && how === 'aborted')) {
        this.wrong.push(`${kind} ${id}: ${String((error as Error).stack ?? error)}`);
      }
    }
    this.inFlight--;
    this.settled[id]!++;
    this.counts.set(how, (this.counts.get(how) ?? 0) + 1);
  }
}

async function round(ledger: Ledger, workers: number): Promise<void> {
  const forks = await startForks('crashes.mjs', { workers, graceMs: 50 });
  const { pool } = forks;
  const shared = sharedWords(16);
  const tasks: Promise<void>[] = [];
  const end = performance.now() + ROUND_MS;
  while (performance.now() < end) {
    for (let burst = random(12); burst > 0; burst--) tasks.push(ledger.submit(forks, shared));
    await sleep(random(20));
    if (random(4) === 0 && pool.stats().workers.every((worker) => worker.state !== 'starting')) {
      const alive = [...threads];
      ledger.kills++;
      void alive[random(alive.length)]?.terminate();
    }
    while (ledger.inFlight > 60 && performance.now() < end) await sleep(1);
  }
  const late = sleep(60_000, 'late', { ref: false });
  const first = await Promise.race([Promise.all(tasks), late]);
  if (first === 'late')
    throw new Error(`${ledger.inFlight} have not settled: ${JSON.stringify(pool.stats())}`);
  expect(ledger.wrong.slice(0, 5)).toEqual([]);
  await expectNothingLeft(pool);
  const { submitted, completed, failed, cancelled } = pool.stats();
  expect(completed + failed + cancelled).toBe(submitted);
  expect(await pool.close()).toMatchObject({ stuck: 0 });
}

it(
  'every task that forks settles exactly once while threads die at random',
  async () => {
    const ledger = new Ledger();
    const end = performance.now() + SECONDS * 1_000;
    for (let rounds = 0; performance.now() < end; rounds++) await round(ledger, [2, 3, 8][rounds % 3]!);
    const counts = JSON.stringify(Object.fromEntries(ledger.counts));
    console.log(`seed ${SEED}: ${ledger.settled.length} tasks, ${ledger.kills} threads killed; ${counts}`);
    expect(ledger.settled.every((times) => times === 1)).toBe(true);
    expect(ledger.counts.get('value')).toBeGreaterThan(0);
    expect(ledger.kills).toBeGreaterThan(0);
  },
  SECONDS * 1_000 + 120_000,
);
