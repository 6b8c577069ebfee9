/**
 * A pool of the fault fixtures, what went on in it, and what has to hold when a test is over.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import { createPool, type Pool, type PoolEvents, type PoolOptions } from '../../dist/src/index.js';
import { until } from '../process/harness/until.ts';

export type FaultPool = Pool;

export const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);
export const TASKS: URL = fixture('tasks.mjs');

/** Threads of this process that have not exited. */
export const threads = new Set<Worker>();
process.on('worker', (worker: Worker) => {
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
});

export interface Lab {
  readonly pool: FaultPool;
  readonly crashes: PoolEvents['workerCrash'][0][];
  readonly strays: PoolEvents['strayError'][0][];
  /** The lines the tasks have noted. */
  journal(): string[];
  /** Resolves when a task has noted this line. */
  noted(line: string): Promise<void>;
}

/** Runs `body` with a pool, then checks that nothing is left over, and closes the pool. */
export async function inLab(options: PoolOptions, body: (lab: Lab) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  const file = join(folder, 'journal');
  const journal = (): string[] => {
    try {
      return readFileSync(file, 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  };
  const before = threads.size;
  const listeners = listenerCounts();
  try {
    const pool = (await createPool({
      tasks: TASKS,
      workers: 2,
      graceMs: 100,
      env: { ...(process.env as Record<string, string>), JOURNAL: file },
      ...options,
    })) as FaultPool;
    const crashes: Lab['crashes'] = [];
    const strays: Lab['strays'] = [];
    pool.on('workerCrash', (event) => crashes.push(event));
    pool.on('strayError', (event) => strays.push(event));
    try {
      const noted = (line: string): Promise<void> =>
        until(`the journal has "${line}"`, () => journal().includes(line));
      await body({ pool, crashes, strays, journal, noted });
      await expectClean(pool);
    } finally {
      await pool.close({ timeout: 5_000 });
    }
    await until('every thread has exited', () => threads.size <= before);
    expect(listenerCounts()).toEqual(listeners);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing is pending, no byte and no record is in use, and every worker is back and runs a task. */
export async function expectClean(pool: FaultPool): Promise<void> {
  const numbers = Array.from({ length: pool.workers }, (_, worker) => worker);
  await until('nothing is pending', () => pool.stats().pending === 0);
  await until('every worker is back', () =>
    pool.stats().workers.every(({ state }) => state === 'idle' || state === 'busy'),
  ).catch((error: Error) => {
    throw new Error(`${error.message} ${JSON.stringify(pool.stats().workers)}`);
  });
  expect(await Promise.all(numbers.map((worker) => pool.run('where', [], { affinity: worker })))).toEqual(
    numbers,
  );
  await until('every record is free', () => pool.stats().memory.records === 0);
  expect(pool.stats()).toMatchObject({ pending: 0, memory: { payloadBytes: 0 } });
}

/** Listeners of the process, by event: a pool must leave none behind. */
function listenerCounts(): Record<string, number> {
  return Object.fromEntries(
    process
      .eventNames()
      .map((name): [string, number] => [String(name), process.listenerCount(name as string)])
      .filter(([name]) => name !== 'worker'),
  );
}

/** How a promise settled. */
export async function outcome(promise: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

/** The error a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const result = await outcome(promise);
  if ('error' in result) return result.error as Error & Record<string, unknown>;
  throw new Error(`Expected a rejection, got ${String(result.value)}`);
}
