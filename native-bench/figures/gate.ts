/**
 * Holding every worker of a pool inside a task, so that whatever is submitted meanwhile really waits.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { RunningPool } from '../contenders/contender.ts';

const ARRIVAL_LIMIT_MS = 10_000;

export interface Gate {
  /** Lets the workers go; resolves when the tasks that held them have settled. */
  readonly open: () => Promise<void>;
}

/** Above this many tasks nothing is gained by trying more. */
const MOST_HOLDERS = 2_048;
const PATIENCE_MS = 100;

/**
 * Resolves when all `workers` are held. Some pools queue a second task behind the first although another worker is
 * idle, so more holding tasks are submitted, doubling, until every worker has one; those that are too many end with the
 * rest when the gate opens. Rejects when the workers are not held within 10 s.
 */
export async function holdWorkers(pool: RunningPool, workers: number): Promise<Gate> {
  const shared = new SharedArrayBuffer(8);
  const words = new Int32Array(shared);
  const holders: PromiseLike<unknown>[] = [];
  const release = (): void => {
    Atomics.store(words, 1, 1);
    Atomics.notify(words, 1);
  };
  const deadline = performance.now() + ARRIVAL_LIMIT_MS;
  let next = 0;
  while (Atomics.load(words, 0) < workers) {
    if (performance.now() > deadline) {
      const arrived = Atomics.load(words, 0);
      release();
      throw new Error(`Only ${arrived} of ${workers} workers could be held at the same time`);
    }
    if (performance.now() > next && holders.length < MOST_HOLDERS) {
      const more = Math.max(workers, holders.length);
      for (let i = 0; i < more; i++) holders.push(pool.run('hold', [shared]));
      next = performance.now() + PATIENCE_MS;
    }
    await delay(2);
  }
  return {
    async open() {
      release();
      const answers = await Promise.all(holders);
      if (!answers.every((answer) => answer === true))
        throw new Error('A worker left before the gate opened');
    },
  };
}
