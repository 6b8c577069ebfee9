/**
 * What a task can learn about itself while it runs.
 *
 * @module
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../src/codec/primordials.ts';
import { MillraceError } from '../src/errors.ts';
import { onePerThread } from './one-per-thread.ts';

/** The running task, seen from inside. */
export interface Context {
  /** The number of the worker that runs the task, from 0. */
  readonly worker: number;
  /**
   * Whether the task was asked to stop: cancelled, timed out, or the pool is being terminated. A read of shared
   * memory, so it changes inside a synchronous loop too; about 10 ns.
   */
  readonly cancelled: boolean;
  /** Aborted when the task is asked to stop; its event fires when the worker's event loop turns. */
  readonly signal: AbortSignal;
}

/** What ends the code of a task that was asked to stop. */
export function askedToStop(): MillraceError {
  return new MillraceError('ERR_CANCELLED', 'The task was asked to stop.');
}

/** One attempt at one task, as the scheduler tracks it. */
export class TaskContext implements Context {
  readonly worker: number;
  /** Generation and slot. */
  readonly reference: number;
  readonly #i32: Int32Array;
  readonly #cancelAt: number;
  #controller: AbortController | undefined;
  /** Once the attempt is over its slot belongs to others: the answer of that moment stays. */
  #over: boolean | undefined;
  ended = false;

  constructor(worker: number, reference: number, i32: Int32Array, cancelAt: number) {
    this.worker = worker;
    this.reference = reference;
    this.#i32 = i32;
    this.#cancelAt = cancelAt;
  }

  get cancelled(): boolean {
    return this.#over ?? Atomics.load(this.#i32, this.#cancelAt) !== 0;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.cancelled) this.abort();
    return this.#controller.signal;
  }

  /** Fires the signal, if the task has looked at it. */
  abort(): void {
    if (this.#controller !== undefined && !this.#controller.signal.aborted) {
      this.#controller.abort(askedToStop());
    }
  }

  /** Its function's promise has settled. A task that was let go is over before that, and may still ask. */
  settled(): void {
    this.ended = true;
  }

  end(): void {
    this.#over ??= this.cancelled;
  }
}

/** How to find the task that runs: on the stack, and, for async functions, after an `await`, which loses the stack. */
const found = onePerThread('context', () => ({
  onStack: undefined as (() => Context | undefined) | undefined,
  /** Made only when a task module has an async function. */
  storage: undefined as AsyncLocalStorage<Context> | undefined,
}));

// Not imported, as in `modules/load.ts`; taken before a task can replace it.
const { AsyncLocalStorage: Storage } = process.getBuiltinModule('node:async_hooks');

/** The scheduler says how to find the task on the stack. */
export function provideContext(current: () => Context | undefined): void {
  found.onStack = current;
}

export function asyncStorage(): AsyncLocalStorage<Context> {
  found.storage ??= new Storage();
  return found.storage;
}

/** As `context`; undefined outside a task. */
export function currentContext(): Context | undefined {
  return found.onStack?.() ?? stored();
}

// Callbacks that a task has left behind keep its storage.
function stored(): Context | undefined {
  const context = found.storage?.getStore();
  return (context as Partial<TaskContext> | undefined)?.ended === true ? undefined : context;
}

/**
 * The task that is running: call it inside a task function, before or (in an `async` function) after an `await`.
 *
 * After an `await` it is there only if the function that the pool calls was itself written `async`, whether exported or
 * given to `exec`. One that merely returns a promise, as a wrapper `(...args) => inner(...args)` does, has it until it
 * returns: to keep it for longer, every task would pay. Make the wrapper `async`, or call `context()` first and keep it.
 *
 * @throws MillraceError `ERR_NO_CONTEXT` outside a task: at module level, on the main thread, in a callback that runs
 *   after the task's end.
 * @example
 * ```ts
 * // file: tasks.ts
 * import { context } from 'millrace/worker';
 *
 * export function count(upTo: number): number {
 *   const me = context();
 *   let n = 0;
 *   while (n < upTo && !me.cancelled) n++;
 *   return n;
 * }
 * ```
 */
export function context(): Context {
  const running = currentContext();
  if (running === undefined) {
    throw new MillraceError(
      'ERR_NO_CONTEXT',
      '`context()` was called outside a running task. Call it in the task function and hand the result on.',
    );
  }
  return running;
}
