/**
 * Where a message grows: words, with doubles and long strings among them. Short strings are joined to one text, which
 * V8 keeps as a rope and flattens once: five times cheaper than a call or a loop for each.
 *
 * @module
 */
import { MAX_TEXT, SHORT_STRING, T_LATIN1, T_SHORT, T_UTF16, TAG_BITS } from './format.ts';
import {
  BytesOf,
  charCodeAt,
  DoublesOf,
  latin1Write,
  NewArrayBuffer,
  regexpExec,
  setBytes,
  subarray,
  ucs2Write,
  WordsOf,
} from './primordials.ts';

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
