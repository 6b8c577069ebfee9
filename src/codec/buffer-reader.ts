/**
 * ArrayBuffers of a message: each made once, in memory of its own, and only if something refers to it.
 *
 * @module
 */
import { Deserializer } from 'node:v8';
import { corrupt } from './corrupt.ts';
import {
  BUFFER_BESIDE,
  BUFFER_ENTRY_WORDS,
  BUFFER_RAW,
  BUFFER_RESIZABLE,
  KIND_DATA_VIEW,
  VIEW_KINDS,
} from './format.ts';
import {
  allocUnsafeSlow,
  BytesOf,
  bufferBytes,
  isAnyArrayBuffer,
  isArray,
  isView,
  setBytes,
  subarray,
  typedBuffer,
} from './primordials.ts';

/** From here on it pays not to zero memory that is overwritten at once. */
const UNZEROED = 4_096;

type Constructor = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView;
const CONSTRUCTORS: (Constructor | undefined)[] = [];
const ELEMENT_BYTES: number[] = [];
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
