/**
 * Queues in shared memory, for any threads of one process: the ones the pool itself is built of.
 *
 * - {@link OwnerDeque} and {@link ThiefDeque}: a work-stealing deque. The owner works at one end, thieves at the other.
 * - {@link RingProducer} and {@link RingConsumer}: first in, first out, one producer and many consumers.
 * - {@link SpscProducer} and {@link SpscConsumer}: first in, first out, one producer and one consumer.
 * - {@link EventCount}: what to sleep on while a queue is empty.
 *
 * All are lock-free and bounded: an operation is one call of a few nanoseconds, never waits, and a thread that ends
 * in the middle of one leaves nothing locked. Items are int32 other than 0 and -1: indices of records that lie in
 * memory of your own. Make queues in a {@link Space}, send handles to other threads, and open them there.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { Worker } from 'node:worker_threads';
 * import { createSpace, EMPTY } from 'millrace/queues';
 *
 * const space = createSpace();
 * const deque = space.deque();
 * const done = space.eventCount();
 * const doneBy = new Int32Array(new SharedArrayBuffer(4 * 1001));
 * const workerData = { deque: deque.share(), done: done.share(), doneBy };
 * new Worker(new URL('./thief.mjs', import.meta.url), { workerData });
 *
 * for (let task = 1; task <= 1000; task++) deque.push(task);
 * for (let task; (task = deque.pop()) !== EMPTY; ) Atomics.store(doneBy, task, 1);
 * await done.untilAsync(() => doneBy.indexOf(0, 1) < 0);
 * ```
 * ```js
 * // file: thief.mjs
 * import { workerData } from 'node:worker_threads';
 * import { EMPTY, EventCount, RETRY, ThiefDeque } from 'millrace/queues';
 *
 * const deque = ThiefDeque.open(workerData.deque);
 * for (let task; (task = deque.steal()) !== EMPTY; ) {
 *   if (task !== RETRY) Atomics.store(workerData.doneBy, task, 2);
 * }
 * EventCount.open(workerData.done).notify();
 * ```
 *
 * @module
 */
export { EventCount, type EventCountHandle, type EventKey, type Wakening } from './event-count.ts';
export type { Handle, HandleKind } from './handle.ts';
export { EMPTY, type QueueOptions, RETRY } from './items.ts';
export { OwnerDeque, type OwnerHandle } from './owner-deque.ts';
export { RingConsumer, type RingConsumerHandle, RingProducer, type RingProducerHandle } from './ring.ts';
export { createSpace, type Space, type SpaceOptions, type SpscPair } from './space.ts';
export { SpscConsumer, type SpscConsumerHandle, SpscProducer, type SpscProducerHandle } from './spsc.ts';
export { ThiefDeque, type ThiefHandle } from './thief-deque.ts';
