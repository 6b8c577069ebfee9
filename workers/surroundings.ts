/**
 * What the executor of a thread works with, and what it keeps of a task that goes on.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import type { TaskContext } from './context.ts';

/** A task function by its number. */
export type Callable = (...args: unknown[]) => unknown;

/** An async task between its function's return and its promise's end. */
export interface Pending {
  readonly state: number;
  readonly context: TaskContext | undefined;
}

/** What goes on around a worker's tasks. */
export interface Surroundings {
  /** Through which arguments and results go that shared memory cannot take. */
  readonly port: MessagePort;
  /** Something came or went with a task that may go on after it. */
  readonly onMoved: () => void;
  /** The functions that task modules export. */
  readonly names: ReadonlyMap<string, Callable>;
  readonly onAsyncEnd: () => void;
  /** The codec does not load: what needs it stays claimed or pending, for ever. */
  readonly onBroken: (cause: unknown) => void;
}
