/**
 * SharedArrayBuffers of the user's that children get as arguments, alone or inside other values. Only a message can bring
 * one to another thread: the first time a thread hands one on, it tells all workers of the pool at once, under a number,
 * and children carry the number.
 *
 * The messages are read when one is needed, now and then, or when the event loop turns. A worker that was started later
 * has not got them, and gives the child back; it says that it is there, and is told of all when that is read.
 *
 * @module
 */
import { BroadcastChannel, type MessagePort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import { KIND_DATA_VIEW, VIEW_KINDS } from '../../src/codec/format.ts';
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, getPrototypeOf, viewTag } from '../../src/codec/primordials.ts';

type Buffers = readonly SharedArrayBuffer[];
type Message =
  | { readonly share: number; readonly buffers: Buffers }
  | { readonly forget: readonly number[] }
  | { readonly started: true };

/** What this thread has told of, for arguments. */
interface Told {
  readonly id: number;
  readonly buffers: Buffers;
  /** Children that hold on to it, whatever is on the stack. */
  held: number;
}

type SharedView = new (buffer: SharedArrayBuffer, from: number, length: number) => object;

/** By kind, which is one more than the codec's: 0 is the buffer itself. What the runtime lacks nobody has a view of. */
const VIEWS = VIEW_KINDS.map((name) => (globalThis as unknown as Record<string, SharedView>)[name]);
const DATA_VIEW = KIND_DATA_VIEW + 1;
/** All the shared memory inside one value. */
const INSIDE = VIEW_KINDS.length + 1;
/** The first is not the user's memory: it holds an encoded value. The others are inside that. */
const ENCODED = INSIDE + 1;
const KINDS = ENCODED + 1;
const KIND_OF_TAG = new Map<string, number>(VIEW_KINDS.map((name, i) => [name, i + 1]));

/** Buffers that one thread tells of. With its number, which no other thread of the process has had, and the kind: 53 bits. */
const PER_THREAD = 2 ** 28;

/** So many numbers are given for buffers told of before, until messages are read: a look takes longer than all the rest. */
const NUMBERS_BETWEEN_LOOKS = 64;

/** Shared memory as numbers: which buffer and what kind of view; where it begins, bytes; its length, in elements. */
export interface Shared {
  readonly id: number;
  readonly from: number;
  readonly length: number;
}

function isOf(number: number, thread: number): boolean {
  return Math.floor(number / PER_THREAD) === thread;
}

/** The number of the buffer in the `id` of a {@link Shared}. */
export function numberIn(id: number): number {
  return (id - (id % KINDS)) / KINDS;
}

/** What shared memory it is a view on, if it is one. */
export function sharedMemoryOf(value: unknown): SharedArrayBuffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof SharedArrayBuffer) return value;
  if (!ArrayBuffer.isView(value)) return undefined;
  const { buffer } = value;
  return buffer instanceof SharedArrayBuffer ? buffer : undefined;
}

/** A value's bytes, in memory of their own, and the shared memory inside it. */
export class Encoded {
  readonly bytes: Uint8Array;
  readonly inside: Buffers;

  constructor(bytes: Uint8Array, inside: Buffers) {
    this.bytes = bytes;
    this.inside = inside;
  }
}

export class Shares {
  readonly #channel: BroadcastChannel;
  /** Those this thread has told of, twice. */
  readonly #mine = new Map<SharedArrayBuffer, Told>();
  readonly #told = new Map<number, Told>();
  readonly #known = new Map<number, Buffers>();
  #last = 0;
  #untilLook = NUMBERS_BETWEEN_LOOKS;

  constructor(pool: string) {
    this.#channel = new BroadcastChannel(`millrace ${pool}`);
    // It is read by hand, and keeps no thread alive.
    (this.#channel as unknown as { unref(): void }).unref();
    // Subtle: and by the event loop, whenever that turns. Without a listener it would throw the messages away.
    this.#channel.onmessage = (event) => this.#note((event as { readonly data: Message }).data);
    this.#channel.postMessage({ started: true } satisfies Message);
  }

  /** For an argument: known to all until `forget`. */
  write(value: object, buffer: SharedArrayBuffer): Shared {
    return described(value, this.numberOf(buffer), kindOf(value, buffer));
  }

  /** For what is inside an argument: as `write`. */
  numberOf(buffer: SharedArrayBuffer): number {
    const known = this.#mine.get(buffer);
    if (known !== undefined) {
      if (--this.#untilLook === 0) this.#drain();
      return known.id;
    }
    const buffers = [buffer];
    const told: Told = { id: this.#tell(buffers), buffers, held: 0 };
    this.#mine.set(buffer, told);
    this.#told.set(told.id, told);
    return told.id;
  }

  /** For a result: known to all until `take` or `takeBack`; at `home`, where this thread itself will take it, to it alone. */
  lend(value: object, buffer: SharedArrayBuffer, home: boolean): Shared {
    return described(value, this.#lend([buffer], home), kindOf(value, buffer));
  }

  /** As `lend`, for all that is inside a result. */
  lendInside(inside: Buffers, home: boolean): number {
    return this.#lend(inside, home) * KINDS + INSIDE;
  }

  /** As `lend`, for the bytes of a value that nothing else has room for. */
  lendEncoded(buffer: SharedArrayBuffer, length: number, inside: Buffers, home: boolean): Shared {
    return { id: this.#lend([buffer, ...inside], home) * KINDS + ENCODED, from: 0, length };
  }

  /** Reads what was lent, once. Undefined: as for `read`. */
  take(id: number, from: number, length: number): object | undefined {
    const value = this.read(id, from, length);
    this.takeBack(id);
    return value;
  }

  /** As `take`, of `lendInside`. */
  takeInside(id: number): Buffers | undefined {
    const inside = this.#get(numberIn(id));
    this.takeBack(id);
    return inside;
  }

  /** What was lent is not read any more. */
  takeBack(id: number): void {
    const lent = numberIn(id);
    if (isOf(lent, threadId) && this.#known.delete(lent)) return;
    this.#channel.postMessage({ forget: [lent] } satisfies Message);
    this.#drain();
    this.#known.delete(lent);
  }

  /** Undefined: this worker was started after it was told of. */
  read(id: number, from: number, length: number): object | undefined {
    const kind = id % KINDS;
    const buffers = this.#get(numberIn(id));
    if (buffers === undefined || kind === 0) return buffers?.[0];
    const buffer = buffers[0]!;
    if (kind === ENCODED) return new Encoded(new Uint8Array(buffer, from, length), buffers.slice(1));
    return new VIEWS[kind - 1]!(buffer, from, length);
  }

  /** What was given a number by `numberOf`. Undefined: as for `read`. */
  find(number: number): SharedArrayBuffer | undefined {
    return this.#get(number)?.[0];
  }

  /** A child that is on no stack refers to them: they are not forgotten before it lets go of them. */
  hold(numbers: readonly number[]): void {
    for (const number of numbers) this.#told.get(number)!.held++;
  }

  /** True: one of them is held no more. */
  letGo(numbers: readonly number[]): boolean {
    let free = false;
    for (const number of numbers) if (--this.#told.get(number)!.held === 0) free = true;
    return free;
  }

  /** What this thread has told of is needed no more, but for what is held: no child is on its stack. */
  forget(): void {
    if (this.#mine.size > 0) this.#forgetMine();
    this.#drain();
  }

  #forgetMine(): void {
    const forget: number[] = [];
    for (const { id, buffers, held } of this.#mine.values()) {
      if (held > 0) continue;
      forget.push(id);
      this.#mine.delete(buffers[0]!);
      this.#told.delete(id);
    }
    if (forget.length > 0) this.#channel.postMessage({ forget } satisfies Message);
  }

  /** How many buffers it keeps alive. */
  get kept(): number {
    return this.#mine.size + this.#known.size;
  }

  close(): void {
    this.#channel.close();
  }

  #lend(buffers: Buffers, home: boolean): number {
    if (!home) return this.#tell(buffers);
    const id = this.#next();
    this.#known.set(id, buffers);
    return id;
  }

  #next(): number {
    this.#last = (this.#last + 1) % PER_THREAD;
    return threadId * PER_THREAD + this.#last;
  }

  #tell(buffers: Buffers): number {
    const id = this.#next();
    this.#channel.postMessage({ share: id, buffers } satisfies Message);
    return id;
  }

  #get(id: number): Buffers | undefined {
    const mine = this.#told.get(id);
    if (mine !== undefined) return mine.buffers;
    if (!this.#known.has(id)) this.#drain();
    return this.#known.get(id);
  }

  #note(message: Message): void {
    if ('share' in message) {
      // Told again, for others: here it stays the same object.
      if (!this.#known.has(message.share)) this.#known.set(message.share, message.buffers);
    } else if ('forget' in message) for (const id of message.forget) this.#known.delete(id);
    else this.#tellAgain();
  }

  // What is lent is not among it: whoever takes that has been there before.
  #tellAgain(): void {
    for (const { id, buffers } of this.#told.values())
      this.#channel.postMessage({ share: id, buffers } satisfies Message);
  }

  #drain(): void {
    const port = this.#channel as unknown as MessagePort;
    this.#untilLook = NUMBERS_BETWEEN_LOOKS;
    for (;;) {
      const received = receiveMessageOnPort(port) as { readonly message: Message | undefined } | undefined;
      if (received === undefined) return;
      if (received.message === undefined) awaitEnd();
      this.#note(received.message);
    }
  }
}

/**
 * Subtle: Node gives no messages to a thread that is being ended, and lets its code go on for a moment. An error, or
 * memory taken for unknown, would be the end of a child that other threads believe in. Here the thread is ended.
 */
function awaitEnd(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0, 1000);
}

function kindOf(value: object, buffer: SharedArrayBuffer): number {
  if (value === buffer) return 0;
  // Whatever it inherits from; a DataView has none.
  const tag = viewTag(value as ArrayBufferView);
  return tag === undefined ? DATA_VIEW : KIND_OF_TAG.get(tag)!;
}

function described(value: object, buffer: number, kind: number): Shared {
  const id = buffer * KINDS + kind;
  if (kind === 0) return { id, from: 0, length: 0 };
  const view = value as Uint8Array;
  return { id, from: view.byteOffset, length: kind === DATA_VIEW ? view.byteLength : view.length };
}

/** The memory as another thread would have got it: a view of a class of the user's becomes one of the language's. */
export function sharedAsCloned(value: object, buffer: SharedArrayBuffer): object {
  const kind = kindOf(value, buffer);
  if (kind === 0 || getPrototypeOf(value) === VIEWS[kind - 1]!.prototype) return value;
  const { from, length } = described(value, 0, kind);
  return new VIEWS[kind - 1]!(buffer, from, length);
}
