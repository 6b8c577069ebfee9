/**
 * The pool behind the command: the only file here that imports the library itself.
 *
 * @module
 */

import { createPool } from '../index.ts';
import type { MapPool, PoolFactory } from './map-pool.ts';

export const createMapPool: PoolFactory = async ({ tasks, workers }): Promise<MapPool> => {
  const pool = await createPool({ tasks, ...(workers === undefined ? {} : { workers }) });
  return {
    workers: pool.stats().workers.length,
    run: (name, args, options) => pool.run(name, args, options),
    // Of no inputs, so that only the name is looked up.
    find: async (name) => void (await pool.map(name, []).next()),
    stats: () => pool.stats(),
    close: () => pool.close(),
    terminate: () => pool.terminate(),
  };
};
