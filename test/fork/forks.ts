/**
 * Pools of the fork fixtures.
 *
 * @module
 */
import { createPool, type Pool, type PoolEvents, type PoolOptions, type RunOptions } from 'millrace';
import { afterAll, expect } from 'vitest';
import { startPool } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';

export const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

/** 32-bit words of shared memory, all 0. */
export const sharedWords = (n: number): Int32Array => new Int32Array(new SharedArrayBuffer(n * 4));

export interface ForkPool {
  readonly pool: Pool;
  /** Every worker's module has been given them, by its export `give`. */
  readonly words: Int32Array;
  readonly strays: PoolEvents['strayError'][0][];
  readonly crashes: PoolEvents['workerCrash'][0][];
}

/** A pool of a fixture whose workers share `words`. Default: 2 workers. */
export async function startForks(name: string, options: PoolOptions = {}): Promise<ForkPool> {
  return prepared(watched(await startPool({ tasks: fixture(name), graceMs: 100, ...options })));
}

const kept = new Map<string, ForkPool>();

afterAll(async () => {
  await Promise.all(Array.from(kept.values(), ({ pool }) => pool.terminate()));
});

/** As `startForks`, one pool for all tests of a file, as to start its threads takes longer than most of them. */
export async function forksOf(name: string, workers = 2): Promise<ForkPool> {
  const key = `${name} ${workers}`;
  let forks = kept.get(key);
  if (forks === undefined) {
    // None of their tasks has to be killed, and beside busy processes a thread can be without a core for over 100 ms.
    forks = watched(await createPool({ tasks: fixture(name), workers, graceMs: 10_000 }));
    kept.set(key, forks);
  } else {
    await expectNothingLeft(forks.pool);
    expect([forks.strays, forks.crashes]).toEqual([[], []]);
  }
  return prepared(forks);
}

function watched(pool: Pool): ForkPool {
  const strays: PoolEvents['strayError'][0][] = [];
  const crashes: PoolEvents['workerCrash'][0][] = [];
  pool.on('strayError', (event) => strays.push(event));
  pool.on('workerCrash', (event) => crashes.push(event));
  return { pool, words: sharedWords(64), strays, crashes };
}

async function prepared(forks: ForkPool): Promise<ForkPool> {
  forks.words.fill(0);
  await onEach(forks.pool, 'give', [forks.words]);
  return forks;
}

/** A task is aborted by a reason with the code `ENOUGH`, once `begun` has come. */
export function abortedOnce(begun: Promise<void>): RunOptions {
  const controller = new AbortController();
  void begun.then(() => controller.abort(Object.assign(new Error('enough'), { code: 'ENOUGH' })));
  return { signal: controller.signal };
}

/** The results of a task that ran on each worker. */
export function onEach(pool: Pool, name: string, args: readonly unknown[] = []): Promise<unknown[]> {
  const workers = Array.from({ length: pool.workers }, (_, worker) => worker);
  return Promise.all(workers.map((worker) => pool.run(name, args, { affinity: worker })));
}

/** Nothing is pending, every worker is back, and none has anything left of a child. */
export async function expectNothingLeft(pool: Pool): Promise<void> {
  await until('nothing is pending', () => pool.stats().pending === 0);
  await until('every worker is back', () =>
    pool.stats().workers.every(({ state }) => state === 'idle' || state === 'busy'),
  );
  const none = { inUse: 0, places: [0, 0, 0], torn: -1, objects: 0, active: false };
  let last: unknown[] = [];
  // A child whose parent's thread has died may go on for a while.
  await until('no worker has anything left of a child', async () => {
    last = await onEach(pool, 'leftovers');
    return last.every((one) => JSON.stringify(one) === JSON.stringify(none));
  }).catch(() => expect(last).toEqual(Array.from({ length: pool.workers }, () => none)));
  await until('every record is free', () => pool.stats().memory.records === 0);
}
