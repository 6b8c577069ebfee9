/**
 * Millrace: the runtime that lets JavaScript use every core.
 *
 * @module
 */
export { createPool } from './coordinator/create.ts';
export type {
  CloseReport,
  MapOptions,
  PoolEvents,
  PoolOptions,
  PoolStats,
  Priority,
  ResourceLimits,
  RunOptions,
  TaskModules,
  Transferable,
  WorkerStats,
} from './coordinator/options.ts';
export type { Pool } from './coordinator/pool.ts';
export type {
  AnyTasks,
  CallWith,
  MapName,
  TaskArgs,
  TaskName,
  TaskProxy,
  TaskResult,
} from './coordinator/types.ts';
export type { ErrorCode, MillraceErrorOptions } from './errors.ts';
export {
  ERROR_CODES,
  InvalidArgumentError,
  MillraceError,
  NonErrorThrown,
  SerializeError,
  TimeoutError,
  WorkerError,
} from './errors.ts';
