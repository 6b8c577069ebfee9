/**
 * Where a message grows: words, with doubles and long strings among them. Short strings are joined to one text, which
 * V8 keeps as a rope and flattens once: five times cheaper than a call or a loop for each.
 *
 * @module
 */
import { MAX_TEXT, SHORT_STRING, T_LATIN1, T_SHORT, T_UTF16, TAG_BITS } from './format.ts';
import {
  BytesOf,
  DoublesOf,
  latin1Slice,
  latin1Write,
  NewArrayBuffer,
  setBytes,
  subarray,
  ucs2Write,
  utf8Write,
  WordsOf,
} from './primordials.ts';

const FIRST_WORDS = 4_096;
/** Kept between messages at most, unless the messages are of that size. */
const KEPT_WORDS = 2 ** 20;

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

  /** Writes characters at the next word, one byte each if all fit; returns whether they took two. */
  putCharacters(text: string): boolean {
    const { length } = text;
    const room = (length * 2 + 11) >> 2;
    if (this.at + room > this.capacity) this.grow(room);
    const from = this.at * 4;
    const wide = !this.#putNarrow(text, length, from);
    if (wide) ucs2Write(this.bytes, text, from, length * 2);
    this.at += ((wide ? length * 2 : length) + 3) >> 2;
    return wide;
  }

  #putNarrow(text: string, length: number, from: number): boolean {
    // utf8Write stops before the character that does not fit: with four bytes of room it passes `length` if any
    // character takes more than one.
    if (utf8Write(this.bytes, text, from, length + 4) === length) return true;
    latin1Write(this.bytes, text, from, length);
    return latin1Slice(this.bytes, from, from + length) === text;
  }

  #long(text: string, length: number): void {
    if (this.at + 2 > this.capacity) this.grow(2);
    const head = this.at;
    this.at = head + 2;
    const wide = this.putCharacters(text);
    this.words[head] = wide ? T_UTF16 : T_LATIN1;
    this.words[head + 1] = length;
  }
}
