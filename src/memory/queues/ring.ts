/**
 * A first-in, first-out ring with one producer and many consumers. Why it is right: ../rings/README.md.
 *
 * @module
 */

import * as L from '../layout.ts';
import type { Core } from '../shared-memory.ts';
import { acquire, attach, gone, type Handle, handleOf, type Place, release, seize } from './handle.ts';
import { checkItem } from './items.ts';

/** Moves the producer's side to another thread: give it to `RingProducer.open` or `RingProducer.recover` there. */
export type RingProducerHandle = Handle<'RingProducer'>;

/** Lets another thread take: give it to `RingConsumer.open` there. */
export type RingConsumerHandle = Handle<'RingConsumer'>;

/** For the deque, which moves batches to and from rings; not part of the public surface. */
export let producerPlace: (ring: RingProducer) => Place;
export let consumerPlace: (ring: RingConsumer) => Place;

/**
 * The producer's side of a ring. There is one producer at a time, and only its thread may use this object.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { once } from 'node:events';
 * import { Worker } from 'node:worker_threads';
 * import { createSpace } from 'millrace/queues';
 *
 * const ring = createSpace().ring({ capacity: 64 });
 * for (let item = 1; item <= 10; item++) ring.stage(item);
 * ring.publish(); // all ten at once
 *
 * const file = new URL('./consumer.mjs', import.meta.url);
 * const consumers = [1, 2].map(() => new Worker(file, { workerData: ring.share() }));
 * const sums = await Promise.all(consumers.map(async (consumer) => (await once(consumer, 'message'))[0]));
 * if (sums[0] + sums[1] !== 55) throw new Error('an item was lost or taken twice');
 * ```
 * ```js
 * // file: consumer.mjs
 * import { parentPort, workerData } from 'node:worker_threads';
 * import { EMPTY, RETRY, RingConsumer } from 'millrace/queues';
 *
 * const ring = RingConsumer.open(workerData);
 * let sum = 0;
 * for (let item; (item = ring.take()) !== EMPTY; ) if (item !== RETRY) sum += item;
 * parentPort.postMessage(sum);
 * ```
 */
export class RingProducer {
  static {
    producerPlace = (ring) => {
      ring.#core.ringSize(ring.#at);
      return ring.#place;
    };
  }

  readonly #place: Place;
  readonly #at: number;
  #core: Core;

  /** Use `space.ring()` or {@link RingProducer.open}. */
  constructor(place: Place) {
    this.#place = place;
    this.#at = place.address;
    this.#core = place.core;
  }

  /**
   * Takes over a ring that its producer has handed over.
   *
   * @throws InvalidArgumentError when it is no such handle, or has been opened already.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: RingProducerHandle): RingProducer {
    const place = attach(handle, 'RingProducer');
    acquire(place, 'RingProducer');
    return new RingProducer(place);
  }

  /**
   * Takes over a ring whose producer is dead. What was published stays; what was only staged is dropped.
   * Call it only after the producer's thread has ended (`exit` of its `Worker`).
   *
   * @throws InvalidArgumentError when it is no such handle.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static recover(handle: RingProducerHandle): RingProducer {
    const place = attach(handle, 'RingProducer');
    seize(place, 'RingProducer');
    const tail = Atomics.load(place.i32, (place.address + L.MC_TAIL) >>> 2);
    place.i32[(place.address + L.MC_OWN_TAIL) >>> 2] = tail;
    return new RingProducer(place);
  }

  /** Most items it holds. */
  get capacity(): number {
    return this.#place.i32[(this.#at + L.MC_MASK) >>> 2]! + 1;
  }

  /** How many published items it seems to hold; consumers may be taking some. */
  get size(): number {
    return this.#core.ringSize(this.#at);
  }

  /** How many items it can still take; more when consumers have taken some meanwhile, never fewer. */
  get room(): number {
    return this.#core.ringRoom(this.#at);
  }

  /**
   * Adds an item, and shows it together with all that were staged before. `false`: it is full, and nothing has
   * happened.
   *
   * @throws InvalidArgumentError unless `item` is an int32 other than 0 and -1.
   */
  put(item: number): boolean {
    checkItem(item);
    return this.#core.ringPut(this.#at, item) !== 0;
  }

  /**
   * Adds an item that no consumer sees before {@link RingProducer.publish}. `false`: it is full, and nothing has
   * happened.
   *
   * @throws InvalidArgumentError unless `item` is an int32 other than 0 and -1.
   */
  stage(item: number): boolean {
    checkItem(item);
    return this.#core.ringStage(this.#at, item) !== 0;
  }

  /** Shows all staged items at once. */
  publish(): void {
    this.#core.ringPublish(this.#at);
  }

  /** For consumers, any number of them: each opens it with `RingConsumer.open`. */
  share(): RingConsumerHandle {
    return handleOf(this.#place, 'RingConsumer');
  }

  /**
   * Gives the producer's side away, staged items too; this object throws from now on. Keep the handle: it is what
   * {@link RingProducer.recover} needs if that thread dies.
   *
   * @throws InvalidArgumentError when it was handed over before.
   */
  handOver(): RingProducerHandle {
    this.#core.ringSize(this.#at);
    this.#core = gone('RingProducer');
    release(this.#place, 'RingProducer');
    return handleOf(this.#place, 'RingProducer');
  }
}

/**
 * A consumer's side of a ring: takes the oldest item. Any number of threads may take from one ring. It cannot put,
 * and a {@link RingProducer} is none: the compiler refuses one where the other is asked for.
 *
 * @example
 * ```ts
 * import { createSpace, EMPTY, RingConsumer } from 'millrace/queues';
 *
 * const producer = createSpace().ring();
 * producer.put(1);
 * const consumer = RingConsumer.open(producer.share()); // in another thread, out of `workerData`
 * console.log(consumer.take(), consumer.take() === EMPTY); // 1 true
 * ```
 */
export class RingConsumer {
  static {
    consumerPlace = (ring) => ring.#place;
  }

  readonly #place: Place;
  readonly #at: number;
  readonly #core: Core;

  /** Use {@link RingConsumer.open}. */
  constructor(place: Place) {
    this.#place = place;
    this.#at = place.address;
    this.#core = place.core;
  }

  /**
   * @throws InvalidArgumentError when it is no handle from `share()` of a ring.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: RingConsumerHandle): RingConsumer {
    return new RingConsumer(attach(handle, 'RingConsumer'));
  }

  /** Most items it holds. */
  get capacity(): number {
    return this.#place.i32[(this.#at + L.MC_MASK) >>> 2]! + 1;
  }

  /** How many items it seems to hold. A hint, never proof. */
  get size(): number {
    return this.#core.ringSize(this.#at);
  }

  /** The oldest item; `EMPTY` when there is none; `RETRY` when another consumer was faster. */
  take(): number {
    return this.#core.ringTake(this.#at);
  }

  /** For one more consumer. */
  share(): RingConsumerHandle {
    return handleOf(this.#place, 'RingConsumer');
  }
}
