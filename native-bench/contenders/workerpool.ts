import { fileURLToPath } from 'node:url';
import type { Contender, RunningPool } from './contender.ts';
import { taskFile, WORKER_EXEC_ARGV } from './contender.ts';

export const workerpool: Contender = {
  name: 'workerpool',
  family: 'workerpool',
  kind: 'pool',
  packageName: 'workerpool',
  async start({ workers, tasks }): Promise<RunningPool> {
    const { default: library } = await import('workerpool');
    const pool = library.pool(fileURLToPath(taskFile('workerpool.mjs', tasks)), {
      workerType: 'thread',
      minWorkers: workers,
      maxWorkers: workers,
      workerThreadOpts: { execArgv: [...WORKER_EXEC_ARGV] },
    });
    return {
      run: (task, args, transfer) =>
        pool.exec(task, args as unknown[], transfer === undefined ? undefined : { transfer: [...transfer] }),
      close: async () => {
        await pool.terminate(true);
      },
    };
  },
};
