/**
 * A first-in, first-out ring with one producer and one consumer. Why it is right: ../rings/README.md.
 *
 * @module
 */

import * as L from '../layout.ts';
import type { Core } from '../shared-memory.ts';
import { acquire, attach, gone, type Handle, handleOf, type Place, release, seize } from './handle.ts';
import { checkItem } from './items.ts';

/** Moves the producer's side to another thread: give it to `SpscProducer.open` or `SpscProducer.recover` there. */
export type SpscProducerHandle = Handle<'SpscProducer'>;

/** Moves the consumer's side to another thread: give it to `SpscConsumer.open` or `SpscConsumer.recover` there. */
export type SpscConsumerHandle = Handle<'SpscConsumer'>;

/**
 * The producer's side. There is one producer at a time, and only its thread may use this object.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { once } from 'node:events';
 * import { Worker } from 'node:worker_threads';
 * import { createSpace } from 'millrace/queues';
 *
 * const { producer, consumer } = createSpace().spsc({ capacity: 64 });
 * const worker = new Worker(new URL('./consumer.mjs', import.meta.url), { workerData: consumer.handOver() });
 * for (let item = 1; item <= 10; item++) producer.put(item);
 * const [sum] = await once(worker, 'message');
 * if (sum !== 55) throw new Error('an item was lost');
 * ```
 * ```js
 * // file: consumer.mjs
 * import { parentPort, workerData } from 'node:worker_threads';
 * import { EMPTY, SpscConsumer } from 'millrace/queues';
 *
 * const consumer = SpscConsumer.open(workerData);
 * let sum = 0;
 * for (let taken = 0; taken < 10; ) {
 *   const item = consumer.take();
 *   if (item === EMPTY) continue;
 *   sum += item;
 *   taken++;
 * }
 * parentPort.postMessage(sum);
 * ```
 */
export class SpscProducer {
  readonly #place: Place;
  readonly #at: number;
  #core: Core;

  /** Use `space.spsc()` or {@link SpscProducer.open}. */
  constructor(place: Place) {
    this.#place = place;
    this.#at = place.address;
    this.#core = place.core;
  }

  /**
   * Takes over a side that was handed over.
   *
   * @throws InvalidArgumentError when it is no such handle, or has been opened already.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: SpscProducerHandle): SpscProducer {
    const place = attach(handle, 'SpscProducer');
    acquire(place, 'SpscProducer');
    return new SpscProducer(place);
  }

  /**
   * Takes over from a producer that is dead; a `put` it was in either has happened or has not.
   * Call it only after the producer's thread has ended (`exit` of its `Worker`).
   *
   * @throws InvalidArgumentError when it is no such handle.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static recover(handle: SpscProducerHandle): SpscProducer {
    const place = attach(handle, 'SpscProducer');
    seize(place, 'SpscProducer');
    const tail = Atomics.load(place.i32, (place.address + L.SC_TAIL) >>> 2);
    place.i32[(place.address + L.SC_OWN_TAIL) >>> 2] = tail;
    return new SpscProducer(place);
  }

  /** Most items it holds. */
  get capacity(): number {
    return this.#place.i32[(this.#at + L.SC_MASK) >>> 2]! + 1;
  }

  /** How many items it seems to hold; the consumer may be taking some. */
  get size(): number {
    return this.#core.spscSize(this.#at);
  }

  /**
   * Adds an item. `false`: it is full, and nothing has happened.
   *
   * @throws InvalidArgumentError unless `item` is an int32 other than 0 and -1.
   */
  put(item: number): boolean {
    checkItem(item);
    return this.#core.spscPut(this.#at, item) !== 0;
  }

  /**
   * Gives the producer's side away; this object throws from now on. Keep the handle: it is what
   * {@link SpscProducer.recover} needs if that thread dies.
   *
   * @throws InvalidArgumentError when it was handed over before.
   */
  handOver(): SpscProducerHandle {
    this.#core.spscSize(this.#at);
    this.#core = gone('SpscProducer');
    release(this.#place, 'SpscProducer');
    return handleOf(this.#place, 'SpscProducer');
  }
}

/**
 * The consumer's side. There is one consumer at a time, and only its thread may use this object.
 *
 * @example
 * ```ts
 * import { createSpace, EMPTY } from 'millrace/queues';
 *
 * const { producer, consumer } = createSpace().spsc();
 * producer.put(1);
 * console.log(consumer.take(), consumer.take() === EMPTY); // 1 true
 * ```
 */
export class SpscConsumer {
  readonly #place: Place;
  readonly #at: number;
  #core: Core;

  /** Use `space.spsc()` or {@link SpscConsumer.open}. */
  constructor(place: Place) {
    this.#place = place;
    this.#at = place.address;
    this.#core = place.core;
  }

  /**
   * Takes over a side that was handed over.
   *
   * @throws InvalidArgumentError when it is no such handle, or has been opened already.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: SpscConsumerHandle): SpscConsumer {
    const place = attach(handle, 'SpscConsumer');
    acquire(place, 'SpscConsumer');
    return new SpscConsumer(place);
  }

  /**
   * Takes over from a consumer that is dead; the item it had in its hands is lost with it.
   * Call it only after the consumer's thread has ended (`exit` of its `Worker`).
   *
   * @throws InvalidArgumentError when it is no such handle.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static recover(handle: SpscConsumerHandle): SpscConsumer {
    const place = attach(handle, 'SpscConsumer');
    seize(place, 'SpscConsumer');
    const taken = place.i32[(place.address + L.SC_TAKEN) >>> 2]!;
    // Or the slot of the last item taken stays shut, and a ring of one would be full and empty for ever.
    Atomics.store(place.i32, (place.address + L.SC_HEAD) >>> 2, taken);
    return new SpscConsumer(place);
  }

  /** Most items it holds. */
  get capacity(): number {
    return this.#place.i32[(this.#at + L.SC_MASK) >>> 2]! + 1;
  }

  /** How many items it holds, at least; the producer may be adding some. */
  get size(): number {
    return this.#core.spscSize(this.#at);
  }

  /** The oldest item, or `EMPTY`. Never `RETRY`: there is nobody to lose against. */
  take(): number {
    return this.#core.spscTake(this.#at);
  }

  /**
   * Gives the consumer's side away; this object throws from now on. Keep the handle: it is what
   * {@link SpscConsumer.recover} needs if that thread dies.
   *
   * @throws InvalidArgumentError when it was handed over before.
   */
  handOver(): SpscConsumerHandle {
    this.#core.spscSize(this.#at);
    this.#core = gone('SpscConsumer');
    release(this.#place, 'SpscConsumer');
    return handleOf(this.#place, 'SpscConsumer');
  }
}
