/**
 * A channel in shared memory.
 *
 * @module
 */
import { checkObject, expected, MillraceError } from '../errors.ts';
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
import { lookOnce, missed } from './locking.ts';
import { type Message, messageOf, Porter } from './messages.ts';
import { SyncObject } from './object.ts';
import { close, isClosed, type RingPlace, receive, roomOf, send, usedOf } from './protocols/ring.ts';
import { ENDED, type Waiting } from './protocols/sleep.ts';
import { alive, ME } from './thread.ts';
import { block, blockAsync, succeed, timeoutOf, type WaitOptions } from './waiting.ts';

/** Lets another thread send and receive: give it to `Channel.open` there. */
export type ChannelHandle = SyncHandle<'Channel'>;

export interface ChannelOptions extends NameOptions {
  /**
   * Bytes for messages that wait, each with 8 bytes of its own and padded to 8; a message may take up to half of it.
   * Rounded up to a power of two. 64 to 2^30, default 65536.
   */
  readonly capacity?: number;
}

const line = (n: number): number => WORDS.first + n * LINE;
const DATA = line(4);
const SMALLEST = 64;
const LARGEST = 2 ** 30;

/**
 * Messages between any threads, first in, first out: any number send, any number receive, and each message is received
 * once. Bounded: who sends into a full channel waits.
 *
 * A message is a number, bytes (`Uint8Array`), or anything structured clone takes but for `undefined` and for what only
 * a port can carry (SharedArrayBuffers, ports, streams). What is received is a copy.
 *
 * A thread that dies loses at most the message it was sending, or had just received.
 *
 * @example
 * ```js
 * // file: main.mjs
 * import { Worker } from 'node:worker_threads';
 * import { Channel } from 'millrace/sync';
 *
 * const jobs = new Channel({ name: 'jobs' });
 * const results = new Channel({ name: 'results' });
 * const workerData = { jobs: jobs.handle, results: results.handle };
 * new Worker(new URL('./worker.mjs', import.meta.url), { workerData });
 *
 * for (let n = 1; n <= 10; n++) await jobs.sendAsync({ n });
 * jobs.close();
 * let sum = 0;
 * for await (const square of results) sum += square;
 * if (sum !== 385) throw new Error('a message was lost');
 * ```
 * ```js
 * // file: worker.mjs
 * import { workerData } from 'node:worker_threads';
 * import { Channel } from 'millrace/sync';
 *
 * const results = Channel.open(workerData.results);
 * for (const { n } of Channel.open(workerData.jobs)) results.send(n * n);
 * results.close();
 * ```
 */
export class Channel<T = unknown> extends SyncObject<'Channel'> implements Iterable<T>, AsyncIterable<T> {
  readonly #memory: SharedArrayBuffer;
  readonly #i32: Int32Array;
  readonly #ring: RingPlace;
  readonly #porter: Porter;

  /**
   * `place` is for {@link Channel.open}.
   *
   * @throws InvalidArgumentError for a wrong option.
   */
  constructor(options: ChannelOptions = {}, place: Place = fresh(options)) {
    super(place, 'Channel');
    this.#memory = place.memory;
    this.#i32 = place.i32;
    const capacity = place.i32[WORDS.size]!;
    this.#ring = {
      lock: line(0),
      tail: line(1),
      filled: line(1) + 1,
      receivers: line(1) + 2,
      head: line(2),
      drained: line(2) + 1,
      senders: line(2) + 2,
      data: DATA,
      capacity,
    };
    this.#porter = new Porter(place.memory, 4 * DATA, capacity);
  }

  /**
   * `T` is what you say is sent: nobody checks.
   *
   * @throws InvalidArgumentError when it is no handle of a channel.
   * @throws MillraceError `ERR_VERSION_MISMATCH` when another version of the library made it.
   */
  static open<T = unknown>(handle: ChannelHandle): Channel<T> {
    return new Channel<T>({}, attach(handle, 'Channel'));
  }

  /** Bytes for messages that wait. */
  get capacity(): number {
    return this.#ring.capacity;
  }

  /** Bytes that waiting messages take, as seen in passing. */
  get used(): number {
    return usedOf(this.#i32, this.#ring);
  }

  /** Whether it takes no more messages. There may be some left to receive. */
  get closed(): boolean {
    return isClosed(this.#i32, this.#ring);
  }

  /**
   * Sends a message; waits for room with this thread stopped. On the main thread, use {@link Channel.sendAsync}.
   *
   * @throws SerializeError for what cannot be sent, InvalidArgumentError for `undefined` and for a message that takes
   * more than half of the capacity.
   * @throws MillraceError `ERR_CHANNEL_CLOSED`, `ERR_WAIT_TIMEOUT`
   */
  send(value: T, options?: WaitOptions): void {
    const timeout = timeoutOf(options);
    this.#sent(block(this.#i32, this.#sending(value), timeout), timeout);
  }

  /** Sends a message if there is room, and no other thread is just at the channel; says so. Throws as {@link Channel.send}. */
  trySend(value: T): boolean {
    const outcome = lookOnce(this.#sending(value));
    if (missed(outcome)) return false;
    this.#sent(outcome, 0);
    return true;
  }

  /** As {@link Channel.send}, with the event loop alive; the wait keeps the thread from ending. */
  async sendAsync(value: T, options?: WaitOptions): Promise<void> {
    const timeout = timeoutOf(options);
    this.#sent(await blockAsync(this.#i32, this.#sending(value), timeout), timeout);
  }

  /**
   * The oldest message; waits for one with this thread stopped. `undefined`: the channel is closed, and all messages
   * were received. On the main thread, use {@link Channel.receiveAsync}.
   *
   * @throws MillraceError `ERR_WAIT_TIMEOUT`
   */
  receive(options?: WaitOptions): T | undefined {
    const timeout = timeoutOf(options);
    return this.#received(block(this.#i32, this.#receiving(), timeout), timeout);
  }

  /** The oldest message, or `undefined` when there is none now, or another thread is just at the channel. */
  tryReceive(): T | undefined {
    const outcome = lookOnce(this.#receiving());
    return missed(outcome) ? undefined : this.#received(outcome, 0);
  }

  /** As {@link Channel.receive}, with the event loop alive; the wait keeps the thread from ending. */
  async receiveAsync(options?: WaitOptions): Promise<T | undefined> {
    const timeout = timeoutOf(options);
    const porter = new Porter(this.#memory, 4 * DATA, this.capacity);
    const outcome = await blockAsync(this.#i32, this.#receiving(porter), timeout);
    return this.#received(outcome, timeout, porter);
  }

  /** No more messages: what is in it can still be received. Any thread may close it, more than once. */
  close(): void {
    close(this.#i32, this.#ring);
  }

  /** Receives until the channel is closed and empty, with this thread stopped in between. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let value = this.receive(); value !== undefined; value = this.receive()) yield value;
  }

  /** Receives until the channel is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let value = await this.receiveAsync(); value !== undefined; value = await this.receiveAsync())
      yield value;
  }

  #sending(value: T): Waiting {
    const message: Message = messageOf(value);
    const most = this.capacity / 2;
    if (roomOf(message.bytes) > most)
      throw expected('value', `a message of up to ${most - 8} bytes, half of the capacity`, message.bytes);
    const copy = this.#porter.in(message);
    return send(this.#i32, this.#ring, message.kind, message.bytes, copy, ME, alive);
  }

  #receiving(porter: Porter = this.#porter): Waiting {
    return receive(this.#i32, this.#ring, porter.out, ME, alive);
  }

  #sent(outcome: number, timeout: number): void {
    if (outcome === ENDED) {
      throw new MillraceError(
        'ERR_CHANNEL_CLOSED',
        `The channel "${this.name}" is closed and takes no message. Close it when all have sent.`,
      );
    }
    succeed(outcome, `room in the channel "${this.name}"`, timeout);
  }

  #received(outcome: number, timeout: number, porter: Porter = this.#porter): T | undefined {
    if (outcome === ENDED) return undefined;
    succeed(outcome, `a message of the channel "${this.name}"`, timeout);
    return porter.value() as T;
  }
}

function fresh(options: ChannelOptions): Place {
  checkObject('options', options);
  const { capacity: wanted = 65_536 } = options;
  checkInteger('options.capacity', wanted, SMALLEST, LARGEST);
  const capacity = 2 ** Math.ceil(Math.log2(wanted));
  return allot('Channel', options, capacity, 4 * DATA + capacity);
}
