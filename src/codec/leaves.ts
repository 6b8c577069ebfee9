/**
 * Values with nothing inside them, and the words a message is made of: numbers, text, dates, expressions.
 *
 * Short strings are joined to one text, which V8 keeps as a rope and flattens once: five times cheaper than a call or a
 * loop for each. The reader cuts them from it, one after the other.
 *
 * @module
 */
import { describe } from './classify.ts';
import {
  corrupt,
  KIND_IN_GROUP,
  MAX_TEXT,
  SHORT_STRING,
  T_BIGINT_HEX,
  T_BIGINT64,
  T_BOXED,
  T_BUFFER,
  T_DATE,
  T_LATIN1,
  T_REGEXP,
  T_SHORT,
  T_UTF16,
  T_VIEW,
  TAG_BITS,
} from './format.ts';
import { NEEDS_PORT_SIGNAL, uncloneable } from './path.ts';
import {
  BytesOf,
  bigintText,
  charCodeAt,
  DoublesOf,
  dateTime,
  isBigIntObject,
  isBooleanObject,
  isNumberObject,
  isStringObject,
  latin1Slice,
  latin1Write,
  NewArrayBuffer,
  regexpExec,
  regexpFlags,
  regexpSource,
  setBytes,
  subarray,
  substring,
  ucs2Slice,
  ucs2Write,
  unboxBigInt,
  unboxBoolean,
  unboxNumber,
  unboxString,
  WordsOf,
} from './primordials.ts';
import type { Writer } from './writer.ts';

const FIRST_WORDS = 4_096;
/** Kept between messages at most, unless the messages are of that size. */
const KEPT_WORDS = 2 ** 20;

/** Up to here a loop over the characters beats a call into C++. */
const LOOP_STRING = 16;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of Latin-1 is meant
const WIDE = /[^\x00-\xff]/;

/** A string that lies behind the words: `at` is its record there, which lacks the offset still. */
export interface LongString {
  readonly text: string;
  readonly wide: boolean;
  readonly at: number;
}

const pair = new Float64Array(1);
const pairWords = new Int32Array(pair.buffer);
const pairBig = new BigInt64Array(pair.buffer);

/** Where a message grows: words, with doubles and long strings among them. */
export class WordBuffer {
  words: Int32Array;
  doubles: Float64Array;
  bytes: Uint8Array;
  capacity: number;
  /** Next word. */
  at = 0;
  /** All short strings so far. */
  text = '';
  longs: LongString[] = [];
  longBytes = 0;

  constructor() {
    const buffer = new NewArrayBuffer(FIRST_WORDS * 4);
    this.words = new WordsOf(buffer);
    this.doubles = new DoublesOf(buffer);
    this.bytes = new BytesOf(buffer);
    this.capacity = FIRST_WORDS;
  }

  grow(room: number): void {
    let capacity = this.capacity * 2;
    while (capacity < this.at + room) capacity *= 2;
    this.#resize(capacity, this.at);
  }

  /** Gives back what an unusually large message left behind. */
  shrink(): void {
    if (this.capacity > KEPT_WORDS && this.at < this.capacity / 8) this.#resize(FIRST_WORDS, 0);
  }

  #resize(capacity: number, keep: number): void {
    const buffer = new NewArrayBuffer(capacity * 4);
    const bytes = new BytesOf(buffer);
    setBytes(bytes, subarray(this.bytes, 0, keep * 4));
    this.bytes = bytes;
    this.words = new WordsOf(buffer);
    this.doubles = new DoublesOf(buffer);
    this.capacity = capacity;
  }

  putDouble(value: number): void {
    pair[0] = value;
    const at = this.at;
    this.words[at] = pairWords[0]!;
    this.words[at + 1] = pairWords[1]!;
    this.at = at + 2;
  }

  putBigInt64(value: bigint): void {
    pairBig[0] = value;
    this.words[this.at++] = pairWords[0]!;
    this.words[this.at++] = pairWords[1]!;
  }

  writeString(text: string): void {
    const { length } = text;
    if (length > SHORT_STRING || this.text.length > MAX_TEXT) {
      this.#long(text, length);
      return;
    }
    if (this.at === this.capacity) this.grow(1);
    this.text += text;
    this.words[this.at++] = (length << TAG_BITS) | T_SHORT;
  }

  /** Bytes this message will take, roughly. */
  get size(): number {
    return this.at * 4 + this.text.length + this.longBytes;
  }

  /** Writes characters at the next word, one byte each if all fit; returns whether they took two. */
  putCharacters(text: string): boolean {
    const { length } = text;
    const wide = isWide(text);
    const bytes = wide ? length * 2 : length;
    const room = (bytes + 3) >> 2;
    if (this.at + room > this.capacity) this.grow(room);
    if (wide) ucs2Write(this.bytes, text, this.at * 4, bytes);
    else if (length > LOOP_STRING) latin1Write(this.bytes, text, this.at * 4, bytes);
    else {
      const from = this.at * 4;
      for (let i = 0; i < length; i++) this.bytes[from + i] = charCodeAt(text, i);
    }
    this.at += room;
    return wide;
  }

  /** Long strings are written by `copyTo` where they belong, without a copy in between. */
  #long(text: string, length: number): void {
    if (this.at + 3 > this.capacity) this.grow(3);
    const wide = isWide(text);
    this.longs[this.longs.length] = { text, wide, at: this.at };
    this.longBytes += wide ? length * 2 : length;
    this.words[this.at] = wide ? T_UTF16 : T_LATIN1;
    this.words[this.at + 1] = length;
    this.at += 3;
  }
}

/**
 * Whether some character takes more than a byte. For a string V8 holds in one byte a character the expression is
 * compiled to fail without looking (14 ns for 100 KB); in others it mostly finds one soon.
 */
function isWide(text: string): boolean {
  return text.length > 0 && regexpExec(WIDE, text) !== null;
}

/** Characters of a window: a call into C++ for some thirty strings, and what one string can keep alive. */
const WINDOW = 512;
/** Strings longer than this are taken by themselves. */
const IN_WINDOW = 64;

const NONE = new Uint8Array(0);

/**
 * The short strings of a message.
 *
 * V8 keeps a substring of 13 characters or more as a reference into the string it was cut from. Cut from the whole
 * text, one string a task keeps would keep the message; so the text is taken in windows, and at most a window is kept.
 */
export class TextReader {
  #bytes: Uint8Array = NONE;
  /** Byte where the text starts, its length and the next character. */
  #from = 0;
  #length = 0;
  #at = 0;
  #wide = false;
  #window = '';
  #windowAt = 0;

  open(bytes: Uint8Array, from: number, length: number, wide: boolean): void {
    this.#bytes = bytes;
    this.#from = from;
    this.#length = length;
    this.#wide = wide;
    this.#at = 0;
    this.#windowAt = 0;
  }

  release(): void {
    this.#window = '';
    this.#bytes = NONE;
  }

  next(length: number): string {
    const at = this.#at;
    const end = at + length;
    if (end > this.#length) throw corrupt('a string lies outside it');
    this.#at = end;
    if (length > IN_WINDOW) return this.#slice(at, end);
    if (end > this.#windowAt + this.#window.length) {
      const to = at + WINDOW < this.#length ? at + WINDOW : this.#length;
      this.#window = this.#slice(at, to);
      this.#windowAt = at;
    }
    return substring(this.#window, at - this.#windowAt, end - this.#windowAt);
  }

  #slice(at: number, end: number): string {
    const from = this.#from;
    return this.#wide
      ? ucs2Slice(this.#bytes, from + at * 2, from + end * 2)
      : latin1Slice(this.#bytes, from + at, from + end);
  }
}

// From here on the writer has made room for eight words before it calls.

const BIGINT64_MAX = 2n ** 63n;

export function writeDate(writer: Writer, date: Date): void {
  writer.words[writer.at++] = T_DATE;
  writer.putDouble(dateTime(date));
}

export function writeRegExp(writer: Writer, expression: RegExp): void {
  writer.words[writer.at++] = T_REGEXP;
  writer.writeString(regexpSource(expression));
  writer.writeString(regexpFlags(expression));
}

export function writeBuffer(writer: Writer, buffer: ArrayBuffer): void {
  const refusal = describe(buffer, 'buffer');
  if (refusal !== undefined) throw uncloneable(refusal);
  writer.words[writer.at++] = (writer.buffers.addBuffer(buffer) << TAG_BITS) | T_BUFFER;
}

export function writeView(writer: Writer, view: ArrayBufferView): void {
  const refusal = describe(view, 'view');
  if (refusal !== undefined) throw uncloneable(refusal);
  const place = writer.buffers.addView(view);
  if (place === undefined) throw NEEDS_PORT_SIGNAL;
  const { resizable, views } = writer.buffers.entries[place.entry]!;
  writer.words[writer.at++] = ((resizable ? KIND_IN_GROUP : place.kind) << TAG_BITS) | T_VIEW;
  writer.words[writer.at++] = place.entry;
  writer.putDouble(resizable ? views.length - 1 : place.offset);
  writer.putDouble(place.bytes);
}

export function writeBigInt(writer: Writer, value: bigint): void {
  if (value >= -BIGINT64_MAX && value < BIGINT64_MAX) {
    writer.words[writer.at++] = T_BIGINT64;
    writer.putBigInt64(value);
  } else {
    writer.words[writer.at++] = ((value < 0n ? 1 : 0) << TAG_BITS) | T_BIGINT_HEX;
    writer.writeString(bigintText(value < 0n ? -value : value, 16));
  }
}

export function writeBoxed(writer: Writer, value: object): void {
  let primitive: unknown;
  if (isNumberObject(value)) primitive = unboxNumber(value);
  else if (isStringObject(value)) primitive = unboxString(value);
  else if (isBooleanObject(value)) primitive = unboxBoolean(value);
  else if (isBigIntObject(value)) primitive = unboxBigInt(value);
  else throw uncloneable('a boxed symbol');
  writer.words[writer.at++] = T_BOXED;
  writer.write(primitive);
}
