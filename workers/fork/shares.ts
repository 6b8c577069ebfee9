/**
 * SharedArrayBuffers of the user's that children get as arguments. Only a message can bring one to another thread: the
 * first time a thread hands one on, it tells all workers of the pool at once, under a number, and children carry the number.
 *
 * The messages are read when one is needed, or when the event loop turns. A worker that was started later has not got them: it gives the child back.
 *
 * @module
 */
import { BroadcastChannel, type MessagePort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import { getPrototypeOf, uncurry } from '../../src/codec/primordials.ts';

type Message =
  | { readonly share: number; readonly buffer: SharedArrayBuffer }
  | { readonly forget: readonly number[] };

type SharedView = new (buffer: SharedArrayBuffer, from: number, length: number) => object;
const { Float16Array } = globalThis as unknown as { readonly Float16Array?: SharedView };

/** By kind, from 1: 0 is the buffer itself. */
const VIEWS: readonly SharedView[] = [
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  ...(Float16Array === undefined ? [] : [Float16Array]),
];
const DATA_VIEW = 1;
/** Not the user's memory: it holds an encoded value. */
const ENCODED = 15;
const KINDS = 16;
const KIND_OF_TAG = new Map(VIEWS.map((view, i) => [view.name, i + 1]));
/** What kind of typed array a view is, whatever it inherits from; undefined: a DataView. */
const tagOf: (view: object) => string | undefined = uncurry(
  Object.getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag)!.get!,
) as never;

/** Buffers that one thread tells of. With its number, which no other thread of the process has had, and the kind: 53 bits. */
const PER_THREAD = 2 ** 28;

/** Shared memory as numbers: which buffer and what kind of view; where it begins, bytes; its length, in elements. */
export interface Shared {
  readonly id: number;
  readonly from: number;
  readonly length: number;
}

/** What shared memory it is a view on, if it is one. */
export function sharedMemoryOf(value: unknown): SharedArrayBuffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof SharedArrayBuffer) return value;
  if (!ArrayBuffer.isView(value)) return undefined;
  const { buffer } = value;
  return buffer instanceof SharedArrayBuffer ? buffer : undefined;
}

/** A value's bytes, in memory of their own. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export class Shares {
  readonly #channel: BroadcastChannel;
  /** Those this thread has told of. */
  readonly #mine = new Map<SharedArrayBuffer, number>();
  readonly #known = new Map<number, SharedArrayBuffer>();
  #last = 0;

  constructor(pool: string) {
    this.#channel = new BroadcastChannel(`millrace ${pool}`);
    // It is read by hand, and keeps no thread alive.
    (this.#channel as unknown as { unref(): void }).unref();
    // Subtle: and by the event loop, whenever that turns. Without a listener it would throw the messages away.
    this.#channel.onmessage = (event) => this.#note((event as { readonly data: Message }).data);
  }

  /** For an argument: known to all until `forget`. */
  write(value: object, buffer: SharedArrayBuffer): Shared {
    return described(value, this.#idOf(buffer), kindOf(value, buffer));
  }

  /** For a result: known to all until `take` or `takeBack`. */
  lend(value: object, buffer: SharedArrayBuffer): Shared {
    return described(value, this.#tell(buffer), kindOf(value, buffer));
  }

  /** As `lend`, for the bytes of a value that nothing else has room for. */
  lendEncoded(buffer: SharedArrayBuffer, length: number): Shared {
    return { id: this.#tell(buffer) * KINDS + ENCODED, from: 0, length };
  }

  /** Reads what was lent. Undefined: as for `read`. */
  take(id: number, from: number, length: number): object | undefined {
    const value = this.read(id, from, length);
    this.takeBack(id);
    return value;
  }

  /** What was lent is not read any more. */
  takeBack(id: number): void {
    const lent = (id - (id % KINDS)) / KINDS;
    this.#channel.postMessage({ forget: [lent] } satisfies Message);
    this.#drain();
    this.#known.delete(lent);
  }

  /** Undefined: this worker was started after it was told of. */
  read(id: number, from: number, length: number): object | undefined {
    const kind = id % KINDS;
    const buffer = this.#get((id - kind) / KINDS);
    if (buffer === undefined || kind === 0) return buffer;
    if (kind === ENCODED) return new Encoded(new Uint8Array(buffer, from, length));
    return new VIEWS[kind - 1]!(buffer, from, length);
  }

  /** What this thread has told of is needed no more: no child of its own is left. */
  forget(): void {
    if (this.#mine.size > 0) {
      this.#channel.postMessage({ forget: [...this.#mine.values()] } satisfies Message);
      this.#mine.clear();
    }
    this.#drain();
  }

  close(): void {
    this.#channel.close();
  }

  #idOf(buffer: SharedArrayBuffer): number {
    let id = this.#mine.get(buffer);
    if (id === undefined) {
      id = this.#tell(buffer);
      this.#mine.set(buffer, id);
    }
    return id;
  }

  #tell(buffer: SharedArrayBuffer): number {
    this.#last = (this.#last + 1) % PER_THREAD;
    const id = threadId * PER_THREAD + this.#last;
    this.#channel.postMessage({ share: id, buffer } satisfies Message);
    return id;
  }

  #get(id: number): SharedArrayBuffer | undefined {
    if (Math.floor(id / PER_THREAD) === threadId) {
      for (const [buffer, mine] of this.#mine) if (mine === id) return buffer;
    }
    if (!this.#known.has(id)) this.#drain();
    return this.#known.get(id);
  }

  #note(message: Message): void {
    if ('share' in message) this.#known.set(message.share, message.buffer);
    else for (const id of message.forget) this.#known.delete(id);
  }

  #drain(): void {
    const port = this.#channel as unknown as MessagePort;
    for (;;) {
      const received = receiveMessageOnPort(port) as { readonly message: Message } | undefined;
      if (received === undefined) return;
      this.#note(received.message);
    }
  }
}

function kindOf(value: object, buffer: SharedArrayBuffer): number {
  if (value === buffer) return 0;
  const tag = tagOf(value);
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
