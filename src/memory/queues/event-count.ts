/**
 * An event count: sleep until a condition may have become true, and lose no wake-up. Why it is right:
 * ../rings/README.md.
 *
 * @module
 */
import { expected } from '../../errors.ts';
import * as L from '../layout.ts';
import type { Core } from '../shared-memory.ts';
import { attach, type Handle, handleOf, type Place } from './handle.ts';
import { checkCount, toCount } from './items.ts';

/** Lets another thread wait and notify: give it to `EventCount.open` there. */
export type EventCountHandle = Handle<'EventCount'>;

declare const prepared: unique symbol;

/** Proof that a wait was announced; good for one `wait`, `waitAsync` or `cancel`. */
export type EventKey = number & { readonly [prepared]: true };

/** How a wait ended. `woken` promises nothing: look at the condition again. */
export type Wakening = 'woken' | 'timed-out';

/**
 * Something to sleep on until a condition may have become true. Any number of threads may wait and notify.
 *
 * A waiter announces itself with {@link EventCount.prepare}, looks at its condition **once more**, and then sleeps or
 * cancels. A notifier makes the condition true **first** and notifies then. So one of the two always sees the other.
 * {@link EventCount.until} does the waiter's part.
 *
 * If a thread dies while it waits, call `notify()` once at its `exit`: it may have swallowed a wake-up meant for
 * another.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { once } from 'node:events';
 * import { Worker } from 'node:worker_threads';
 * import { createSpace } from 'millrace/queues';
 *
 * const space = createSpace();
 * const ring = space.ring();
 * const ready = space.eventCount();
 * const workerData = { ring: ring.share(), ready: ready.share() };
 * const worker = new Worker(new URL('./consumer.mjs', import.meta.url), { workerData });
 *
 * for (let item = 1; item <= 10; item++) {
 *   ring.put(item);
 *   ready.notify(1);
 * }
 * const [sum] = await once(worker, 'message');
 * if (sum !== 55) throw new Error('an item was lost');
 * ```
 * ```js
 * // file: consumer.mjs
 * import { parentPort, workerData } from 'node:worker_threads';
 * import { EventCount, RETRY, RingConsumer } from 'millrace/queues';
 *
 * const ring = RingConsumer.open(workerData.ring);
 * const ready = EventCount.open(workerData.ready);
 * let sum = 0;
 * for (let taken = 0; taken < 10; ) {
 *   ready.until(() => ring.size > 0); // sleeps
 *   const item = ring.take();
 *   if (item === RETRY) continue;
 *   sum += item;
 *   taken++;
 * }
 * parentPort.postMessage(sum);
 * ```
 */
export class EventCount {
  readonly #place: Place;
  readonly #at: number;
  readonly #core: Core;

  /** Use `space.eventCount()` or {@link EventCount.open}. */
  constructor(place: Place) {
    this.#place = place;
    this.#at = place.address;
    this.#core = place.core;
  }

  /**
   * @throws InvalidArgumentError when it is no handle from `share()` of an event count.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: EventCountHandle): EventCount {
    return new EventCount(attach(handle, 'EventCount'));
  }

  /**
   * Announces a wait. Look at the condition after it, and then call exactly one of {@link EventCount.wait},
   * {@link EventCount.waitAsync} and {@link EventCount.cancel} with the key.
   *
   * @example
   * ```ts
   * import { createSpace } from 'millrace/queues';
   *
   * const ready = createSpace().eventCount();
   * const flag = new Int32Array(new SharedArrayBuffer(4));
   * Atomics.store(flag, 0, 1); // usually by another thread, which then calls ready.notify()
   *
   * while (Atomics.load(flag, 0) === 0) {
   *   const key = ready.prepare();
   *   if (Atomics.load(flag, 0) === 0) ready.wait(key);
   *   else ready.cancel(key);
   * }
   * ```
   */
  prepare(): EventKey {
    return this.#core.eventPrepare(this.#at) as EventKey;
  }

  /** The condition was true after all: takes the announcement back. */
  cancel(_key: EventKey): void {
    this.#core.eventLeave(this.#at);
  }

  /**
   * Blocks this thread until it is notified; returns at once when a notification came since the key was made.
   * `timeout`: ms from this call, 0 or more. Default `Infinity`. On the main thread it stops the event loop.
   *
   * @throws InvalidArgumentError for a wrong `timeout`; the wait is cancelled then.
   */
  wait(key: EventKey, timeout: number = Infinity): Wakening {
    try {
      checkTimeout(timeout);
      const how = Atomics.wait(this.#place.i32, this.#epoch, key, timeout);
      return how === 'timed-out' ? how : 'woken';
    } finally {
      this.#core.eventLeave(this.#at);
    }
  }

  /**
   * As {@link EventCount.wait}, with the event loop alive. It keeps neither process nor worker alive: hold a port, a
   * timer or a `Worker` while it is pending. With a `timeout`, the engine keeps some 100 bytes until it has passed,
   * even after a notification. It cannot be aborted: `notify()`, and let the waiters look.
   *
   * @throws InvalidArgumentError for a wrong `timeout`; the wait is cancelled then.
   *
   * @example
   * ```ts
   * import { createSpace } from 'millrace/queues';
   *
   * const ready = createSpace().eventCount();
   * const wakening = ready.waitAsync(ready.prepare());
   * ready.notify();
   * console.log(await wakening); // 'woken'
   * ```
   */
  async waitAsync(key: EventKey, timeout: number = Infinity): Promise<Wakening> {
    try {
      checkTimeout(timeout);
      const result = Atomics.waitAsync(this.#place.i32, this.#epoch, key, timeout);
      const how = result.async ? await result.value : result.value;
      return how === 'timed-out' ? how : 'woken';
    } finally {
      this.#core.eventLeave(this.#at);
    }
  }

  /**
   * Blocks this thread until `condition` returns `true`; it is called anew after each notification.
   * `timeout`: ms from this call, 0 or more. Default `Infinity`. `false`: the time passed, and it was not true at the
   * last look. What `condition` throws comes through.
   *
   * @throws InvalidArgumentError for a wrong `timeout`.
   */
  until(condition: () => boolean, timeout: number = Infinity): boolean {
    checkTimeout(timeout);
    const end = performance.now() + timeout;
    while (!condition()) {
      const key = this.#prepareUnless(condition);
      if (key === undefined) return true;
      if (this.wait(key, Math.max(0, end - performance.now())) === 'timed-out') return condition();
    }
    return true;
  }

  /**
   * As {@link EventCount.until}, with the event loop alive; what {@link EventCount.waitAsync} says holds here too.
   *
   * @throws InvalidArgumentError for a wrong `timeout`.
   *
   * @example
   * ```js
   * // file: main.mjs
   * import { Worker } from 'node:worker_threads';
   * import { createSpace, EMPTY, SpscConsumer } from 'millrace/queues';
   *
   * const space = createSpace();
   * const { producer, consumer } = space.spsc();
   * const done = space.eventCount();
   * const workerData = { results: producer.handOver(), done: done.share() };
   * new Worker(new URL('./producer.mjs', import.meta.url), { workerData });
   *
   * await done.untilAsync(() => consumer.size > 0);
   * console.log(consumer.take()); // 42
   * ```
   * ```js
   * // file: producer.mjs
   * import { workerData } from 'node:worker_threads';
   * import { EventCount, SpscProducer } from 'millrace/queues';
   *
   * SpscProducer.open(workerData.results).put(42);
   * EventCount.open(workerData.done).notify();
   * ```
   */
  async untilAsync(condition: () => boolean, timeout: number = Infinity): Promise<boolean> {
    checkTimeout(timeout);
    const end = performance.now() + timeout;
    while (!condition()) {
      const key = this.#prepareUnless(condition);
      if (key === undefined) return true;
      const left = Math.max(0, end - performance.now());
      if ((await this.waitAsync(key, left)) === 'timed-out') return condition();
    }
    return true;
  }

  /**
   * Wakes up to `count` sleeping waiters, and keeps those that have prepared from going to sleep. Call it after the
   * condition was made true. How many were woken from sleep. Default: all. Costs two atomic operations and no system
   * call while nobody waits.
   *
   * @throws InvalidArgumentError unless `count` is an integer from 1 or `Infinity`.
   */
  notify(count: number = Infinity): number {
    checkCount('count', count);
    return this.#core.eventNotify(this.#at, toCount(count));
  }

  /** For other threads, any number of them: each opens it with `EventCount.open`. */
  share(): EventCountHandle {
    return handleOf(this.#place, 'EventCount');
  }

  get #epoch(): number {
    return (this.#at + L.EV_EPOCH) >>> 2;
  }

  #prepareUnless(condition: () => boolean): EventKey | undefined {
    const key = this.prepare();
    let met = true;
    try {
      met = condition();
    } finally {
      if (met) this.cancel(key);
    }
    return met ? undefined : key;
  }
}

function checkTimeout(timeout: number): void {
  if (!(typeof timeout === 'number' && timeout >= 0))
    throw expected('timeout', 'a number from 0, in ms', timeout);
}
