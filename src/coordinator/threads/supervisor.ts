/**
 * What the coordinator needs of worker threads: start one, learn how it ended, kill it. Nothing here knows what
 * starts them.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import type { FunctionEntry, WorkerStart } from '../../../workers/start.ts';
import type { ControlClient } from '../control/client.ts';
import type { Transferable } from '../options.ts';
import type { ThreadExit } from './exit.ts';

/** What one thread is started with; the supervisor adds the ports. */
export interface ThreadStart
  extends Omit<WorkerStart, 'taskPort' | 'controlPort' | 'stripPort' | 'typescript' | 'loading'> {
  /** Objects in `config`, `memory` or elsewhere that are moved instead of copied. Default: none. */
  readonly transfer?: readonly Transferable[];
  /**
   * Called after each control call has been sent, so that a parked worker can be woken: it answers only while its
   * event loop turns.
   */
  readonly nudge?: () => void;
}

/** What a worker reports once its task modules are loaded. */
export interface ReadyReport {
  readonly functions: readonly FunctionEntry[];
  /** Names of what `task` was called with, in this order. */
  readonly registered: readonly string[];
}

/** One worker thread, from its start to its own `exit`. Subscribe in the turn that spawned it: nothing happens before. */
export interface Thread {
  readonly worker: number;
  /** Node's thread id, or -1 if no thread could be made. */
  readonly threadId: number;
  /**
   * The main side of the data port, for `postMessage`. Listen with `onData`: a `'message'` listener on the port
   * itself would hold the process, and would miss what arrives with the thread's end.
   */
  readonly port: MessagePort;
  readonly control: ControlClient;
  /** The task modules are loaded. At most once, and never after a start failure. */
  onReady(listener: (report: ReadyReport) => void): void;
  /**
   * The thread never became ready, or it did and its loop cannot begin; and it was not asked to end. At most once;
   * `onExit` follows when the thread is gone.
   * The error is `ERR_MODULE_LOAD`, `ERR_DUPLICATE_FUNCTION` or `ERR_PERMISSION`, or `ERR_POOL_FAILED` when no
   * thread could be made.
   */
  onStartFailure(listener: (error: Error) => void): void;
  /** A message of the worker's data port. */
  onData(listener: (message: unknown) => void): void;
  /** An error no task can be blamed for; the thread lives on. */
  onStray(listener: (error: Error) => void): void;
  /** Its loop begins: what it needs beside the task modules is there too. With the bytes of heap used, if measured. */
  onBegan(listener: (heapUsed: number) => void): void;
  /** The thread asks to be replaced: it takes no new task, and ends by itself when it has finished what it has. */
  onLeaving(listener: () => void): void;
  /** The thread was asked to end and has not in `killDeadline`; its exit is still delivered, should it ever come. */
  onStuck(listener: () => void): void;
  /**
   * Exactly once, at the thread's own `exit` and never earlier: it writes no shared memory any more, and everything
   * it posted has been delivered.
   */
  onExit(listener: (exit: ThreadExit) => void): void;
  /** Ends the thread wherever it is; what it runs gets no say. Calling it again does nothing. */
  requestKill(): void;
  /** Keeps the process alive while the thread lives. Threads are born without that. */
  ref(): void;
  unref(): void;
}

export interface Supervisor {
  /** Starts a thread. Never throws for what the platform refuses: that is a start failure, and an exit. */
  spawn(start: ThreadStart): Thread;
}
