/**
 * Pools for tests: ended when the test is over, whatever it left behind.
 *
 * @module
 */
import { createPool, type Pool, type PoolOptions } from 'millrace';
import { afterEach } from 'vitest';

export const TASKS: URL = new URL('./fixtures/tasks.mjs', import.meta.url);

const open = new Set<Pool>();

afterEach(async () => {
  const left = [...open];
  open.clear();
  await Promise.all(left.map((pool) => pool.terminate()));
});

/** A pool of the task fixtures. Default: 2 workers. */
export async function startPool(options: PoolOptions = {}): Promise<Pool> {
  const pool = await createPool({ tasks: TASKS, workers: 2, ...options });
  open.add(pool);
  return pool;
}

/** Keeps one worker busy until it is opened. */
export interface Gate {
  /** The holding task's promise. */
  readonly task: Promise<unknown>;
  open(): void;
}

/** Holds one worker of the pool; resolves when it is held. */
export async function gate(pool: Pool, options: { readonly affinity?: number } = {}): Promise<Gate> {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const task = pool.run('hold', [words], options);
  task.catch(() => {});
  await Atomics.waitAsync(words, 0, 0).value;
  return {
    task,
    open: () => {
      Atomics.store(words, 1, 1);
      Atomics.notify(words, 1);
    },
  };
}

/** The error a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('Expected the promise to reject; it was fulfilled.');
}
