/**
 * Byte arrays and their buffers: which bytes go, once per buffer, and how each is made again, in memory of its own.
 *
 * Views on one buffer still share it on the other side, as in structured clone. The one deviation
 * (`docs/decisions/codec-views.md`): the bytes around a lone view are not sent, and a Node Buffer that is a part of
 * its pool never drags the pool along.
 *
 * @module
 */
import { Buffer } from 'node:buffer';
import { Deserializer, Serializer } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import {
  BUFFER_BESIDE,
  BUFFER_ENTRY_WORDS,
  BUFFER_RAW,
  BUFFER_RESIZABLE,
  corrupt,
  KIND_DATA_VIEW,
  VIEW_KINDS,
} from './format.ts';
import {
  allocUnsafeSlow,
  BufferPrototype,
  BytesOf,
  bufferBytes,
  bufferResizable,
  dataBuffer,
  dataBytes,
  dataOffset,
  getPrototypeOf,
  isAnyArrayBuffer,
  isArray,
  isView,
  mapGet,
  mapSet,
  NewMap,
  setBytes,
  subarray,
  typedBuffer,
  typedBytes,
  typedOffset,
  viewTag,
} from './primordials.ts';

const KIND_OF = new NewMap<string | undefined, number>();
for (let i = 0; i < VIEW_KINDS.length; i++) {
  mapSet(KIND_OF, VIEW_KINDS[i] === 'DataView' ? undefined : VIEW_KINDS[i], i);
}

export function kindOf(view: ArrayBufferView): number | undefined {
  return mapGet(KIND_OF, viewTag(view));
}

export function bufferOf(view: ArrayBufferView): ArrayBufferLike {
  return viewTag(view) === undefined ? dataBuffer(view) : typedBuffer(view);
}

// `ArrayBuffer.prototype.detached` is younger than the oldest Node supported, and Node takes it for an empty buffer.
export function isDetached(buffer: ArrayBuffer): boolean {
  if (bufferBytes(buffer) !== 0) return false;
  try {
    new BytesOf(buffer);
    return false;
  } catch {
    return true;
  }
}

/** One buffer that a message refers to. */
export interface BufferEntry {
  readonly buffer: ArrayBuffer;
  readonly resizable: boolean;
  /** Its size when first met. A getter met later may have changed it: then the message fails. */
  readonly bytes: number;
  /** The range to send, while only one view refers to the buffer. */
  from: number;
  to: number;
  whole: boolean;
  /** A part of a pool: no other view is told of it. */
  readonly alone: boolean;
  /** Views on a resizable buffer, which `node:v8` writes together with it. */
  readonly views: ArrayBufferView[];
}

/** Where a view lies: its entry, its kind, and its extent in the buffer it came from. */
export interface ViewPlace {
  readonly entry: number;
  readonly kind: number;
  readonly offset: number;
  readonly bytes: number;
}

const LINEAR = 8;

/** The buffers of one message, each once. */
export class BufferTable {
  entries: BufferEntry[] = [];
  #index: Map<ArrayBuffer, number> | undefined;

  /** The whole buffer is part of the value. */
  addBuffer(buffer: ArrayBuffer): number {
    const at = this.#find(buffer);
    if (at >= 0) {
      this.entries[at]!.whole = true;
      return at;
    }
    return this.#add(buffer, 0, bufferBytes(buffer), true);
  }

  /** Undefined for a kind of view this format does not know. Throws what a view out of its buffer's bounds throws. */
  addView(view: ArrayBufferView): ViewPlace | undefined {
    const kind = kindOf(view);
    if (kind === undefined) return undefined;
    const data = kind === KIND_DATA_VIEW;
    const buffer = (data ? dataBuffer(view) : typedBuffer(view)) as ArrayBuffer;
    const offset = data ? dataOffset(view) : typedOffset(view);
    const bytes = data ? dataBytes(view) : typedBytes(view);
    const pooled =
      bytes !== bufferBytes(buffer) && getPrototypeOf(view) === BufferPrototype && !bufferResizable(buffer);
    const known = pooled ? -1 : this.#find(buffer);
    if (known >= 0) this.entries[known]!.whole = true;
    const entry = known >= 0 ? known : this.#add(buffer, offset, offset + bytes, false, pooled);
    const views = this.entries[entry]!.views;
    if (this.entries[entry]!.resizable) views[views.length] = view;
    return { entry, kind, offset, bytes };
  }

  clear(): void {
    if (this.entries.length === 0) return;
    this.entries = [];
    this.#index = undefined;
  }

  /** Forgets what was added since there were `count` entries. */
  truncate(count: number): void {
    if (this.entries.length === count) return;
    this.entries.length = count;
    this.#index = undefined;
  }

  #add(buffer: ArrayBuffer, from: number, to: number, whole: boolean, alone = false): number {
    const entries = this.entries;
    const at = entries.length;
    const resizable = bufferResizable(buffer) === true;
    entries[at] = { buffer, resizable, bytes: bufferBytes(buffer), from, to, whole, alone, views: [] };
    if (!alone && this.#index !== undefined) mapSet(this.#index, buffer, at);
    return at;
  }

  #find(buffer: ArrayBuffer): number {
    const entries = this.entries;
    if (entries.length <= LINEAR) {
      for (let i = 0; i < entries.length; i++) {
        if (entries[i]!.buffer === buffer && !entries[i]!.alone) return i;
      }
      return -1;
    }
    if (this.#index === undefined) {
      this.#index = new NewMap();
      for (let i = 0; i < entries.length; i++) {
        if (!entries[i]!.alone) mapSet(this.#index, entries[i]!.buffer, i);
      }
    }
    return mapGet(this.#index, buffer) ?? -1;
  }
}

/** The bytes of an entry as they go into the message: a view on the user's own memory, or `node:v8`'s text. */
export function bytesOfEntry(entry: BufferEntry): Uint8Array {
  if (entry.resizable) {
    const serializer = new Serializer();
    serializer.writeHeader();
    serializer.writeValue([entry.buffer, ...entry.views]);
    return serializer.releaseBuffer();
  }
  return entry.whole
    ? new BytesOf(entry.buffer)
    : new BytesOf(entry.buffer, entry.from, entry.to - entry.from);
}

/** From here on it pays not to zero memory that is overwritten at once. */
const UNZEROED = 4_096;

type Constructor = new (buffer: ArrayBufferLike, offset: number, length?: number) => ArrayBufferView;
export const CONSTRUCTORS: (Constructor | undefined)[] = [];
export const ELEMENT_BYTES: number[] = [];
for (let i = 0; i < VIEW_KINDS.length; i++) {
  const Kind = (globalThis as unknown as Record<string, Constructor & { BYTES_PER_ELEMENT?: number }>)[
    VIEW_KINDS[i]!
  ];
  CONSTRUCTORS[i] = Kind;
  ELEMENT_BYTES[i] = i === KIND_DATA_VIEW ? 1 : (Kind?.BYTES_PER_ELEMENT ?? 1);
}

/** The part of a reader this one needs. */
interface Message {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly base: number;
}

const pair = new Float64Array(1);
const pairWords = new Int32Array(pair.buffer);

/** ArrayBuffers of a message: each made once, in memory of its own, and only if something refers to it. */
export class BufferReader {
  #message: Message | undefined;
  #tableAt = 0;
  #count = 0;
  #length = 0;
  #buffers: (ArrayBuffer | undefined)[] = [];
  #groups: (unknown[] | undefined)[] = [];
  /** What came beside the message being read. */
  beside: readonly ArrayBuffer[] = [];

  open(message: Message, tableAt: number, count: number, tableEnd: number, length: number): void {
    if (count < 0 || (tableAt + count * BUFFER_ENTRY_WORDS) * 4 > tableEnd)
      throw corrupt('its table of buffers is not whole');
    this.#message = message;
    this.#tableAt = message.base + tableAt;
    this.#count = count;
    this.#length = length;
  }

  release(): void {
    this.#message = undefined;
    if (this.beside.length > 0) this.beside = [];
    if (this.#buffers.length > 0) this.#buffers = [];
    if (this.#groups.length > 0) this.#groups = [];
  }

  buffer(entry: number): ArrayBuffer {
    const known = this.#buffers[entry];
    if (known !== undefined) return known;
    const at = this.#at(entry);
    const kind = this.#message!.words[at];
    let made: unknown;
    if (kind === BUFFER_RAW) made = typedBuffer(this.#copy(at));
    else if (kind === BUFFER_BESIDE) made = this.#beside(at);
    else made = this.#group(entry)[0];
    if (!isAnyArrayBuffer(made)) throw corrupt('its table of buffers holds no buffer where one is due');
    this.#buffers[entry] = made as ArrayBuffer;
    return made as ArrayBuffer;
  }

  /** `kind` -1 is the view numbered `offset` of a resizable buffer. */
  view(entry: number, kind: number, offset: number, bytes: number): ArrayBufferView {
    if (kind === -1) {
      const view = this.#group(entry)[offset + 1];
      if (!isView(view)) throw corrupt('its table of buffers holds no view where one is due');
      return view;
    }
    const Kind = CONSTRUCTORS[kind];
    const buffer = this.buffer(entry);
    const at = this.#at(entry);
    pairWords[0] = this.#message!.words[at + 4]!;
    pairWords[1] = this.#message!.words[at + 5]!;
    const from = offset - pair[0]!;
    const size = ELEMENT_BYTES[kind]!;
    const fits = from >= 0 && bytes >= 0 && from + bytes <= bufferBytes(buffer) && bytes % size === 0;
    if (Kind === undefined || !fits) throw corrupt('its table of buffers does not fit its views');
    return new Kind(buffer, from, bytes / size);
  }

  #at(entry: number): number {
    if (!(entry >= 0 && entry < this.#count)) throw corrupt('its table of buffers lacks an entry');
    return this.#tableAt + entry * BUFFER_ENTRY_WORDS;
  }

  #group(entry: number): unknown[] {
    const known = this.#groups[entry];
    if (known !== undefined) return known;
    const at = this.#at(entry);
    if (this.#message!.words[at] !== BUFFER_RESIZABLE)
      throw corrupt('its table of buffers has an entry of no kind');
    // node:v8 reads from a copy: the sender's memory could change under it.
    const deserializer = new Deserializer(this.#copy(at));
    deserializer.readHeader();
    const group: unknown = deserializer.readValue();
    if (!isArray(group)) throw corrupt('its table of buffers holds no group where one is due');
    this.#groups[entry] = group;
    return group;
  }

  #beside(at: number): unknown {
    const { words } = this.#message!;
    const buffer = this.beside[words[at + 1]!];
    if (!isAnyArrayBuffer(buffer) || bufferBytes(buffer as ArrayBuffer) !== words[at + 2])
      throw corrupt('a buffer beside it is missing');
    return buffer;
  }

  #copy(at: number): Uint8Array {
    const { words, bytes, base } = this.#message!;
    const from = words[at + 1]!;
    const size = words[at + 2]!;
    if (from < 0 || size < 0 || from + size > this.#length)
      throw corrupt('its table of buffers points outside the message');
    const copy = size < UNZEROED ? new BytesOf(size) : new BytesOf(typedBuffer(allocUnsafeSlow(size)));
    setBytes(copy, subarray(bytes, base * 4 + from, base * 4 + from + size));
    return copy;
  }
}

/** glibc's first threshold: from here on it matters. */
export const LARGE_BYTES: number = 131_072;
/** A chunk of exactly the largest threshold glibc adapts to, `DEFAULT_MMAP_THRESHOLD_MAX`, header and rounding included. */
const THRESHOLD_BYTES = 32 * 1024 * 1024 - 64;
/** Two of these are enough for what a garbage collection leaves to be freed at once, and fit into one heap of 64 MiB. */
const AREA_BYTES = 20 * 1024 * 1024;
const LAST_BYTES = LARGE_BYTES;

type Kept = 'nothing' | 'threshold' | 'area';

let kept: Kept = 'nothing';
/** Never read; it must not be freed. */
export const last: Buffer[] = [];

/**
 * Keeps the C library from giving every large block back to the system: raises the threshold. Call before copying large
 * byte arrays; it does something the first time only.
 *
 * Fresh memory costs one page fault for every 4 KiB: for a copy of a large byte array, several times what copying
 * costs. glibc takes fresh memory in two ways, and both are kept from happening again and again:
 *
 * - An allocation above a threshold, 128 KiB at first, is a mapping of its own, given back when it is freed. Freeing a
 *   larger block raises the threshold to its size. So one block of the largest size that counts, never touched, is
 *   allocated and freed.
 * - The free memory at the end of a heap (each thread has its own) is given back, and so is a heap that has become
 *   empty. So a small block is allocated after a large free area and never freed: what lies before it is not the end.
 *
 * The price is that a thread keeps what it has once used of that area, up to 40 MiB. Other C libraries have other ways;
 * there nothing is gained, and address space is taken for a moment. `docs/decisions/large-blocks.md` has the figures.
 */
export function keepLargeBlocks(): void {
  if (kept !== 'nothing') return;
  kept = 'threshold';
  free([Buffer.allocUnsafeSlow(THRESHOLD_BYTES)]);
}

/** For a worker thread: raises the threshold and keeps an area. It is done when the event loop has turned. */
export function keepLargeArea(): void {
  if (kept === 'area') return;
  kept = 'area';
  free([Buffer.allocUnsafeSlow(THRESHOLD_BYTES)], () => {
    const area = [Buffer.allocUnsafeSlow(AREA_BYTES), Buffer.allocUnsafeSlow(AREA_BYTES)];
    last[0] = Buffer.allocUnsafeSlow(LAST_BYTES);
    free(area);
  });
}

/**
 * Subtle: freeing must not wait for a garbage collection. A message that nobody receives is freed with the port that
 * was to receive it, when that is closed: to close only the sender leaves both to the collector.
 */
function free(blocks: readonly Buffer[], then?: () => void): void {
  const { port1, port2 } = new MessageChannel();
  const buffers = blocks.map((block) => block.buffer as ArrayBuffer);
  port1.postMessage(buffers, buffers);
  if (then !== undefined) port2.once('close', then);
  port2.close();
  port1.close();
}
