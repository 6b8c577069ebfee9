/**
 * The owner's side of a work-stealing deque. Why it is right: ../deque/README.md.
 *
 * @module
 */

import * as L from '../layout.ts';
import type { Core } from '../shared-memory.ts';
import { acquire, attach, gone, type Handle, handleOf, type Place, release, seize } from './handle.ts';
import { checkCount, checkItem, checkSameSpace, toCount } from './items.ts';
import { consumerPlace, producerPlace, type RingConsumer, type RingProducer } from './ring.ts';

/** Moves the owner's side to another thread: give it to `OwnerDeque.open` or `OwnerDeque.recover` there. */
export type OwnerHandle = Handle<'OwnerDeque'>;

/**
 * The owner's side of a Chase-Lev deque: pushes and pops the newest item at the bottom, while thieves take the oldest
 * from the top. There is one owner at a time, and only its thread may use this object.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { once } from 'node:events';
 * import { Worker } from 'node:worker_threads';
 * import { createSpace, EMPTY } from 'millrace/queues';
 *
 * const deque = createSpace().deque({ capacity: 128 });
 * for (let task = 1; task <= 100; task++) deque.push(task);
 *
 * const thief = new Worker(new URL('./thief.mjs', import.meta.url), { workerData: deque.share() });
 * let sum = 0;
 * for (let task; (task = deque.pop()) !== EMPTY; ) sum += task;
 * const [stolen] = await once(thief, 'message');
 * if (sum + stolen !== 5050) throw new Error('a task was lost or done twice');
 * ```
 * ```js
 * // file: thief.mjs
 * import { parentPort, workerData } from 'node:worker_threads';
 * import { EMPTY, RETRY, ThiefDeque } from 'millrace/queues';
 *
 * const deque = ThiefDeque.open(workerData);
 * let sum = 0;
 * for (let task; (task = deque.steal()) !== EMPTY; ) if (task !== RETRY) sum += task;
 * parentPort.postMessage(sum);
 * ```
 */
export class OwnerDeque {
  readonly #place: Place;
  readonly #at: number;
  #core: Core;

  /** Use `space.deque()` or {@link OwnerDeque.open}. */
  constructor(place: Place) {
    this.#place = place;
    this.#at = place.address;
    this.#core = place.core;
  }

  /**
   * Takes over a deque that its owner has handed over.
   *
   * @throws InvalidArgumentError when it is no such handle, or has been opened already.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: OwnerHandle): OwnerDeque {
    const place = attach(handle, 'OwnerDeque');
    acquire(place, 'OwnerDeque');
    return new OwnerDeque(place);
  }

  /**
   * Takes over a deque whose owner is dead. Thieves may go on meanwhile. What it holds stays, but for the item or the
   * claimed batch that the dead thread had in its hands.
   *
   * Call it only after the owner's thread has ended (`exit` of its `Worker`): two owners destroy the deque, and
   * nothing can tell a dead one from a slow one.
   *
   * @throws InvalidArgumentError when it is no such handle.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static recover(handle: OwnerHandle): OwnerDeque {
    const place = attach(handle, 'OwnerDeque');
    seize(place, 'OwnerDeque');
    const own = place.i32[(place.address + L.DQ_OWN_BOTTOM) >>> 2]!;
    // A push or pop that was cut off leaves bottom one beside the mirror; the mirror is right (../deque/README.md).
    Atomics.store(place.i32, (place.address + L.DQ_BOTTOM) >>> 2, own);
    return new OwnerDeque(place);
  }

  /** Most items it holds. */
  get capacity(): number {
    return this.#place.i32[(this.#at + L.DQ_MASK) >>> 2]! + 1;
  }

  /** How many items it seems to hold; thieves may be taking some. */
  get size(): number {
    return this.#core.dequeSize(this.#at);
  }

  /**
   * Puts an item on the bottom. `false`: it is full, and nothing has happened.
   *
   * @throws InvalidArgumentError unless `item` is an int32 other than 0 and -1.
   */
  push(item: number): boolean {
    checkItem(item);
    return this.#core.dequePush(this.#at, item) !== 0;
  }

  /** The newest item, or `EMPTY`. Never `RETRY`: an item lost to a thief is one less to wait for. */
  pop(): number {
    return this.#core.dequePop(this.#at);
  }

  /**
   * Moves up to `most` items from a ring to this deque in one step, so that `pop` gives them in the ring's order.
   * How many, 0 when there is none or no room, or `RETRY` when another consumer was faster.
   *
   * @throws InvalidArgumentError unless `most` is an integer from 1 or `Infinity`, and both are of one space.
   *
   * @example
   * ```ts
   * import { createSpace, RingConsumer } from 'millrace/queues';
   *
   * const space = createSpace();
   * const producer = space.ring();
   * for (const item of [1, 2, 3]) producer.put(item);
   * const deque = space.deque();
   * const ring = RingConsumer.open(producer.share());
   * console.log(deque.claimFrom(ring, 2), deque.pop(), deque.pop(), ring.take()); // 2 1 2 3
   * ```
   */
  claimFrom(ring: RingConsumer, most: number): number {
    const from = consumerPlace(ring);
    checkCount('most', most);
    checkSameSpace(from.space, this.#place.space);
    return this.#core.ringClaim(from.address, this.#at, toCount(most));
  }

  /**
   * Moves the older half to a ring, and shows it there all at once. How many were moved: fewer when the ring is
   * nearly full. If the thread dies half-way, what it has moved and not shown is lost.
   *
   * @throws InvalidArgumentError unless both are of one space.
   *
   * @example
   * ```ts
   * import { createSpace } from 'millrace/queues';
   *
   * const space = createSpace();
   * const deque = space.deque({ capacity: 4 });
   * const ring = space.ring();
   * for (const item of [1, 2, 3, 4]) deque.push(item);
   * console.log(deque.push(5), deque.spillInto(ring), deque.push(5)); // false 2 true
   * ```
   */
  spillInto(ring: RingProducer): number {
    const to = producerPlace(ring);
    checkSameSpace(to.space, this.#place.space);
    return this.#core.dequeSpill(this.#at, to.address);
  }

  /** For thieves, any number of them: each opens it with `ThiefDeque.open`. */
  share(): Handle<'ThiefDeque'> {
    return handleOf(this.#place, 'ThiefDeque');
  }

  /**
   * Gives ownership away: whoever opens the handle is the owner, and this object throws from now on. Keep the handle:
   * it is what {@link OwnerDeque.recover} needs if that thread dies.
   *
   * @throws InvalidArgumentError when it was handed over before.
   */
  handOver(): OwnerHandle {
    this.#core.dequeSize(this.#at);
    this.#core = gone('OwnerDeque');
    release(this.#place, 'OwnerDeque');
    return handleOf(this.#place, 'OwnerDeque');
  }
}
