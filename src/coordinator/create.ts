/**
 * How a pool is made.
 *
 * @module
 */
import { usableCores } from './cores.ts';
import type { PoolOptions } from './options.ts';
import { Pool } from './pool.ts';
import { PiscinaSupervisor } from './threads/piscina-supervisor.ts';
import { systemTimers } from './threads/timers.ts';
import type { AnyTasks } from './types.ts';
import { poolOptions } from './validate.ts';

/** A killed thread that has not ended after this long, ms, is stuck in a native call. */
const KILL_MS = 2000;
/** A control call that is not answered after this long, ms, fails. */
const CONTROL_MS = 5000;

/**
 * Starts a pool of worker threads for a task module. Resolves when every worker has loaded it. A pool with nothing to do
 * does not keep the process alive: a script that forgets `close` ends all the same.
 *
 * @typeParam M - the task module, as `typeof import('./tasks.js')`; function names, arguments and results are
 *   checked against it
 * @throws (rejects) `ERR_MODULE_LOAD` when the module cannot be loaded, `ERR_DUPLICATE_FUNCTION`, `ERR_NO_MEMORY`,
 *   `ERR_UNSUPPORTED`, `ERR_PERMISSION`
 * @throws InvalidArgumentError (rejects) for a wrong option
 * @example
 * ```ts
 * import { createPool } from 'millrace';
 * import type * as tasks from './tasks.ts';
 *
 * const pool = await createPool<typeof tasks>({ tasks: new URL('./tasks.ts', import.meta.url) });
 * console.log(await pool.tasks.add(1, 2)); // 3
 * await pool.close();
 * ```
 * ```ts
 * // file: tasks.ts
 * export const add = (a: number, b: number): number => a + b;
 * ```
 */
export async function createPool<M = AnyTasks>(options: PoolOptions = {}): Promise<Pool<M>> {
  const cores = usableCores();
  const resolved = poolOptions(options, cores);
  const { resourceLimits, env, execArgv, workerUrl } = resolved;
  const supervisor = new PiscinaSupervisor({
    deadlines: { startup: resolved.startupTimeout, kill: KILL_MS, control: CONTROL_MS },
    timers: systemTimers,
    resourceLimits,
    ...(env && { env }),
    ...(execArgv && { execArgv }),
    ...(workerUrl && { workerUrl }),
  });
  const pool = new Pool<M>(resolved, cores, supervisor);
  await pool.start();
  return pool;
}
