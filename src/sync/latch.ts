/**
 * A latch in shared memory.
 *
 * @module
 */
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
import { SyncObject } from './object.ts';
import { awaitZero, countDown } from './protocols/rendezvous.ts';
import { block, blockAsync, succeed, timeoutOf, type WaitOptions } from './waiting.ts';

/** Lets another thread use the latch: give it to `Latch.open` there. */
export type LatchHandle = SyncHandle<'Latch'>;

export interface LatchOptions extends NameOptions {
  /** What it counts down from. 0 to 2147483647. */
  readonly count: number;
}

const WORD = WORDS.first;
const MOST = 2 ** 31 - 1;

/**
 * Counts down to 0, once, and then stays open: `wait` returns when the count is 0. Any thread may count down.
 *
 * It does not know who has to count. If a thread dies before it does, those who wait go on when somebody counts in its
 * place, or at their timeout.
 *
 * @example
 * ```ts
 * import { Latch } from 'millrace/sync';
 *
 * const ready = new Latch({ count: 2 });
 * // Elsewhere, with `ready.handle` from here: Latch.open(handle).countDown();
 * ready.countDown();
 * ready.countDown();
 * ready.wait();
 * console.log(ready.count); // 0
 * ```
 */
export class Latch extends SyncObject<'Latch'> {
  readonly #i32: Int32Array;

  /**
   * `place` is for {@link Latch.open}.
   *
   * @throws InvalidArgumentError for a wrong option.
   */
  constructor(options: LatchOptions, place: Place = fresh(options)) {
    super(place, 'Latch');
    this.#i32 = place.i32;
  }

  /**
   * @throws InvalidArgumentError when it is no handle of a latch.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: LatchHandle): Latch {
    return new Latch({ count: 0 }, attach(handle, 'Latch'));
  }

  /** What is left to count. */
  get count(): number {
    return Atomics.load(this.#i32, WORD);
  }

  /** Counts down by `by`, 1 or more, and to 0 at most. Who waits goes on when it reaches 0. Default: 1. */
  countDown(by = 1): void {
    checkInteger('by', by, 1, MOST);
    countDown(this.#i32, WORD, by);
  }

  /**
   * Waits until the count is 0, with this thread stopped. On the main thread, use {@link Latch.waitAsync}.
   *
   * @throws MillraceError `ERR_WAIT_TIMEOUT`
   */
  wait(options?: WaitOptions): void {
    const timeout = timeoutOf(options);
    succeed(block(this.#i32, awaitZero(this.#i32, WORD), timeout), this.#what, timeout);
  }

  /** As {@link Latch.wait}, with the event loop alive; the wait keeps the thread from ending. */
  async waitAsync(options?: WaitOptions): Promise<void> {
    const timeout = timeoutOf(options);
    succeed(await blockAsync(this.#i32, awaitZero(this.#i32, WORD), timeout), this.#what, timeout);
  }

  get #what(): string {
    return `the opening of the latch "${this.name}"`;
  }
}

function fresh(options: LatchOptions): Place {
  checkInteger('options.count', options?.count, 0, MOST);
  const place = allot('Latch', options, 0, 4 * (WORD + LINE));
  place.i32[WORD] = options.count;
  return place;
}
