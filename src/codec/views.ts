/**
 * Byte arrays and their buffers on the sending side: which bytes go, and once per buffer.
 *
 * Views on one buffer still share it on the other side, as in structured clone. The one deviation
 * (`docs/decisions/codec-views.md`): the bytes around a lone view are not sent, and a Node Buffer that is a part of
 * its pool never drags the pool along.
 *
 * @module
 */
import { Serializer } from 'node:v8';
import { KIND_DATA_VIEW, VIEW_KINDS } from './format.ts';
import {
  BufferPrototype,
  BytesOf,
  bufferBytes,
  bufferResizable,
  dataBuffer,
  dataBytes,
  dataOffset,
  getPrototypeOf,
  mapGet,
  mapSet,
  NewMap,
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
