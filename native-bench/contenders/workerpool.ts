import { fileURLToPath } from 'node:url';
import type { Contender, RunningPool } from './contender.ts';
import { WORKER_EXEC_ARGV } from './contender.ts';

export const workerpool: Contender = {
  name: 'workerpool',
  family: 'workerpool',
  kind: 'pool',
  packageName: 'workerpool',
  async start({ workers }): Promise<RunningPool> {
    const { default: library } = await import('workerpool');
    const pool = library.pool(fileURLToPath(new URL('../tasks/workerpool.mjs', import.meta.url)), {
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
