/**
 * What the crew is told, and whom it tells.
 *
 * @module
 */
import type { FunctionEntry } from '../../workers/start.ts';

export interface CrewOptions {
  readonly workers: number;
  readonly modules: readonly string[];
  /** Bytes; 0: none. */
  readonly softHeapLimit: number;
  /** Given to each worker. */
  readonly config: Readonly<Record<string, number | string>>;
  /** How long a thread that leaves is waited for before another gets its number too, ms. */
  readonly graceMs: number;
  readonly now: () => number;
}

export interface CrewHooks {
  /** A worker's functions; throws when they differ from another's. */
  functions(report: readonly FunctionEntry[], registered: readonly string[]): void;
  /** A worker takes tasks from now on. */
  ready(worker: number): void;
  /** The worker takes no more: what it was given and has not begun is for others, or for its successor. */
  draining(block: number): void;
  /** A message of the worker's data port. */
  data(block: number, message: unknown): void;
  /** The thread is gone: settle, issue again, reset the block. The number of tasks that were running. */
  recover(block: number, worker: number, cause: Error): number;
  abandon(block: number, worker: number, cause: Error): void;
  crashed(worker: number, error: Error, tasks: number): void;
  /** This worker number gets no thread any more. */
  down(worker: number, error: Error): void;
  stuck(worker: number): void;
  stray(worker: number, error: Error): void;
  /** No worker is left, and none will come. */
  failed(error: Error): void;
}
