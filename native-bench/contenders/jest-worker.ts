import { fileURLToPath } from 'node:url';
import type { Contender, RunningPool, TaskName } from './contender.ts';
import { taskFile, WORKER_EXEC_ARGV } from './contender.ts';

const NO_TRANSFER = 'jest-worker takes no transfer list';

type Farm = { readonly end: () => Promise<unknown> } & Readonly<
  Record<TaskName | 'urgent', (...args: readonly unknown[]) => Promise<unknown>>
>;

/** With worker threads, and otherwise its defaults: a first-in, first-out queue shared by all workers. */
export const jestWorker: Contender = {
  name: 'jest-worker',
  family: 'jest-worker',
  kind: 'pool',
  packageName: 'jest-worker',
  lacks: { transfer: NO_TRANSFER },
  async start({ workers, priorities, tasks }): Promise<RunningPool> {
    const { PriorityQueue, Worker } = await import('jest-worker');
    const functions = (await import(taskFile('functions.mjs', tasks).href)) as object;
    const pool = new Worker(fileURLToPath(taskFile('jest-worker.mjs', tasks)), {
      enableWorkerThreads: true,
      numWorkers: workers,
      exposedMethods: [...Object.keys(functions), 'urgent'],
      // Handed to `new Worker` as they are, whatever their name says.
      forkOptions: { execArgv: [...WORKER_EXEC_ARGV] },
      ...(priorities ? { taskQueue: new PriorityQueue((method) => (method === 'urgent' ? 0 : 1)) } : {}),
    }) as unknown as Farm;
    return {
      run: (task, args, transfer) =>
        transfer === undefined ? pool[task](...args) : Promise.reject(new Error(NO_TRANSFER)),
      ...(priorities ? { urgent: (task, args) => pool.urgent(task, ...args) } : {}),
      close: async () => {
        await pool.end();
      },
    };
  },
};
