import type { Contender, RunningPool } from './contender.ts';
import { taskFile, WORKER_EXEC_ARGV } from './contender.ts';
import { solverOf } from './forking.ts';

/** The part of a pool that is measured. */
export interface MillracePool {
  run(
    task: string,
    args: readonly unknown[],
    options?: {
      readonly transfer?: readonly ArrayBuffer[];
      readonly priority?: 'critical';
      readonly affinity?: number;
    },
  ): Promise<unknown>;
  close(): Promise<unknown>;
}

/** The part of the public interface that is measured; the package is resolved when it runs, as a user's would be. */
interface Millrace {
  readonly createPool: (options: {
    readonly tasks: URL;
    readonly workers: number;
    readonly execArgv: readonly string[];
  }) => Promise<MillracePool>;
}

const PACKAGE: string = 'millrace';

export const millrace: Contender = {
  name: 'millrace',
  family: 'millrace',
  kind: 'subject',
  packageName: PACKAGE,
  async start({ workers, tasks: module }): Promise<RunningPool> {
    const { createPool } = (await import(PACKAGE)) as Millrace;
    const tasks = taskFile('functions.mjs', module);
    const poolOf = (threads: number): Promise<MillracePool> =>
      createPool({ tasks, workers: threads, execArgv: WORKER_EXEC_ARGV });
    if (module === 'forking') return solverOf(poolOf);
    const pool = await poolOf(workers);
    return {
      loaded: true,
      run: (task, args, transfer) =>
        transfer === undefined ? pool.run(task, args) : pool.run(task, args, { transfer }),
      urgent: (task, args) => pool.run(task, args, { priority: 'critical' }),
      close: async () => {
        await pool.close();
      },
    };
  },
};
