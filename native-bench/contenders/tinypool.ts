import { fileURLToPath } from 'node:url';
import type { Contender, RunningPool } from './contender.ts';
import { taskFile, WORKER_EXEC_ARGV } from './contender.ts';

export const tinypool: Contender = {
  name: 'tinypool',
  family: 'tinypool',
  kind: 'pool',
  packageName: 'tinypool',
  async start({ workers, tasks }): Promise<RunningPool> {
    const { Tinypool } = await import('tinypool');
    const pool = new Tinypool({
      filename: fileURLToPath(taskFile('piscina.mjs', tasks)),
      minThreads: workers,
      maxThreads: workers,
      idleTimeout: Number.POSITIVE_INFINITY,
      execArgv: [...WORKER_EXEC_ARGV],
    });
    return {
      run: (name, args, transfer) =>
        pool.run(args, transfer === undefined ? { name } : { name, transferList: [...transfer] }),
      close: () => pool.destroy(),
    };
  },
};
