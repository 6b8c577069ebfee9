/**
 * A barrier in shared memory.
 *
 * @module
 */
import { MillraceError } from '../errors.ts';
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
import { arrive, arrivedOf, breakBarrier, isBroken, LEADER, MAX_PARTIES } from './protocols/rendezvous.ts';
import { ENDED } from './protocols/sleep.ts';
import { block, blockAsync, succeed, timeoutOf, type WaitOptions } from './waiting.ts';

/** Lets another thread use the barrier: give it to `Barrier.open` there. */
export type BarrierHandle = SyncHandle<'Barrier'>;

export interface BarrierOptions extends NameOptions {
  /** How many have to come. 1 to 2047. */
  readonly parties: number;
}

const WORD = WORDS.first;

/**
 * Where so many threads wait for each other, again and again: `wait` returns when all have come, and then the barrier
 * is ready for the next round. One of them, the last to come, is told that it is the leader.
 *
 * It does not know who has to come. If a thread dies before it comes, the others wait until their timeout, or until
 * somebody who sees the thread's end calls {@link Barrier.break}. A thread that dies while it waits has come.
 *
 * In a pool, have at least as many workers as parties: a task that waits occupies its worker.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { once } from 'node:events';
 * import { Worker } from 'node:worker_threads';
 * import { Barrier } from 'millrace/sync';
 *
 * const barrier = new Barrier({ parties: 2 });
 * const cells = new Int32Array(new SharedArrayBuffer(8));
 * const start = (me) =>
 *   new Worker(new URL('./cell.mjs', import.meta.url), { workerData: { barrier: barrier.handle, cells, me } });
 * await Promise.all([0, 1].map(start).map((worker) => once(worker, 'exit')));
 * if (cells[0] !== 100 || cells[1] !== 100) throw new Error('a round was missed');
 * ```
 * ```js
 * // file: cell.mjs
 * import { workerData } from 'node:worker_threads';
 * import { Barrier } from 'millrace/sync';
 *
 * const { cells, me } = workerData;
 * const barrier = Barrier.open(workerData.barrier);
 * for (let round = 0; round < 100; round++) {
 *   const neighbour = cells[1 - me]; // all read
 *   barrier.wait();
 *   cells[me] = neighbour + 1; // and then all write
 *   barrier.wait();
 * }
 * ```
 */
export class Barrier extends SyncObject<'Barrier'> {
  readonly #i32: Int32Array;

  /**
   * `place` is for {@link Barrier.open}.
   *
   * @throws InvalidArgumentError for a wrong option.
   */
  constructor(options: BarrierOptions, place: Place = fresh(options)) {
    super(place, 'Barrier');
    this.#i32 = place.i32;
  }

  /**
   * @throws InvalidArgumentError when it is no handle of a barrier.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open(handle: BarrierHandle): Barrier {
    return new Barrier({ parties: 1 }, attach(handle, 'Barrier'));
  }

  get parties(): number {
    return this.#i32[WORDS.size]!;
  }

  /** How many wait in this round, as seen in passing. */
  get arrived(): number {
    return arrivedOf(this.#i32, WORD);
  }

  get broken(): boolean {
    return isBroken(this.#i32, WORD);
  }

  /**
   * Waits until all have come, with this thread stopped. `true` for the last one, the leader of the round. Who gives up
   * on its timeout has not come: the others wait on.
   *
   * @throws MillraceError `ERR_WAIT_TIMEOUT`, `ERR_BARRIER_BROKEN`
   */
  wait(options?: WaitOptions): boolean {
    const timeout = timeoutOf(options);
    return this.#passed(block(this.#i32, arrive(this.#i32, WORD, this.parties), timeout), timeout);
  }

  /** As {@link Barrier.wait}, with the event loop alive; the wait keeps the thread from ending. */
  async waitAsync(options?: WaitOptions): Promise<boolean> {
    const timeout = timeoutOf(options);
    return this.#passed(await blockAsync(this.#i32, arrive(this.#i32, WORD, this.parties), timeout), timeout);
  }

  /** Not all will come: whoever waits, or comes later, gets `ERR_BARRIER_BROKEN`. For good. */
  break(): void {
    breakBarrier(this.#i32, WORD);
  }

  #passed(outcome: number, timeout: number): boolean {
    if (outcome === ENDED) {
      throw new MillraceError(
        'ERR_BARRIER_BROKEN',
        `The barrier "${this.name}" was broken: not all will come. Make another one to go on.`,
      );
    }
    return succeed(outcome, `the last party of the barrier "${this.name}"`, timeout) === LEADER;
  }
}

function fresh(options: BarrierOptions): Place {
  checkInteger('options.parties', options?.parties, 1, MAX_PARTIES);
  return allot('Barrier', options, options.parties, 4 * (WORD + LINE));
}
