/**
 * Values to bytes, for the thread that sends.
 *
 * @module
 */
import { expected, MillraceError } from '../errors.ts';
import { bytesOfEntry } from './bytes.ts';
import { isErrorLike, previewOf, standInFor } from './errors.ts';
import {
  BUFFER_BESIDE,
  BUFFER_ENTRY_WORDS,
  BUFFER_RAW,
  BUFFER_RESIZABLE,
  ERROR_LIMITS,
  HEADER,
  MAGIC,
  MAX_BYTES,
  T_END,
  T_ERROR,
  T_THROWN,
} from './format.ts';
import type { LongString } from './leaves.ts';
import { Failure, NEEDS_PORT_SIGNAL, pathOfUncloneable, type Root, serializeError } from './path.ts';
import {
  allocUnsafeSlow,
  BytesOf,
  bufferBytes,
  isArray,
  latin1Write,
  setBytes,
  subarray,
  typedBuffer,
  ucs2Write,
} from './primordials.ts';
import { SHAPE_HEAD } from './shapes.ts';
import { Writer } from './writer.ts';

/** What `encode` returns for a value that only a message port can carry. */
export const NEEDS_PORT: -1 = -1;

const NONE_SHARED: readonly object[] = [];

/** A message, and what has to travel beside it, in this order. */
export interface Carrying {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly carried: readonly object[];
}

/** Below this a loop copies faster than a call. */
const LOOP_BYTES = 96;

/**
 * Encodes values. One per thread is enough: a getter inside a value may itself submit a task.
 */
export class Encoder {
  readonly #writer: Writer = new Writer();
  #longs: LongString[] = [];
  #blobs: Uint8Array[] = [];
  #blobsAt: number[] = [];
  #shared: readonly object[] = NONE_SHARED;
  /** Where the buffer table is, and what follows it up to the blobs. */
  #tableAt = 0;
  #wordsBytes = 0;
  #headBytes = 0;
  #ready = false;
  #busy = false;
  #nested: Encoder | undefined;
  /** Whose message `copyTo` copies: this, or the one a re-entrant call used. */
  #last: Encoder = this;

  /**
   * Encodes one value; `'args'` takes the array of arguments. Returns the bytes `copyTo` will write, or `NEEDS_PORT`
   * when some part (SharedArrayBuffer or a view on one, MessagePort, stream, Blob, KeyObject, WebAssembly.Module, more
   * than 2 GB) can only go through a message port. Throws `SerializeError` with the path of what cannot be sent at all.
   *
   * With `sharing`, the message refers to shared memory by number: the caller carries what `shared` says, in that order,
   * and gives it to `decode`.
   */
  encode(value: unknown, root: Root, sharing: boolean = false): number {
    if (this.#busy) return this.#inner().encode(value, root, sharing);
    this.#last = this;
    this.#open(false, sharing);
    try {
      if (root === 'args' && isArray(value)) this.#writer.writeArgs(value);
      else this.#writer.write(value);
      return this.#rest(value, root);
    } catch (thrown) {
      this.#drop();
      if (thrown === NEEDS_PORT_SIGNAL) return NEEDS_PORT;
      if (thrown instanceof MillraceError) throw thrown;
      throw serializeError(thrown, root);
    } finally {
      this.#close();
    }
  }

  /**
   * For a value that needs a port and holds errors, which keep less on their own way through one: the value as bytes, and
   * what only a port can carry as a list. Of that, what must be moved has to be in `moving`. Undefined: there is no error,
   * or the port shall say what is wrong.
   */
  encodeCarrying(value: unknown, root: Root, moving: readonly object[]): Carrying | undefined {
    if (this.#busy) return this.#inner().encodeCarrying(value, root, moving);
    this.#last = this;
    this.#open(false, true, moving);
    let length: number;
    try {
      if (root === 'args' && isArray(value)) this.#writer.writeArgs(value);
      else this.#writer.write(value);
      this.#writer.writeLater();
      if (this.#writer.errors === 0) return undefined;
      length = this.#finish();
    } catch {
      this.#drop();
      return undefined;
    } finally {
      this.#close();
    }
    const carried = this.#shared;
    const bytes = new BytesOf(length);
    this.copyTo(bytes, 0);
    return { bytes, carried };
  }

  /** As `encode`, for what a task threw; see `encodeError`. Never throws. */
  encodeThrown(thrown: unknown): number {
    if (this.#busy) return this.#inner().encodeThrown(thrown);
    this.#last = this;
    try {
      this.#open(true, false);
      if (isErrorLike(thrown)) this.#writer.writeRootError(thrown);
      else this.#writeNonError(thrown);
      this.#writer.writeLater();
      return this.#finish();
    } catch (reason) {
      this.#drop();
      return this.#plainError(thrown, reason);
    } finally {
      this.#close();
    }
  }

  /**
   * Copies the message of the last `encode` to `target` at `offset`, once, and lets go of it. Must be called in the
   * same turn: byte arrays are copied from where the user has them. `offset` should be a multiple of 8 in `target`'s
   * buffer, or the decoder has to copy the message first.
   */
  copyTo(target: Uint8Array, offset: number): void {
    if (this.#last !== this) {
      this.#last.copyTo(target, offset);
      return;
    }
    if (!this.#ready) throw expected('copyTo()', 'called once after each encode()', 'another call');
    this.#ready = false;
    const head = this.#headBytes;
    const bytes = this.#writer.bytes;
    if (head <= LOOP_BYTES) for (let i = 0; i < head; i++) target[offset + i] = bytes[i]!;
    else setBytes(target, subarray(bytes, 0, head), offset);
    if (this.#longs.length > 0) this.#copyLongs(target, offset);
    for (let i = 0; i < this.#blobs.length; i++) {
      setBytes(target, this.#blobs[i]!, offset + this.#blobsAt[i]!);
    }
    this.#drop();
    this.#writer.shrink();
  }

  /**
   * Takes the byte arrays of at least `least` bytes out of the message of the last `encode`, before `copyTo`: as
   * buffers of their own, to be transferred beside it and handed to `decode`. `bytes` is what `copyTo` writes now.
   *
   * Memory of this thread, which moves without another copy, instead of room in the message.
   */
  putBeside(least: number): { readonly bytes: number; readonly beside: readonly ArrayBuffer[] } {
    if (this.#last !== this) return this.#last.putBeside(least);
    if (!this.#ready)
      throw expected('putBeside()', 'called after encode() and before copyTo()', 'another call');
    const { words } = this.#writer;
    const beside: ArrayBuffer[] = [];
    const blobs: Uint8Array[] = [];
    const blobsAt: number[] = [];
    let total = this.#wordsBytes;
    for (let i = 0; i < this.#blobs.length; i++) {
      const blob = this.#blobs[i]!;
      const at = this.#tableAt + i * BUFFER_ENTRY_WORDS;
      if (words[at] === BUFFER_RAW && blob.length >= least) {
        const copy = new BytesOf(typedBuffer(allocUnsafeSlow(blob.length)) as ArrayBuffer);
        setBytes(copy, blob);
        words[at] = BUFFER_BESIDE;
        words[at + 1] = beside.length;
        beside[beside.length] = typedBuffer(copy) as ArrayBuffer;
      } else {
        words[at + 1] = total;
        blobs[blobs.length] = blob;
        blobsAt[blobsAt.length] = total;
        total = alignedTo8(total + blob.length);
      }
    }
    this.#blobs = blobs;
    this.#blobsAt = blobsAt;
    words[HEADER.bytes] = total;
    return { bytes: total, beside };
  }

  /** The shared memory that the message of the last `encode` refers to, each buffer once. To be taken before `copyTo`. */
  get shared(): readonly SharedArrayBuffer[] {
    return this.#last === this ? (this.#shared as readonly SharedArrayBuffer[]) : this.#last.shared;
  }

  #inner(): Encoder {
    this.#nested ??= new Encoder();
    this.#last = this.#nested;
    return this.#nested;
  }

  #open(limited: boolean, sharing: boolean, moving?: readonly object[]): void {
    this.#busy = true;
    this.#drop();
    this.#writer.begin(limited, sharing, moving);
  }

  #drop(): void {
    this.#ready = false;
    if (this.#blobs.length > 0) this.#blobs = [];
    if (this.#longs.length > 0) this.#longs = [];
    if (this.#shared.length > 0) this.#shared = NONE_SHARED;
  }

  #copyLongs(target: Uint8Array, offset: number): void {
    const { words } = this.#writer;
    for (let i = 0; i < this.#longs.length; i++) {
      const { text, wide, at } = this.#longs[i]!;
      const to = offset + words[at + 2]!;
      if (wide) ucs2Write(target, text, to, text.length * 2);
      else latin1Write(target, text, to, text.length);
    }
  }

  #close(): void {
    this.#writer.release();
    this.#busy = false;
    this.#last = this;
  }

  /** Bodies put off lie outside the frames that know their path: there it has to be searched for. */
  #rest(value: unknown, root: Root): number {
    try {
      this.#writer.writeLater();
      return this.#finish();
    } catch (thrown) {
      if (thrown === NEEDS_PORT_SIGNAL) throw thrown;
      throw serializeError(thrown, root, pathOfUncloneable(value, root));
    }
  }

  #writeNonError(thrown: unknown): void {
    const writer = this.#writer;
    writer.words[writer.at++] = T_THROWN;
    writer.writeString(previewOf(thrown));
    writer.writeGuarded(() => thrown, ERROR_LIMITS.property, previewOf);
  }

  /** When even the guarded way failed: that there was an error must still arrive. */
  #plainError(thrown: unknown, reason: unknown): number {
    const writer = this.#writer;
    writer.release();
    this.#open(true, false);
    writer.words[writer.at++] = T_ERROR;
    writer.words[writer.at++] = 0;
    writer.write(undefined);
    writer.write(`${previewOf(thrown)} (the error could not be encoded: ${standInFor(reason)})`);
    writer.write(undefined);
    writer.words[writer.at++] = T_END;
    return this.#finish();
  }

  #finish(): number {
    const writer = this.#writer;
    const { tree, buffers } = writer;
    const shapesAt = writer.at;
    const shapes = tree.used;
    for (let i = 0; i < shapes.length; i++) {
      const { words, count } = shapes[i]!;
      if (writer.at + words.length > writer.capacity) writer.grow(words.length);
      const at = writer.at;
      for (let w = 0; w < words.length; w++) writer.words[at + w] = words[w]!;
      writer.words[at + SHAPE_HEAD.objects] = count;
      writer.at = at + words.length;
    }
    const { entries } = buffers;
    const tableWords = entries.length * BUFFER_ENTRY_WORDS;
    const buffersAt = writer.at;
    if (buffersAt + tableWords + 2 > writer.capacity) writer.grow(tableWords + 2);
    const textAt = buffersAt + tableWords;
    const { text } = writer;
    writer.at = textAt;
    const wide = text.length > 0 && writer.putCharacters(text);
    this.#headBytes = (writer.at * 4 + 7) & ~7;
    let total = this.#headBytes;
    if (writer.longs.length > 0) total = this.#placeLongs(total);
    this.#tableAt = buffersAt;
    this.#wordsBytes = total;
    if (entries.length > 0) total = this.#placeBlobs(buffersAt, total);
    if (total > MAX_BYTES) throw NEEDS_PORT_SIGNAL;
    const { words } = writer;
    words[HEADER.magic] = MAGIC;
    words[HEADER.bytes] = total;
    words[HEADER.shapesAt] = shapesAt;
    words[HEADER.shapeCount] = shapes.length;
    words[HEADER.buffersAt] = buffersAt;
    words[HEADER.bufferCount] = entries.length;
    words[HEADER.textAt] = textAt * 4;
    words[HEADER.textLength] = text.length;
    words[HEADER.textWide] = wide ? 1 : 0;
    words[HEADER.laterCount] = writer.laterCount;
    words[HEADER.numbered] = writer.numbered ? 1 : 0;
    if (writer.shared.length > 0) this.#shared = writer.shared;
    this.#ready = true;
    return total;
  }

  #placeLongs(from: number): number {
    const { longs, words } = this.#writer;
    let total = from;
    for (let i = 0; i < longs.length; i++) {
      const { text, wide, at } = longs[i]!;
      words[at + 2] = total;
      total = alignedTo8(total + (wide ? text.length * 2 : text.length));
    }
    this.#longs = longs;
    this.#writer.longs = [];
    return total;
  }

  #placeBlobs(tableAt: number, from: number): number {
    const writer = this.#writer;
    const { entries } = writer.buffers;
    let total = from;
    writer.at = tableAt;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (bufferBytes(entry.buffer) !== entry.bytes) {
        throw new Failure(
          'one of its ArrayBuffers was resized or detached while it was being read',
          undefined,
        );
      }
      const bytes = bytesOfEntry(entry);
      this.#blobs[i] = bytes;
      this.#blobsAt[i] = total;
      writer.words[writer.at] = entry.resizable ? BUFFER_RESIZABLE : BUFFER_RAW;
      writer.words[writer.at + 1] = total;
      writer.words[writer.at + 2] = bytes.length;
      writer.words[writer.at + 3] = 0;
      writer.at += 4;
      writer.putDouble(entry.whole || entry.resizable ? 0 : entry.from);
      total = alignedTo8(total + bytes.length);
    }
    return total;
  }
}

/** Not by bits: the sum may pass 2^31 before it is refused. */
function alignedTo8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/**
 * Encodes what a task threw and returns the bytes `encoder.copyTo` will write. Never throws, whatever was thrown:
 * parts that cannot be sent become their text, and what is too large is cut (limits in the codec's README).
 */
export function encodeError(encoder: Encoder, error: unknown): number {
  return encoder.encodeThrown(error);
}
