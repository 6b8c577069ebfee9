/**
 * The pool: a task module's functions, run on every core.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import { expected, MillraceError } from '../errors.ts';
import { BlockingTask, type Helper, waitFor } from './blocking.ts';
import { Engine, type EngineEvents } from './engine.ts';
import { SOURCE } from './functions.ts';
import { Gate } from './gate.ts';
import { type Feed, openFeed } from './map/feed.ts';
import type { Outcomes } from './map/outcomes.ts';
import { failing, mapInputs } from './map.ts';
import type { CloseReport, MapOptions, PoolEvents, PoolStats, RunOptions } from './options.ts';
import { taskProxy } from './proxy.ts';
import { raise, unheard } from './raise.ts';
import { sourceOf } from './source.ts';
import { poolStats } from './stats.ts';
import { Submission } from './submission.ts';
import type { Supervisor } from './threads/supervisor.ts';
import type {
  AnyTasks,
  CallSyncWith,
  CallWith,
  MapName,
  TaskArgs,
  TaskName,
  TaskProxy,
  TaskResult,
} from './types.ts';
import { closeOptions, mapOptions, type Resolved, runOptions, runSyncOptions } from './validate.ts';
import { within } from './within.ts';

/** What the pool is at. */
type Phase =
  | { readonly phase: 'open' }
  | { readonly phase: 'closing'; readonly report: Promise<CloseReport> }
  | { readonly phase: 'closed'; readonly report: CloseReport }
  /** `report` comes when its threads have ended. */
  | { readonly phase: 'failed'; readonly error: Error; readonly report: Promise<CloseReport> };

/** A thread told to end by `terminate` has this long, ms; what stays after that is counted as stuck. */
const TERMINATE_MS = 5000;

/**
 * Runs the functions of a task module on worker threads. Made by `createPool`.
 *
 * @typeParam M - the task module, as `typeof import('./tasks.js')`
 */
export class Pool<M = AnyTasks> extends EventEmitter<PoolEvents> implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #options: Resolved;
  readonly #submission: Submission;
  #helper: Helper | undefined;
  #phase: Phase = { phase: 'open' };
  #terminated: Promise<CloseReport> | undefined;
  #room: Gate | undefined;
  readonly #drainWaiters: (() => void)[] = [];
  /**
   * The module's functions as methods: `pool.tasks.thumbnail(bytes, 200)`. One it does not export rejects; names that
   * the language calls by itself (`toJSON`, `toString`, …) are then `undefined`, and `then` always is: `run` finds it.
   */
  readonly tasks: TaskProxy<M>;

  /** Use `createPool`. */
  constructor(options: Resolved, cores: number, supervisor: Supervisor) {
    super();
    this.#options = options;
    this.#engine = new Engine({ options, cores, supervisor, events: this.#events() });
    this.#submission = new Submission(this.#engine, options, {
      refusal: () => this.#refusal(),
      saturated: () => this.#tell('saturated'),
    });
    this.tasks = this.#proxy(undefined);
  }

  /** @internal Resolves when every worker has loaded the task modules. */
  async start(): Promise<void> {
    // Threads hold no process; whoever awaits the pool does.
    const hold = setInterval(() => {}, 2 ** 30);
    try {
      await this.#engine.crew.start();
      if (this.#options.mainThread === 'helps') {
        const { helpOnMain } = await import('./main-thread.ts');
        this.#helper = await helpOnMain(this.#engine, this.#options.modules);
      }
    } catch (error) {
      const report = this.#endFailed();
      this.#phase = { phase: 'failed', error: error as Error, report };
      await report;
      throw error;
    } finally {
      clearInterval(hold);
    }
  }

  /** Number of worker threads. */
  get workers(): number {
    return this.#options.workers;
  }

  /**
   * Runs one function of the task module on a worker. The arguments are copied when this is called; later changes to
   * them are not seen.
   *
   * @returns what the function returns, as `structuredClone` would give it
   * @throws (rejects) the function's own error; `ERR_UNKNOWN_FUNCTION`, `ERR_SERIALIZE`, `ERR_QUEUE_FULL`,
   *   `ERR_CLOSED`, `ERR_TIMEOUT`, `ERR_DEADLINE`, `ERR_WORKER_CRASHED`; the signal's reason
   * @throws InvalidArgumentError at once, for options or arguments of the wrong type
   * @example
   * ```ts
   * import { createPool } from 'millrace';
   * import type * as tasks from './tasks.ts';
   *
   * const pool = await createPool<typeof tasks>({ tasks: new URL('./tasks.ts', import.meta.url) });
   * console.log(await pool.run('add', [1, 2], { priority: 'high', timeout: 1_000 })); // 3
   * await pool.close();
   * ```
   * ```ts
   * // file: tasks.ts
   * export const add = (a: number, b: number): number => a + b;
   * ```
   */
  run<K extends TaskName<M>>(
    name: K,
    ...[args, options]: CallWith<TaskArgs<M, K>>
  ): Promise<TaskResult<M, K>> {
    if (args !== undefined && !Array.isArray(args)) throw expected('args', 'an array of arguments', args);
    if (options !== undefined) runOptions(options, this.#options.workers);
    const fn = this.#engine.functions.get(name);
    if (fn === undefined) return raise(this.#engine.functions.unknown(name));
    return this.#submission.submit(fn, args ?? [], options) as Promise<TaskResult<M, K>>;
  }

  /**
   * Runs one function of the task module and waits for it here, without turning the event loop: for scripts and command
   * lines. A server must not do this: no request, timer or signal is served meanwhile.
   *
   * `timeout` and `deadline` hold, those declared with `task` too; `signal` is refused. When the thread ends, the wait
   * ends with the error of that (seen on Linux within some 20 ms; elsewhere give a `deadline`).
   *
   * @throws the function's own error, and what `run` rejects with; InvalidArgumentError as `run`
   * @example
   * ```ts
   * import { createPool } from 'millrace';
   *
   * const pool = await createPool({ tasks: new URL('./tasks.ts', import.meta.url) });
   * console.log(pool.runSync('add', [1, 2])); // 3
   * await pool.close();
   * ```
   * ```ts
   * // file: tasks.ts
   * export const add = (a: number, b: number): number => a + b;
   * ```
   */
  runSync<K extends TaskName<M>>(
    name: K,
    ...[args, options]: CallSyncWith<TaskArgs<M, K>>
  ): TaskResult<M, K> {
    if (args !== undefined && !Array.isArray(args)) throw expected('args', 'an array of arguments', args);
    runSyncOptions(options ?? {}, this.#options.workers);
    const fn = this.#engine.functions.get(name);
    if (fn === undefined) throw this.#engine.functions.unknown(name);
    const task = new BlockingTask();
    const { deadline, ...rest } = options ?? {};
    const refused = unheard(this.#submission.submitBlocking(fn, args ?? [], rest, task));
    if (refused !== undefined) throw refused.reason;
    return waitFor(task, this.#engine, this.#helper, deadline ?? fn.options.deadline) as TaskResult<M, K>;
  }

  /**
   * Runs a function that is not in a task module. It is sent as source text: it sees its arguments and what is
   * global in a worker, nothing of where it was written.
   *
   * @throws (rejects) as `run`; `ERR_BAD_FUNCTION` for built-in and bound functions, and when it uses a name from
   *   outside
   * @example
   * ```ts
   * import { createPool } from 'millrace';
   *
   * await using pool = await createPool();
   * console.log(await pool.exec((a: number, b: number) => a + b, [1, 2])); // 3
   * ```
   */
  exec<A extends unknown[], R>(fn: (...args: A) => R, ...[args, options]: CallWith<A>): Promise<Awaited<R>> {
    if (typeof fn !== 'function') throw expected('fn', 'a function', fn);
    if (args !== undefined && !Array.isArray(args)) throw expected('args', 'an array of arguments', args);
    if (options !== undefined) runOptions(options, this.#options.workers);
    const source = sourceOf(fn);
    if (source instanceof MillraceError) return raise(source);
    // The source comes last, so that an error names the arguments by their own numbers.
    return this.#submission.submit(SOURCE, [...(args ?? []), source], options) as Promise<Awaited<R>>;
  }

  /**
   * The task functions with these options for every call: `pool.with({ priority: 'low' }).index(file)`.
   *
   * @throws InvalidArgumentError
   */
  with(options: RunOptions): TaskProxy<M> {
    runOptions(options, this.#options.workers);
    return this.#proxy(options);
  }

  /**
   * Runs one function over many inputs. Inputs are taken as results are consumed, `window` ahead at most, so an
   * endless or slow iterable is fine. Leaving the loop early, or an error, cancels what is not finished.
   *
   * Each input is a task of its own: copied when taken, counted in `stats()`, with its own error and `context()`. Those
   * measured to be short go to a worker together, about 100 µs of work; not with `timeout`, `deadline`, `idempotent`.
   * @returns results in the order of the inputs, or as they complete with `ordered: false`
   * @example
   * ```ts
   * import { createPool } from 'millrace';
   *
   * await using pool = await createPool({ tasks: new URL('./tasks.ts', import.meta.url) });
   * let sum = 0;
   * for await (const square of pool.map('square', [1, 2, 3])) sum += square as number;
   * console.log(sum); // 14
   * ```
   * ```ts
   * // file: tasks.ts
   * export const square = (n: number): number => n * n;
   * ```
   */
  map<K extends MapName<M>>(
    name: K,
    inputs: Iterable<TaskArgs<M, K>[0]> | AsyncIterable<TaskArgs<M, K>[0]>,
    options: MapOptions = {},
  ): AsyncGenerator<TaskResult<M, K>, void, undefined> {
    mapOptions(options, this.#options.workers);
    const fn = this.#engine.functions.get(name);
    if (fn === undefined) return failing(this.#engine.functions.unknown(name));
    const [engine, submission] = [this.#engine, this.#submission];
    const open = (signal: AbortSignal, outcomes: Outcomes): Feed =>
      openFeed({ engine, submission, fn, signal, outcomes }, this.#options, options);
    return mapInputs(inputs, options, open) as AsyncGenerator<TaskResult<M, K>, void, undefined>;
  }

  /** Resolves when fewer than `maxQueue` tasks wait, which a producer awaits before it submits more. */
  room(): Promise<void> {
    if (this.#submission.hasRoom) return Promise.resolve();
    return (this.#room ??= new Gate()).opened;
  }

  /** Counters and figures as of now. Costs a few microseconds for each worker, some tenths of a millisecond once thousands have waited. */
  stats(): PoolStats {
    return poolStats(this.#engine, this.#options);
  }

  /** Resolves when no accepted task is outstanding. The pool stays open. */
  drain(): Promise<void> {
    if (this.#engine.ledger.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /**
   * Takes no more tasks, lets the accepted ones finish, ends the threads. With `timeout` (ms, from now) what is not
   * finished by then rejects with `ERR_CLOSED` and its thread is ended. Calling it again gives the same promise. A
   * pool that has failed resolves when its threads have ended.
   *
   * @throws InvalidArgumentError
   */
  close(options: { readonly timeout?: number } = {}): Promise<CloseReport> {
    closeOptions(options);
    switch (this.#phase.phase) {
      case 'open':
        return this.#enterClosing(this.#close(options.timeout));
      case 'closed':
        return Promise.resolve(this.#phase.report);
      case 'closing':
      case 'failed':
        return this.#phase.report;
    }
  }

  /** Ends the pool now: everything outstanding rejects with `ERR_TERMINATED`, and threads are ended. */
  terminate(): Promise<CloseReport> {
    if (this.#phase.phase === 'closed' || this.#phase.phase === 'failed') return this.close();
    this.#terminated ??= this.#enterClosing(
      this.#terminate('ERR_TERMINATED', 'The pool was terminated before the task settled.'),
    );
    return this.#terminated;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => {});
  }

  #events(): EngineEvents {
    return {
      crashed: (worker, error, tasks) => this.#tell('workerCrash', { worker, error, tasks }),
      stuck: (worker) => this.#tell('workerStuck', { worker }),
      stray: (worker, error) => this.#tell('strayError', { worker, error }),
      drained: () => this.#drained(),
      progressed: () => this.#progressed(),
      failed: (error) => this.#fail(error),
    };
  }

  #refusal(): MillraceError {
    if (this.#phase.phase !== 'failed') {
      const text = 'The pool is closing or closed. Submit before `close`, or make another pool.';
      return new MillraceError('ERR_CLOSED', text);
    }
    const { error: cause } = this.#phase;
    return new MillraceError('ERR_POOL_FAILED', `The pool has given up: ${cause.message}`, { cause });
  }

  #proxy(options: RunOptions | undefined): TaskProxy<M> {
    return taskProxy<M>(this.#engine.functions, (fn, args) => this.#submission.submit(fn, args, options));
  }

  #enterClosing(report: Promise<CloseReport>): Promise<CloseReport> {
    this.#submission.shut();
    this.#phase = { phase: 'closing', report };
    return report;
  }

  async #close(timeout: number | undefined): Promise<CloseReport> {
    // Lets the phase change before anything is awaited, so that a submission from here on is refused.
    await null;
    const outcome = timeout === undefined ? await this.drain() : await within(timeout, this.drain());
    if (outcome === 'late')
      return this.#terminate('ERR_CLOSED', 'The pool was closed before the task settled.');
    if ((await this.#engine.crew.stop(this.#options.graceMs)) > 0)
      await this.#engine.crew.terminate(TERMINATE_MS);
    return this.#finish();
  }

  async #terminate(code: 'ERR_CLOSED' | 'ERR_TERMINATED', message: string): Promise<CloseReport> {
    await null;
    this.#engine.look();
    const ended = this.#engine.crew.terminate(TERMINATE_MS);
    await this.#engine.rejectAll(() => new MillraceError(code, message));
    await ended;
    return this.#finish();
  }

  #finish(): CloseReport {
    const report = this.#report(this.#engine.crew.threads);
    this.#phase = { phase: 'closed', report };
    this.#engine.dispose();
    this.#helper?.close();
    this.#room?.open();
    return report;
  }

  #report(stuck: number): CloseReport {
    return { completed: this.#engine.ledger.completed, cancelled: this.#engine.ledger.cancelled, stuck };
  }

  #fail(error: Error): void {
    if (this.#phase.phase === 'failed' || this.#phase.phase === 'closed') return;
    this.#submission.shut();
    // The threads are told before anyone who waits for a task hears of it.
    this.#phase = { phase: 'failed', error, report: this.#endFailed() };
    void this.#engine.rejectAll(() => this.#refusal());
    this.#room?.open();
  }

  async #endFailed(): Promise<CloseReport> {
    const stuck = await this.#engine.crew.terminate(TERMINATE_MS);
    await this.#engine.rejectAll(() => this.#refusal());
    this.#engine.dispose();
    this.#helper?.close();
    return this.#report(stuck);
  }

  // A listener that throws must not keep settlement or recovery from going on: its error surfaces on its own.
  #tell<E extends keyof PoolEvents>(event: E, ...args: PoolEvents[E]): void {
    try {
      (this as EventEmitter).emit(event, ...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #drained(): void {
    if (this.#drainWaiters.length === 0 && this.listenerCount('drained') === 0) return;
    // A turn later, so that whoever waits for one of the tasks has its result by then.
    setImmediate(() => {
      for (const resolve of this.#drainWaiters.splice(0)) resolve();
      if (this.#phase.phase === 'open') this.#tell('drained');
    });
  }

  #progressed(): void {
    if (!this.#submission.hasRoom) return;
    this.#submission.relax();
    this.#room?.open();
    this.#room = undefined;
  }
}
