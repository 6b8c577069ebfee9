import { fileURLToPath } from 'node:url';
import type { Contender, RunningPool } from './contender.ts';
import { WORKER_EXEC_ARGV } from './contender.ts';

/** With its tasks queue (concurrency 1, stealing on: its defaults), and without, where every task is posted at once. */
export const poolifierModes: readonly Contender[] = [
  { name: 'poolifier-queue', queue: true },
  { name: 'poolifier-direct', queue: false },
].map(
  ({ name, queue }): Contender => ({
    name,
    family: name,
    kind: 'pool',
    packageName: 'poolifier',
    start: ({ workers, priorities }) => start(workers, queue, queue && priorities === true),
  }),
);

async function start(workers: number, queue: boolean, priorities: boolean): Promise<RunningPool> {
  const { FixedThreadPool } = await import('poolifier');
  const pool = new FixedThreadPool<readonly unknown[], unknown>(
    workers,
    fileURLToPath(new URL(`../tasks/poolifier${priorities ? '-priorities' : ''}.mjs`, import.meta.url)),
    {
      enableTasksQueue: queue,
      enableEvents: false,
      workerOptions: { execArgv: [...WORKER_EXEC_ARGV] },
    },
  );
  return {
    run: (task, args, transfer) => pool.execute(args, task, undefined, transfer),
    ...(priorities ? { urgent: (task, args) => pool.execute([task, ...args], 'urgent') } : {}),
    close: () => pool.destroy(),
  };
}
