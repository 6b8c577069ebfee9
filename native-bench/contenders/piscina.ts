import { fileURLToPath } from 'node:url';
import type { Contender, RunningPool, StartOptions } from './contender.ts';
import { taskFile, WORKER_EXEC_ARGV } from './contender.ts';

const ATOMICS = ['sync', 'async', 'disabled'] as const;
const CONCURRENCY = [1, 64] as const;

/** Every mode that matters for speed; `recordTiming` is off because it only costs. */
export const piscinaModes: readonly Contender[] = ATOMICS.flatMap((atomics) =>
  CONCURRENCY.map(
    (concurrency): Contender => ({
      name: `piscina-${atomics}-${concurrency}`,
      family: 'piscina',
      kind: 'pool',
      packageName: 'piscina',
      start: (options) => start(options, atomics, concurrency),
    }),
  ),
);

async function start(
  { workers, tasks }: StartOptions,
  atomics: (typeof ATOMICS)[number],
  concurrency: (typeof CONCURRENCY)[number],
): Promise<RunningPool> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    filename: fileURLToPath(taskFile('piscina.mjs', tasks)),
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: concurrency,
    atomics,
    recordTiming: false,
    execArgv: [...WORKER_EXEC_ARGV],
  });
  return {
    run: (name, args, transfer) =>
      pool.run(args, transfer === undefined ? { name } : { name, transferList: [...transfer] }),
    close: () => pool.destroy(),
  };
}
