/**
 * A thief's side of a work-stealing deque. Why it is right: ../deque/README.md.
 *
 * @module
 */

import * as L from '../layout.ts';
import type { Core } from '../shared-memory.ts';
import { attach, type Handle, handleOf, type Place } from './handle.ts';

/** Lets another thread steal: give it to `ThiefDeque.open` there. */
export type ThiefHandle = Handle<'ThiefDeque'>;

/**
 * A thief's side of a deque: takes the oldest item. Any number of threads may steal from one deque. It cannot push,
 * and an {@link OwnerDeque} is none: the compiler refuses one where the other is asked for.
 *
 * @example
 * ```ts
 * import { createSpace, EMPTY, RETRY, ThiefDeque } from 'millrace/queues';
 *
 * const deque = createSpace().deque();
 * deque.push(1);
 * deque.push(2);
 *
 * const thief = ThiefDeque.open(deque.share()); // in another thread, out of `workerData`
 * const item = thief.steal();
 * if (item === EMPTY) console.log('look elsewhere');
 * else if (item === RETRY) console.log('there is more; steal again');
 * else console.log(item); // 1, the oldest
 * ```
 */
export class ThiefDeque {
  readonly #place: Place;
  readonly #at: number;
  readonly #core: Core;

  /** Use {@link ThiefDeque.open}. */
  constructor(place: Place) {
    this.#place = place;
    this.#at = place.address;
    this.#core = place.core;
  }

  /**
   * @throws InvalidArgumentError when it is no handle from `share()` of a deque.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: ThiefHandle): ThiefDeque {
    return new ThiefDeque(attach(handle, 'ThiefDeque'));
  }

  /** Most items it holds. */
  get capacity(): number {
    return this.#place.i32[(this.#at + L.DQ_MASK) >>> 2]! + 1;
  }

  /** How many items it seems to hold. A hint for choosing a victim, never proof. */
  get size(): number {
    return this.#core.dequeSize(this.#at);
  }

  /** The oldest item; `EMPTY` when there is none; `RETRY` when another taker was faster. */
  steal(): number {
    return this.#core.dequeSteal(this.#at);
  }

  /** For one more thief. */
  share(): ThiefHandle {
    return handleOf(this.#place, 'ThiefDeque');
  }
}
