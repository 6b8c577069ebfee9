import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Contender, RunningPool } from './contender.ts';
import { WORKER_EXEC_ARGV } from './contender.ts';

/**
 * Workers that import the task module, post one message and then only listen: the floor for start-up and idle cost.
 * It runs no tasks.
 */
export const bare: Contender = {
  name: 'bare-workers',
  family: 'bare-workers',
  kind: 'yardstick',
  async start({ workers }): Promise<RunningPool> {
    const entry = new URL('../tasks/bare.mjs', import.meta.url);
    const threads = Array.from(
      { length: workers },
      () => new Worker(entry, { execArgv: [...WORKER_EXEC_ARGV] }),
    );
    const answers = await Promise.all(threads.map((thread) => once(thread, 'message')));
    for (const [answer] of answers) {
      if (answer !== 3) throw new Error(`A bare Worker answered ${String(answer)} instead of 3`);
    }
    return {
      loaded: true,
      run: () => Promise.reject(new Error('Bare Workers run no tasks')),
      close: async () => {
        await Promise.all(threads.map((thread) => thread.terminate()));
      },
    };
  },
};
