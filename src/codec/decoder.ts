/**
 * Bytes to values, for the thread that receives.
 *
 * @module
 */
import { NonErrorThrown } from '../errors.ts';
import { setStack, withoutFrames } from './errors.ts';
import { corrupt, T_ERROR, T_LATER, T_THROWN, TAG_MASK } from './format.ts';
import { BytesOf, DoublesOf, setBytes, subarray, typedBuffer, typedOffset, WordsOf } from './primordials.ts';
import { Reader } from './reader.ts';

const NOTHING_BESIDE: readonly ArrayBuffer[] = [];
const NOTHING_SHARED: readonly object[] = [];

/**
 * Decodes what an `Encoder` wrote. Nothing it returns refers to `source`. Bytes no encoder can have written are an
 * error (`ERR_CORRUPT`, mostly), never a read outside the message.
 */
export class Decoder {
  readonly #reader: Reader = new Reader();
  #buffer: ArrayBufferLike | undefined;
  #words: Int32Array = new WordsOf(0);
  #doubles: Float64Array = new DoublesOf(0);
  #bytes: Uint8Array = new BytesOf(0);

  /**
   * The value of the `length` bytes at `offset` of `source`, which may be a view on shared memory. Buffers that came
   * `beside` the message become part of the value as they are, and so does the `shared` memory, or whatever else was
   * carried, that it refers to.
   */
  decode(
    source: Uint8Array,
    offset: number,
    length: number,
    beside: readonly ArrayBuffer[] = NOTHING_BESIDE,
    shared: readonly object[] = NOTHING_SHARED,
  ): unknown {
    const reader = this.#reader;
    try {
      this.#open(source, offset, length);
      reader.beside(beside, shared);
      const value = reader.read();
      reader.finish();
      return value;
    } finally {
      reader.release();
    }
  }

  /** As `decode`, for bytes of `encodeError`; see `decodeError`. */
  decodeThrown(source: Uint8Array, offset: number, length: number): Error {
    const reader = this.#reader;
    try {
      this.#open(source, offset, length);
      const tag = reader.words[reader.at]! & TAG_MASK;
      if (tag !== T_THROWN) {
        if (tag !== T_ERROR && tag !== T_LATER) throw corrupt('it holds no error');
        const error = reader.read() as Error;
        reader.finish();
        return error;
      }
      reader.at++;
      const preview = reader.text() ?? '';
      const thrown = reader.read();
      reader.finish();
      const message = `The task threw a value that is not an error: ${preview}. Throw an Error to see where it came from.`;
      const error = withoutFrames(() => new NonErrorThrown(thrown, message));
      setStack(error, `NonErrorThrown: ${message}`);
      return error;
    } finally {
      reader.release();
    }
  }

  #open(source: Uint8Array, offset: number, length: number): void {
    if (!(offset >= 0 && length >= 0 && offset + length <= source.length)) {
      throw corrupt(`it should lie at ${offset} to ${offset + length} of ${source.length} bytes`);
    }
    const reader = this.#reader;
    const from = typedOffset(source) + offset;
    if (from % 8 !== 0) {
      const aligned = new BytesOf((length + 7) & ~7);
      setBytes(aligned, subarray(source, offset, offset + length));
      this.#look(typedBuffer(aligned));
      reader.open(0, length);
      return;
    }
    const buffer = typedBuffer(source);
    if (buffer !== this.#buffer) this.#look(buffer);
    reader.open(from / 4, length);
  }

  #look(buffer: ArrayBufferLike): void {
    const size = buffer.byteLength;
    this.#buffer = buffer;
    this.#words = new WordsOf(buffer, 0, Math.floor(size / 4));
    this.#doubles = new DoublesOf(buffer, 0, Math.floor(size / 8));
    this.#bytes = new BytesOf(buffer);
    this.#reader.words = this.#words;
    this.#reader.doubles = this.#doubles;
    this.#reader.bytes = this.#bytes;
  }
}

export interface DecodeErrorOptions {
  /** The stack taken where the task was submitted; its frames are put below the worker's. */
  readonly submittedAt?: string;
}

/**
 * The error `encodeError` encoded: of the same class where that is one of the language's, DOMException or one of
 * Millrace's own, and with its name, message, stack, own properties, cause and aggregated errors. What was not an
 * error comes back as `NonErrorThrown`.
 */
export function decodeError(
  decoder: Decoder,
  source: Uint8Array,
  offset: number,
  length: number,
  options: DecodeErrorOptions = {},
): { readonly error: Error } {
  const error = decoder.decodeThrown(source, offset, length);
  if (options.submittedAt !== undefined) {
    setStack(error, joinStacks(error.stack ?? '', options.submittedAt));
  }
  return { error };
}

const SUBMITTED = '\n    --- submitted ---\n';
const LEFT_OUT = '\n    --- submitted, and more than once ---\n';
/** An error may cross as many threads as a recursion is deep: so many stacks are kept, the first and the last. */
const STACKS_KEPT = 8;

/** The worker's stack, then the frames of where the task was submitted. */
export function joinStacks(thrown: string, submittedAt: string): string {
  const lines = submittedAt.split('\n');
  const first = lines.findIndex((line) => /^\s+at /.test(line));
  if (first < 0) return thrown;
  const stacks = thrown.split(LEFT_OUT).flatMap((part) => part.split(SUBMITTED));
  const frames = lines.slice(first).join('\n');
  if (stacks.length < STACKS_KEPT) return thrown + SUBMITTED + frames;
  const half = STACKS_KEPT / 2;
  const last = [...stacks.slice(1 - half), frames];
  return stacks.slice(0, half).join(SUBMITTED) + LEFT_OUT + last.join(SUBMITTED);
}
