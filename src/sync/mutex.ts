/**
 * A mutex in shared memory.
 *
 * @module
 */
import { ORDER_CHECK } from './deadlock/checks.ts';
import { CycleWatch } from './deadlock/cycle.ts';
import { noteOrder, ORDER_BYTES, register } from './deadlock/order.ts';
import { type Tracked, tracked } from './deadlock/tracked.ts';
import { Guard, type Releasable, runWith } from './guard.ts';
import { allot, attach, LINE, type NameOptions, type Place, type SyncHandle, WORDS } from './handle.ts';
import { claimOf, type LockOptions, lookOnce, missed, stuck } from './locking.ts';
import { SyncObject } from './object.ts';
import * as Word from './protocols/mutex-word.ts';
import { alive, holdLock, letGoOfLock, ME, ofThread } from './thread.ts';
import { block, blockAsync, STUCK, succeed, timeoutAmong } from './waiting.ts';

/** Lets another thread use the mutex: give it to `Mutex.open` there. */
export type MutexHandle = SyncHandle<'Mutex'>;

export type MutexOptions = NameOptions;

const STATE = WORDS.first;
const BYTES = 4 * (STATE + LINE);
/** Looks at a lock this often before it goes to sleep: about as long as going to sleep takes. */
const SPINS = 100;

/**
 * Only one thread at a time holds it. Not fair: who comes just then may get it before those who sleep.
 *
 * When the thread that holds it dies, the lock is free again and **poisoned**, as in Rust: `lock()` throws
 * `ERR_LOCK_POISONED` from then on, since what the lock protects may be half changed. An error thrown by code that holds
 * the lock does not poison it: that code runs on, and can put things right.
 *
 * A thread that would wait for itself, or in a circle with others, gets `ERR_DEADLOCK`; see `docs/sync.md`.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { once } from 'node:events';
 * import { Worker } from 'node:worker_threads';
 * import { Mutex } from 'millrace/sync';
 *
 * const mutex = new Mutex({ name: 'totals' });
 * const totals = new Int32Array(new SharedArrayBuffer(8)); // the sum is always even
 * const workerData = { mutex: mutex.handle, totals };
 * const workers = [1, 2].map(() => new Worker(new URL('./adder.mjs', import.meta.url), { workerData }));
 * await Promise.all(workers.map((worker) => once(worker, 'exit')));
 * if (totals[0] !== 2000 || totals[1] !== 2000) throw new Error('an addition was lost');
 * ```
 * ```js
 * // file: adder.mjs
 * import { workerData } from 'node:worker_threads';
 * import { Mutex } from 'millrace/sync';
 *
 * const mutex = Mutex.open(workerData.mutex);
 * for (let i = 0; i < 1000; i++) {
 *   mutex.run(() => {
 *     workerData.totals[0]++;
 *     workerData.totals[1]++;
 *   });
 * }
 * ```
 */
export class Mutex extends SyncObject<'Mutex'> {
  readonly #i32: Int32Array;
  readonly #tracked: Tracked;
  readonly #owner: Releasable;

  /**
   * `place` is for {@link Mutex.open}.
   *
   * @throws InvalidArgumentError for a wrong option.
   */
  constructor(options: MutexOptions = {}, place: Place = allot('Mutex', options, 0, BYTES, ORDER_BYTES)) {
    super(place, 'Mutex');
    const { i32 } = place;
    this.#i32 = i32;
    const lock = tracked(place);
    this.#tracked = lock;
    this.#owner = {
      release(): void {
        letGoOfLock(lock, WORDS.label);
        Word.unlock(i32, STATE, ME);
      },
    };
    register(lock);
  }

  /**
   * @throws InvalidArgumentError when it is no handle of a mutex.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: MutexHandle): Mutex {
    return new Mutex({}, attach(handle, 'Mutex'));
  }

  /** Whether a thread died holding it, and nobody has called `clearPoison` since. */
  get poisoned(): boolean {
    return (Atomics.load(this.#i32, STATE) & Word.POISONED) !== 0;
  }

  /**
   * Waits for the lock, with this thread stopped. On the main thread, use {@link Mutex.lockAsync}.
   *
   * @throws MillraceError `ERR_LOCK_POISONED` when a thread died holding it; `ERR_DEADLOCK` when this thread holds it
   * already, or waits in a circle with others; `ERR_WAIT_TIMEOUT`; `ERR_LOCK_ORDER` with `MILLRACE_SYNC_CHECKS=throw`.
   *
   * @example
   * ```ts
   * import { Mutex } from 'millrace/sync';
   *
   * const mutex = new Mutex();
   * {
   *   using _guard = mutex.lock({ timeout: 1000, poisoned: 'recover' });
   *   if (mutex.poisoned) mutex.clearPoison(); // after the data was mended
   * }
   * ```
   */
  lock(options?: LockOptions): Guard {
    if (ORDER_CHECK !== 'off' && ofThread.locks.length > 0 && options?.timeout === undefined)
      noteOrder(this.#tracked);
    if (options !== undefined || !Word.lockFast(this.#i32, STATE, ME)) this.#lockSlow(options);
    return this.#guard();
  }

  /** The lock if it is free now; `undefined` when it is held. Throws as {@link Mutex.lock} for a poisoned one. */
  tryLock(options?: Pick<LockOptions, 'poisoned'>): Guard | undefined {
    const outcome = lookOnce(Word.lockSlow(this.#i32, STATE, WORDS.label, claimOf(options, false), alive));
    if (missed(outcome)) return undefined;
    succeed(outcome, this.#what, 0);
    return this.#guard();
  }

  /**
   * As {@link Mutex.lock}, with the event loop alive; the wait keeps the thread from ending. The lock belongs to the
   * thread all the same: another `lockAsync` of this thread waits for it, and `lock` throws `ERR_DEADLOCK`.
   *
   * @throws MillraceError `ERR_LOCK_POISONED`, `ERR_WAIT_TIMEOUT`
   *
   * @example
   * ```ts
   * import { Mutex } from 'millrace/sync';
   *
   * const mutex = new Mutex();
   * using _guard = await mutex.lockAsync();
   * ```
   */
  async lockAsync(options?: LockOptions): Promise<Guard> {
    const timeout = timeoutAmong(options);
    const waiting = Word.lockSlow(this.#i32, STATE, WORDS.label, claimOf(options, false), alive);
    succeed(await blockAsync(this.#i32, waiting, timeout), this.#what, timeout);
    return this.#guard();
  }

  /** Runs `fn` with the lock held. If it returns a promise, the lock is held until that has settled. */
  run<R>(fn: () => R, options?: LockOptions): R {
    return runWith(this.lock(options), fn);
  }

  /** As {@link Mutex.run}, waiting as {@link Mutex.lockAsync}. */
  async runAsync<R>(fn: () => R, options?: LockOptions): Promise<Awaited<R>> {
    return await runWith(await this.lockAsync(options), fn);
  }

  /** The data is whole again: `lock` works as before. Call it with the lock held. */
  clearPoison(): void {
    Word.clearPoison(this.#i32, STATE);
  }

  get #what(): string {
    return `the mutex "${this.name}"`;
  }

  #guard(): Guard {
    holdLock(this.#tracked, WORDS.label);
    return new Guard(this.#owner, 0);
  }

  #lockSlow(options: LockOptions | undefined): void {
    const timeout = timeoutAmong(options);
    const claim = claimOf(options, true);
    for (let i = 0; i < SPINS && Atomics.load(this.#i32, STATE) !== 0; i++);
    const waiting = Word.lockSlow(this.#i32, STATE, WORDS.label, claim, alive);
    const watch = timeout === Number.POSITIVE_INFINITY ? new CycleWatch(this.#tracked.i64) : undefined;
    const outcome = block(this.#i32, waiting, timeout, watch);
    if (outcome === STUCK) throw stuck(this.#what, watch!.joined);
    succeed(outcome, this.#what, timeout);
  }
}
