/**
 * Holding every worker of a pool inside a task, so that whatever is submitted meanwhile really waits.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { RunningPool } from '../contenders/contender.ts';

const ARRIVAL_LIMIT_MS = 20_000;

export interface Gate {
  /** Lets the workers go; resolves when the tasks that held them have settled. */
  readonly open: () => Promise<void>;
}

/** Resolves when all `workers` are held. Rejects when they are not within 20 s. */
export async function holdWorkers(pool: RunningPool, workers: number): Promise<Gate> {
  const shared = new SharedArrayBuffer(8);
  const words = new Int32Array(shared);
  const release = (): void => {
    Atomics.store(words, 1, 1);
    Atomics.notify(words, 1);
  };
  const held = Promise.all(Array.from({ length: workers }, () => pool.run('hold', [shared])));
  const deadline = performance.now() + ARRIVAL_LIMIT_MS;
  while (Atomics.load(words, 0) < workers) {
    if (performance.now() > deadline) {
      const arrived = Atomics.load(words, 0);
      release();
      throw new Error(`Only ${arrived} of ${workers} workers could be held at the same time`);
    }
    await Promise.race([delay(2), held]);
  }
  return {
    async open() {
      release();
      const answers = await held;
      if (!answers.every((answer) => answer === true))
        throw new Error('A worker left before the gate opened');
    },
  };
}
