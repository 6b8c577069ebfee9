/**
 * A semaphore in shared memory.
 *
 * @module
 */
import { CycleWatch } from './deadlock/cycle.ts';
import { labelOfPermits } from './deadlock/permits.ts';
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
import { lookOnce, missed, stuck } from './locking.ts';
import { SyncObject } from './object.ts';
import { acquire, type PermitsPlace, release, takeFree } from './protocols/permits.ts';
import { OWN } from './protocols/sleep.ts';
import { alive, holdLock, letGoOfLock, ME } from './thread.ts';
import { block, blockAsync, STUCK, succeed, timeoutOf, type WaitOptions } from './waiting.ts';

/** Lets another thread use the semaphore: give it to `Semaphore.open` there. */
export type SemaphoreHandle = SyncHandle<'Semaphore'>;

export interface SemaphoreOptions extends NameOptions {
  /** How many may hold a permit at the same time. 1 to 65536. */
  readonly permits: number;
}

const RELEASES = WORDS.first;
const PERMITS = RELEASES + LINE;

/**
 * So many permits and no more: a limit on how many do something at the same time. A permit belongs to the thread that
 * took it, and **the permit of a thread that died is taken over** by the next that finds none free; so a crash costs no
 * permit. A permit cannot be given back by another thread, and there are never more than at first: as a signal between
 * threads, take a {@link Channel} or a {@link Latch}.
 *
 * Looking for a free permit takes time in proportion to how many are taken.
 *
 * @example
 * ```ts
 * import { Semaphore } from 'millrace/sync';
 *
 * const connections = new Semaphore({ permits: 2, name: 'connections' });
 * using _first = connections.acquire();
 * using _second = connections.acquire({ timeout: 100 });
 * console.log(connections.tryAcquire()); // undefined
 * ```
 */
export class Semaphore extends SyncObject<'Semaphore'> {
  readonly #i32: Int32Array;
  readonly #words: PermitsPlace;
  readonly #tracked: Tracked;
  readonly #owner: Releasable;
  /** Where to look first: threads begin at different permits. */
  #hint: number;

  /**
   * `place` is for {@link Semaphore.open}.
   *
   * @throws InvalidArgumentError for a wrong option.
   */
  constructor(options: SemaphoreOptions, place: Place = fresh(options)) {
    super(place, 'Semaphore');
    const { i32 } = place;
    const count = i32[WORDS.size]!;
    const words: PermitsPlace = { releases: RELEASES, permits: PERMITS, labels: labelsFor(count), count };
    const lock = tracked(place);
    this.#tracked = lock;
    this.#i32 = i32;
    this.#words = words;
    this.#hint = ME % words.count;
    this.#owner = {
      release(permit: number): void {
        letGoOfLock(lock, words.labels + 2 * permit);
        release(i32, words, permit);
      },
    };
  }

  /**
   * @throws InvalidArgumentError when it is no handle of a semaphore.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: SemaphoreHandle): Semaphore {
    return new Semaphore({ permits: 1 }, attach(handle, 'Semaphore'));
  }

  /** How many permits there are, taken or not. */
  get permits(): number {
    return this.#words.count;
  }

  /** How many are free, as seen in passing. Those of dead threads are not counted. */
  get available(): number {
    let free = 0;
    for (let i = 0; i < this.permits; i++) if (Atomics.load(this.#i32, PERMITS + i) === 0) free++;
    return free;
  }

  /**
   * Waits for a permit, with this thread stopped. On the main thread, use {@link Semaphore.acquireAsync}.
   *
   * @throws MillraceError `ERR_WAIT_TIMEOUT`; `ERR_DEADLOCK` when this thread holds all permits, or each is held by a
   * thread that waits for this one, and there is no `timeout`.
   */
  acquire(options?: WaitOptions): Guard {
    const timeout = timeoutOf(options);
    const free = takeFree(this.#i32, this.#words, this.#hint, ME);
    if (free >= 0) return this.#guard(free);
    const forever = timeout === Number.POSITIVE_INFINITY;
    const watch = forever
      ? new CycleWatch(this.#tracked.i64, labelOfPermits(this.#i32, this.#words))
      : undefined;
    const outcome = block(this.#i32, this.#acquiring(forever), timeout, watch);
    if (outcome === STUCK) throw stuck(this.#what, watch!.joined);
    const what = outcome === OWN ? `every permit of the semaphore "${this.name}"` : this.#what;
    return this.#guard(succeed(outcome, what, timeout));
  }

  /** A permit, if one is free now. */
  tryAcquire(): Guard | undefined {
    const outcome = lookOnce(this.#acquiring(false));
    return missed(outcome) ? undefined : this.#guard(outcome);
  }

  /** As {@link Semaphore.acquire}, with the event loop alive; the wait keeps the thread from ending. */
  async acquireAsync(options?: WaitOptions): Promise<Guard> {
    const timeout = timeoutOf(options);
    return this.#guard(
      succeed(await blockAsync(this.#i32, this.#acquiring(false), timeout), this.#what, timeout),
    );
  }

  /** Runs `fn` with a permit. If it returns a promise, until that has settled. */
  run<R>(fn: () => R, options?: WaitOptions): R {
    return runWith(this.acquire(options), fn);
  }

  /** As {@link Semaphore.run}, waiting as {@link Semaphore.acquireAsync}. */
  async runAsync<R>(fn: () => R, options?: WaitOptions): Promise<Awaited<R>> {
    return await runWith(await this.acquireAsync(options), fn);
  }

  get #what(): string {
    return `a permit of the semaphore "${this.name}"`;
  }

  #acquiring(blocking: boolean): ReturnType<typeof acquire> {
    return acquire(this.#i32, this.#words, this.#hint, ME, blocking, alive);
  }

  #guard(permit: number): Guard {
    this.#hint = permit;
    holdLock(this.#tracked, this.#words.labels + 2 * permit);
    return new Guard(this.#owner, permit);
  }
}

function fresh(options: SemaphoreOptions): Place {
  checkInteger('options.permits', options?.permits, 1, 65_536);
  return allot('Semaphore', options, options.permits, 4 * (labelsFor(options.permits) + 2 * options.permits));
}

/** Two words for each permit, after them all. */
function labelsFor(permits: number): number {
  return PERMITS + permits + (permits & 1);
}
