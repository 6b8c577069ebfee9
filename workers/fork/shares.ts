/**
 * SharedArrayBuffers of the user's that children get as arguments. Only a message can bring one to another thread: the
 * first time a thread hands one on, it tells all workers of the pool at once, under a number, and children carry the number.
 *
 * The messages are read when one is needed. A worker that was started later has not got them: it gives the child back.
 *
 * @module
 */
import { BroadcastChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

type Message =
  | { readonly share: number; readonly buffer: SharedArrayBuffer }
  | { readonly forget: readonly number[] };

const { getPrototypeOf } = Object;
const VIEWS = [
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
] as const;
/** By kind: 0 is the buffer itself; then the typed arrays; then DataView. */
const PROTOTYPES: readonly object[] = VIEWS.map((view) => view.prototype);
type SharedView = new (buffer: SharedArrayBuffer, from: number, length: number) => object;
const DATA_VIEW = VIEWS.length + 1;
const KINDS = 16;
const WORKERS = 2048;

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

export class Shares {
  readonly #worker: number;
  readonly #channel: BroadcastChannel;
  /** Those this thread has told of. */
  readonly #mine = new Map<SharedArrayBuffer, number>();
  readonly #known = new Map<number, SharedArrayBuffer>();
  #last = 0;

  constructor(pool: string, worker: number) {
    this.#worker = worker;
    this.#channel = new BroadcastChannel(`millrace ${pool}`);
    // It is read by hand, and keeps no thread alive.
    (this.#channel as unknown as { unref(): void }).unref();
  }

  /** For an argument: known to all until `forget`. Undefined: of a kind that children cannot carry (a subclass). */
  write(value: object, buffer: SharedArrayBuffer): Shared | undefined {
    const kind = kindOf(value, buffer);
    return kind < 0 ? undefined : described(value, this.#idOf(buffer), kind);
  }

  /** For a result: known to all until `take`. */
  lend(value: object, buffer: SharedArrayBuffer): Shared | undefined {
    const kind = kindOf(value, buffer);
    return kind < 0 ? undefined : described(value, this.#tell(buffer), kind);
  }

  /** Reads what was lent. Undefined: as for `read`. */
  take(id: number, from: number, length: number): object | undefined {
    const value = this.read(id, from, length);
    const lent = (id - (id % KINDS)) / KINDS;
    this.#channel.postMessage({ forget: [lent] } satisfies Message);
    this.#known.delete(lent);
    return value;
  }

  /** Undefined: this worker was started after it was told of. */
  read(id: number, from: number, length: number): object | undefined {
    const kind = id % KINDS;
    const buffer = this.#get((id - kind) / KINDS);
    if (buffer === undefined || kind === 0) return buffer;
    if (kind === DATA_VIEW) return new DataView(buffer, from, length);
    return new (VIEWS[kind - 1]! as SharedView)(buffer, from, length);
  }

  /** What this thread has told of is needed no more: no child of its own is left. */
  forget(): void {
    if (this.#mine.size === 0) return;
    this.#channel.postMessage({ forget: [...this.#mine.values()] } satisfies Message);
    this.#mine.clear();
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
    const id = ++this.#last * WORKERS + this.#worker;
    this.#channel.postMessage({ share: id, buffer } satisfies Message);
    return id;
  }

  #get(id: number): SharedArrayBuffer | undefined {
    if (id % WORKERS === this.#worker) {
      for (const [buffer, mine] of this.#mine) if (mine === id) return buffer;
    }
    if (!this.#known.has(id)) this.#drain();
    return this.#known.get(id);
  }

  #drain(): void {
    const port = this.#channel as unknown as MessagePort;
    for (;;) {
      const received = receiveMessageOnPort(port) as { readonly message: Message } | undefined;
      if (received === undefined) return;
      const { message } = received;
      if ('share' in message) this.#known.set(message.share, message.buffer);
      else for (const id of message.forget) this.#known.delete(id);
    }
  }
}

/** -1: none of the language's own. */
function kindOf(value: object, buffer: SharedArrayBuffer): number {
  if (value === buffer) return 0;
  const prototype = getPrototypeOf(value);
  return prototype === DataView.prototype ? DATA_VIEW : PROTOTYPES.indexOf(prototype) + 1 || -1;
}

function described(value: object, buffer: number, kind: number): Shared {
  const id = buffer * KINDS + kind;
  if (kind === 0) return { id, from: 0, length: 0 };
  const view = value as Uint8Array;
  return { id, from: view.byteOffset, length: kind === DATA_VIEW ? view.byteLength : view.length };
}
