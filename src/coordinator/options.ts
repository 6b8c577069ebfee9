/**
 * What a user can say about a pool and about one task. Times are milliseconds everywhere.
 *
 * @module
 */

import type { Priority } from '../scheduling/priority.ts';

export type { Priority };

/** Where task functions come from: one module or several, as `URL`s or `file:` URL strings. */
export type TaskModules = URL | string | readonly (URL | string)[];

/** Heap limits of one worker thread, handed to Node; see `worker_threads.ResourceLimits`. Best-effort: not every out-of-memory is contained. */
export interface ResourceLimits {
  readonly maxOldGenerationSizeMb?: number;
  readonly maxYoungGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  /** Default 64, which is room for some 10^5 children that fork each other; it takes no memory before it is used. */
  readonly stackSizeMb?: number;
}

export interface PoolOptions {
  /** The task module or modules. `.js`, `.mjs`, `.cjs` and `.ts`. May be left out when only `exec` is used. */
  readonly tasks?: TaskModules;
  /** Number of worker threads, 1 to 1024. Default: the cores this process may use, capped by the cgroup CPU quota. */
  readonly workers?: number;
  /**
   * What the main thread does while it waits in `runSync`. `'coordinates'` (default): nothing else. `'helps'`: it loads
   * the task modules, too, and runs children of the task it waits for; one pool of a process at a time. Where the process
   * cannot import modules in TypeScript, it can from then on.
   */
  readonly mainThread?: 'coordinates' | 'helps';
  /**
   * How many tasks may wait. So many, and one for each worker, may be accepted and not settled at the same time: an
   * async task that has begun counts until it ends. Default: no limit.
   */
  readonly maxQueue?: number;
  /** What `run` does when `maxQueue` is reached: reject with `ERR_QUEUE_FULL`, or wait for room. Default `'reject'`. */
  readonly whenFull?: 'reject' | 'wait';
  /**
   * How many async tasks one worker holds unfinished at once, 1 to 4096. Default 64. A task's code runs where it has begun:
   * so a worker begins no more in a row than it would compute for 2 ms, as far as it knows them, and leaves the others to
   * idle workers for 1 ms.
   */
  readonly concurrency?: number;
  /**
   * How long a cancelled or timed-out task may hold its thread before that is killed, and how long the async tasks of a
   * worker may go on after a stray error, for which it is replaced; 0 to 2147483647 ms. Default 1000.
   */
  readonly graceMs?: number;
  /**
   * Keep the stack of each `run` call and add it to the task's error. Default `false`: errors then show where the
   * task was awaited, which costs nothing; `true` costs about 3 µs a task.
   */
  readonly submissionStack?: boolean;
  /** How long a worker may take to load the task modules, ms. Default 30000. */
  readonly startupTimeout?: number;
  /** How often a task marked `idempotent` is started at most before `ERR_POISONED`. Default 3. */
  readonly maxAttempts?: number;
  /** Upper limit of shared memory in bytes, 16 MiB to 2 GiB. Default 1 GiB. Memory is taken as needed. */
  readonly maxMemory?: number;
  /** Heap limits of each worker thread. */
  readonly resourceLimits?: ResourceLimits;
  /**
   * Between tasks, a worker whose used heap is above this many bytes is replaced. It takes no new task, and its
   * unfinished async tasks go on in it, however long they take: for `graceMs` its number waits for them, with the
   * tasks bound to it by `affinity`; then another thread gets the number, and the old one ends when its last task
   * has. At most one such thread a worker is left behind, so give async tasks that may never settle a `timeout`. A
   * worker that reaches the limit within a second of its start is replaced after a pause, 20 ms at first and doubling
   * up to 1 s, with a process warning when that goes on; and `createPool` rejects when a worker is above it before it
   * has run anything. Default: never.
   */
  readonly softHeapLimit?: number;
  /** Environment of the workers. Default: a copy of `process.env`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node options of the worker threads. */
  readonly execArgv?: readonly string[];
  /** Where the worker entry of this package is after bundling. Default: found beside this file. */
  readonly workerUrl?: URL | string;
}

export interface RunOptions {
  /**
   * Who goes first among the tasks that wait. `'critical'` comes before the others, which are served 9 : 3 : 1; what has
   * waited long is served more often, and no stream of one level keeps the others from running. Default `'normal'`.
   */
  readonly priority?: Priority;
  /** Running time allowed, ms; the clock starts when the task's code starts. Default: none. */
  readonly timeout?: number;
  /** Time allowed from submission, ms; includes waiting. Default: none. */
  readonly deadline?: number;
  /** Cancels the task: a waiting one never runs, a running one sees `context().cancelled`. */
  readonly signal?: AbortSignal;
  /**
   * The task may be started again elsewhere when its worker dies. Default `false`. No effect together with `transfer`:
   * what has moved to a worker is lost with it.
   */
  readonly idempotent?: boolean;
  /**
   * Objects moved, not copied, to the worker: `ArrayBuffer`, `MessagePort`, streams. They are gone with a worker that
   * dies: then the task rejects `ERR_WORKER_CRASHED`, also when it had not started (`started: false`) or is `idempotent`.
   */
  readonly transfer?: readonly Transferable[];
  /** The number of the worker that must run the task, from 0. */
  readonly affinity?: number;
}

/** What Node can move between threads. */
export type Transferable =
  | ArrayBuffer
  | import('node:worker_threads').MessagePort
  | import('node:stream/web').ReadableStream
  | import('node:stream/web').WritableStream
  | import('node:stream/web').TransformStream;

export interface MapOptions extends Omit<RunOptions, 'transfer' | 'affinity'> {
  /** `true`: results in the order of the inputs. `false`: as they complete. Default `true`. */
  readonly ordered?: boolean;
  /**
   * How many inputs may be taken ahead of the consumer. Default: 4 per worker, at least 16; of items so short that they
   * share tasks, as many as four of those tasks for each worker hold, at most 8192. With a small `window` of your own
   * they share less: a task holds a worker's half share of it at most. Unless given, results that wait for an earlier one
   * that takes long are not counted, up to 8192 of them and 16 MiB: the workers go on behind it.
   */
  readonly window?: number;
}

/** How one worker stands; counters count since the pool was made, over all threads that held the number. */
export interface WorkerStats {
  readonly worker: number;
  /**
   * `'draining'`: it takes no new task and finishes its async ones, to be replaced (`softHeapLimit`, a stray error); for
   * `graceMs` at most, unless another such thread of this worker is left.
   * `'stuck'`: its thread was told to end and does not, and no other takes tasks in its place yet.
   * `'down'`: it has given up, and gets no thread any more.
   */
  readonly state: 'starting' | 'idle' | 'busy' | 'draining' | 'stuck' | 'down';
  /** Tasks whose code ran to an end on this worker. */
  readonly completed: number;
  /** Tasks taken from peers. */
  readonly steals: number;
  /** Milliseconds spent running task code; short tasks are sampled. */
  readonly busyMs: number;
  readonly parks: number;
  readonly heapUsed: number;
  readonly restarts: number;
  /** Tasks in its deque, as last seen. */
  readonly queued: number;
}

export interface PoolStats {
  readonly workers: readonly WorkerStats[];
  /** Accepted and not yet settled. */
  readonly pending: number;
  /** Of those, waiting to start. */
  readonly waiting: number;
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly steals: number;
  readonly crashes: number;
  /**
   * Bytes of shared memory taken, the limit, and bytes of arguments in it. `records` are task records in use: tasks
   * that have a place in shared memory, settled ones that a worker still runs included.
   */
  readonly memory: {
    readonly bytes: number;
    readonly limit: number;
    readonly payloadBytes: number;
    readonly records: number;
  };
}

export interface CloseReport {
  readonly completed: number;
  readonly cancelled: number;
  /** Threads that did not end in time. */
  readonly stuck: number;
}

export interface PoolEvents {
  /** A worker thread ended while the pool was open. */
  workerCrash: [event: { readonly worker: number; readonly error: Error; readonly tasks: number }];
  /** A worker thread does not end, and was replaced. */
  workerStuck: [event: { readonly worker: number }];
  /** An error no task could be blamed for: a stray timer, an unhandled rejection. Without a listener nothing is said. */
  strayError: [event: { readonly worker: number; readonly error: Error }];
  /** The queue reached `maxQueue`. */
  saturated: [];
  /** The last accepted task settled. */
  drained: [];
}

/** Options of one `runSync`: those of `run` that need no event loop. */
export type RunSyncOptions = Omit<RunOptions, 'signal'>;
