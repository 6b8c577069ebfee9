/**
 * What the commands need from a pool, and no more, so that they can be run and tested with any.
 *
 * @module
 */

import type { PoolStats } from '../coordinator/options.ts';

export interface MapPool {
  /** Number of worker threads. */
  readonly workers: number;
  /** Runs one exported function of the task module on some worker. `timeout` is running time in ms. */
  run(name: string, args: readonly unknown[], options: { readonly timeout?: number }): Promise<unknown>;
  /** Rejects when no task module exports such a function. */
  find(name: string): Promise<void>;
  stats(): PoolStats;
  /** Ends the threads after what is accepted has settled. */
  close(): Promise<unknown>;
  /** Ends the threads now; what has not settled rejects. */
  terminate(): Promise<unknown>;
}

/** Starts a pool on one task module; rejects when the module cannot be loaded. */
export type PoolFactory = (options: { readonly tasks: URL; readonly workers?: number }) => Promise<MapPool>;
