/**
 * What the coordinator sends a worker thread to start it, and what the thread reports back. Types only: both sides
 * import it, neither pays for it.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import type { CarriedError } from '../src/codec/carried-error.ts';
import type { LoopControl } from './control.ts';
import type { TaskOptions } from './task.ts';

/** Everything a worker thread is born with. */
export interface WorkerStart {
  /** The worker number, from 0. */
  readonly worker: number;
  /** The shared `WebAssembly.Memory`. */
  readonly memory: object;
  /** The compiled `WebAssembly.Module` of the memory core. */
  readonly module: object;
  /** Task modules, as `file:` hrefs, in the order the user gave them. */
  readonly modules: readonly string[];
  /** Whether any of them is TypeScript. */
  readonly typescript: boolean;
  readonly config: Readonly<Record<string, number | boolean | string>>;
  /** Payloads that only a port can carry. */
  readonly taskPort: MessagePort;
  /** Reports to the coordinator, and Comlink calls from it. */
  readonly controlPort: MessagePort;
  /** Asks the coordinator for TypeScript sources without their types; only where Node cannot strip them itself. */
  readonly stripPort?: MessagePort;
  /** 0 in shared memory until the entry has been loaded; the entry then sets 1 and notifies. */
  readonly loading: Int32Array;
}

/** One callable function of a task module. */
export interface LoadedFunction {
  readonly name: string;
  /** The href of the module that exports it. */
  readonly module: string;
  readonly options: TaskOptions;
  readonly call: (...args: never[]) => unknown;
}

/** A `Map`, so that `__proto__` or `constructor` is a name like any other and finds nothing. */
export type LoadedFunctions = ReadonlyMap<string, LoadedFunction>;

/** What the coordinator learns of a function: all but the function. */
export type FunctionEntry = Omit<LoadedFunction, 'call'>;

/** What the scheduler loop gets from the worker entry. */
export interface WorkerContext {
  readonly start: WorkerStart;
  readonly functions: LoadedFunctions;
  /** Answers control calls with `control` from now on; calls that came earlier are answered too. */
  serve(control: LoopControl): void;
  /** How many ports in `process.getActiveResourcesInfo()` were there before any task module was loaded. */
  readonly ownResources: number;
  /**
   * Control calls received and not yet answered. While it is not 0 the thread has to keep its event loop turning
   * instead of blocking.
   */
  readonly pendingControlCalls: number;
  /**
   * Takes uncaught exceptions and unhandled rejections. The thread lives on; whoever takes them decides what to do.
   * Default: `reportStray`.
   */
  onStray(handler: (error: unknown) => void): void;
  /** A part of this package does not load: to the coordinator this thread failed to start. */
  reportBroken(cause: unknown): void;
  /** Tells the coordinator about an error no task can be blamed for. */
  reportStray(error: unknown): void;
}

/** Why a thread asks to be replaced. */
export type Leaving =
  /** Its heap is above the soft limit. It is healthy: it takes nothing new and finishes what it has. */
  | { readonly why: 'heap' }
  /** An error nobody could be blamed for: its state is in doubt, and what it has begun has `graceMs`. */
  | { readonly why: 'doubt' };

/** The scheduler loop of one thread; the thread ends when it returns. */
export type WorkerRun = (context: WorkerContext) => void | Promise<void>;

/** One-way messages from a worker to the coordinator, on the control port. Anything else there is Comlink's. */
export type WorkerReport =
  /** `registered`: labels of the functions that `task` was called with, in this order: children name them by number. */
  | {
      readonly report: 'ready';
      readonly functions: readonly FunctionEntry[];
      readonly registered?: readonly string[];
    }
  | { readonly report: 'failed'; readonly error: CarriedError }
  | { readonly report: 'stray'; readonly error: CarriedError }
  /** The loop begins. `heapUsed`: bytes before any task has run; 0 when there is no soft limit to compare it with. */
  | { readonly report: 'began'; readonly heapUsed: number }
  /** The thread takes no new task and ends when it has finished what it has; `CMD_RECYCLE` says it was heard. */
  | { readonly report: 'leaving' }
  | { readonly report: 'returned' }
  | { readonly report: 'threw'; readonly error: CarriedError };
