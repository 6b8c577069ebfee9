import { fileURLToPath } from 'node:url';
import type { Contender, RunningPool, StartOptions } from './contender.ts';
import { taskFile, WORKER_EXEC_ARGV } from './contender.ts';

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
    start: (options) => start(options, queue),
  }),
);

async function start({ workers, tasks, priorities }: StartOptions, queue: boolean): Promise<RunningPool> {
  const { FixedThreadPool } = await import('poolifier');
  // Only its queue knows priorities.
  const urgent = queue && priorities === true;
  const pool = new FixedThreadPool<readonly unknown[], unknown>(
    workers,
    fileURLToPath(taskFile(urgent ? 'poolifier-priorities.mjs' : 'poolifier.mjs', tasks)),
    {
      enableTasksQueue: queue,
      enableEvents: false,
      workerOptions: { execArgv: [...WORKER_EXEC_ARGV] },
    },
  );
  return {
    run: (task, args, transfer) => pool.execute(args, task, undefined, transfer),
    ...(urgent ? { urgent: (task, args) => pool.execute([task, ...args], 'urgent') } : {}),
    close: () => pool.destroy(),
  };
}
