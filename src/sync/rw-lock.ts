/**
 * A reader-writer lock in shared memory.
 *
 * @module
 */
import { checkObject } from '../errors.ts';
import { ORDER_CHECK } from './deadlock/checks.ts';
import { CycleWatch } from './deadlock/cycle.ts';
import { noteOrder, ORDER_BYTES, register } from './deadlock/order.ts';
import { type Tracked, tracked } from './deadlock/tracked.ts';
import { Guard, type Releasable, runWith } from './guard.ts';
import {
  allot,
  attach,
  checkInteger,
  LINE,
  type NameOptions,
  type Place,
  type SyncHandle,
  WORDS,
} from './handle.ts';
import { claimOf, type LockOptions, lookOnce, missed, stuck } from './locking.ts';
import { SyncObject } from './object.ts';
import { clearPoison } from './protocols/mutex-word.ts';
import * as Words from './protocols/rw-words.ts';
import type { Waiting } from './protocols/sleep.ts';
import { alive, holdLock, letGoOfLock, ME, ofThread } from './thread.ts';
import { block, blockAsync, STUCK, succeed, timeoutAmong } from './waiting.ts';

/** Lets another thread use the lock: give it to `RwLock.open` there. */
export type RwLockHandle = SyncHandle<'RwLock'>;

export interface RwLockOptions extends NameOptions {
  /** How many threads may read at the same time; more wait. 64 bytes each. 1 to 1024, default 64. */
  readonly readers?: number;
}

const WORD = WORDS.first;
const MARK = WORD + LINE;
const SLOTS = MARK + LINE;
/** 64 bytes: readers do not share a line. */
const STRIDE = 16;
/** The token of the writer's guard; readers have their slot. */
const WRITER = -1;

/**
 * Any number of threads read at the same time, or one writes. A writer that waits keeps new readers out, so writers do
 * not starve; a thread that reads already may read again even then. Among those who wait there is no order.
 *
 * When a thread dies while it writes, the lock is **poisoned**, as a {@link Mutex} is; when one dies while it reads, or
 * before it begins to write, the lock is just free.
 *
 * A thread cannot turn a read lock into a write lock: `write()` throws `ERR_DEADLOCK` while it reads.
 *
 * @example
 * ```ts
 * import { RwLock } from 'millrace/sync';
 *
 * const lock = new RwLock({ name: 'table' });
 * const table = new Float64Array(new SharedArrayBuffer(80));
 * lock.runWrite(() => table.fill(1));
 * const sum = lock.runRead(() => table.reduce((a, b) => a + b));
 * if (sum !== 10) throw new Error('read while somebody wrote');
 * // Elsewhere: RwLock.open(handle), with `lock.handle` from here.
 * ```
 */
export class RwLock extends SyncObject<'RwLock'> {
  readonly #i32: Int32Array;
  readonly #words: Words.RwPlace;
  readonly #tracked: Tracked;
  readonly #owner: Releasable;
  /** The slot used last. */
  #hint = -1;

  /**
   * `place` is for {@link RwLock.open}.
   *
   * @throws InvalidArgumentError for a wrong option.
   */
  constructor(options: RwLockOptions = {}, place: Place = fresh(options)) {
    super(place, 'RwLock');
    const { i32 } = place;
    const lock = tracked(place);
    const words: Words.RwPlace = {
      word: WORD,
      mark: MARK,
      slots: SLOTS,
      stride: STRIDE,
      capacity: i32[WORDS.size]!,
      label: WORDS.label,
    };
    this.#i32 = i32;
    this.#tracked = lock;
    this.#words = words;
    this.#owner = {
      release(token: number): void {
        letGoOfLock(lock, labelAt(token));
        if (token === WRITER) Words.unlockWrite(i32, words);
        else Words.unlockRead(i32, words, token);
      },
    };
    register(lock);
  }

  /**
   * @throws InvalidArgumentError when it is no handle of a reader-writer lock.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: RwLockHandle): RwLock {
    return new RwLock({}, attach(handle, 'RwLock'));
  }

  /** Whether a thread died writing, and nobody has called `clearPoison` since. */
  get poisoned(): boolean {
    return (Atomics.load(this.#i32, WORD) & Words.POISONED) !== 0;
  }

  /**
   * Waits until no writer holds it or waits for it, with this thread stopped. On the main thread, use
   * {@link RwLock.readAsync}.
   *
   * @throws MillraceError `ERR_LOCK_POISONED` when a thread died writing; `ERR_DEADLOCK` when this thread writes, or
   * waits in a circle with others; `ERR_WAIT_TIMEOUT`; `ERR_LOCK_ORDER` with `MILLRACE_SYNC_CHECKS=throw`.
   */
  read(options?: LockOptions): Guard {
    this.#note(options);
    if (options === undefined) {
      const slot = Words.readFast(this.#i32, this.#words, this.#hint, ME);
      if (slot >= 0) return this.#guard(slot);
    }
    return this.#guard(this.#blocked(this.#reading(options, true), options));
  }

  /** Waits until it is alone. Throws as {@link RwLock.read}, and `ERR_DEADLOCK` also while this thread reads. */
  write(options?: LockOptions): Guard {
    this.#note(options);
    this.#blocked(this.#writing(options, true), options);
    return this.#guard(WRITER);
  }

  /** A read lock, if there is one now. Throws for a poisoned lock. */
  tryRead(options?: Pick<LockOptions, 'poisoned'>): Guard | undefined {
    const outcome = lookOnce(this.#reading(options, false));
    return missed(outcome) ? undefined : this.#guard(succeed(outcome, this.#what, 0));
  }

  /** The write lock, if it is free now. Throws for a poisoned lock. */
  tryWrite(options?: Pick<LockOptions, 'poisoned'>): Guard | undefined {
    const outcome = lookOnce(this.#writing(options, false));
    if (missed(outcome)) return undefined;
    succeed(outcome, this.#what, 0);
    return this.#guard(WRITER);
  }

  /** As {@link RwLock.read}, with the event loop alive; the wait keeps the thread from ending. Not twice at a time. */
  async readAsync(options?: LockOptions): Promise<Guard> {
    const timeout = timeoutAmong(options);
    const outcome = await blockAsync(this.#i32, this.#reading(options, false), timeout);
    return this.#guard(succeed(outcome, this.#what, timeout));
  }

  /** As {@link RwLock.write}, with the event loop alive; the wait keeps the thread from ending. */
  async writeAsync(options?: LockOptions): Promise<Guard> {
    const timeout = timeoutAmong(options);
    const outcome = await blockAsync(this.#i32, this.#writing(options, false), timeout);
    succeed(outcome, this.#what, timeout);
    return this.#guard(WRITER);
  }

  /** Runs `fn` with a read lock held. If it returns a promise, until that has settled. */
  runRead<R>(fn: () => R, options?: LockOptions): R {
    return runWith(this.read(options), fn);
  }

  /** Runs `fn` with the write lock held. If it returns a promise, until that has settled. */
  runWrite<R>(fn: () => R, options?: LockOptions): R {
    return runWith(this.write(options), fn);
  }

  /** The data is whole again. Call it with the write lock held. */
  clearPoison(): void {
    clearPoison(this.#i32, WORD);
  }

  get #what(): string {
    return `the lock "${this.name}"`;
  }

  #reading(options: LockOptions | undefined, blocking: boolean): Waiting {
    return Words.lockRead(this.#i32, this.#words, this.#hint, claimOf(options, blocking), alive);
  }

  #writing(options: LockOptions | undefined, blocking: boolean): Waiting {
    return Words.lockWrite(this.#i32, this.#words, claimOf(options, blocking), alive);
  }

  #note(options: LockOptions | undefined): void {
    if (ORDER_CHECK !== 'off' && ofThread.locks.length > 0 && options?.timeout === undefined)
      noteOrder(this.#tracked);
  }

  #blocked(waiting: Waiting, options: LockOptions | undefined): number {
    const timeout = timeoutAmong(options);
    const watch = timeout === Number.POSITIVE_INFINITY ? new CycleWatch(this.#tracked.i64) : undefined;
    const outcome = block(this.#i32, waiting, timeout, watch);
    if (outcome === STUCK) throw stuck(this.#what, watch!.joined);
    return succeed(outcome, this.#what, timeout);
  }

  #guard(token: number): Guard {
    if (token !== WRITER) this.#hint = token;
    holdLock(this.#tracked, labelAt(token));
    return new Guard(this.#owner, token);
  }
}

function fresh(options: RwLockOptions): Place {
  checkObject('options', options);
  const { readers = 64 } = options;
  checkInteger('options.readers', readers, 1, 1024);
  return allot('RwLock', options, readers, 4 * (SLOTS + readers * STRIDE), ORDER_BYTES);
}

function labelAt(token: number): number {
  return token === WRITER ? WORDS.label : SLOTS + token * STRIDE + Words.SLOT_LABEL;
}
