/**
 * Where a message grows: words with doubles and long strings among them, short strings apart.
 *
 * @module
 */
import { SHORT_STRING, T_LATIN1, T_SHORT, T_UTF16, TAG_BITS } from './format.ts';
import {
  BytesOf,
  charCodeAt,
  DoublesOf,
  latin1Write,
  NewArrayBuffer,
  setBytes,
  subarray,
  ucs2Write,
  utf8Write,
  WordsOf,
} from './primordials.ts';

const FIRST_WORDS = 4_096;
const FIRST_CHARS = 4_096;
/** Kept between messages at most, unless the messages are of that size. */
const KEPT_WORDS = 2 ** 20;
/** Up to here a loop over the characters beats a call into C++. */
const LOOP_STRING = 24;
/** Longer strings beyond ASCII are not searched for whether Latin-1 would do. */
const SEARCHED_STRING = 1_024;

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
  chars: Uint8Array = new BytesOf(FIRST_CHARS);
  /** Next short-string byte. */
  charsAt = 0;

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
    if (this.chars.length > KEPT_WORDS && this.charsAt < this.chars.length / 8) {
      this.chars = new BytesOf(FIRST_CHARS);
    }
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
    if (length > SHORT_STRING) {
      this.#long(text, length);
      return;
    }
    if (this.at === this.capacity) this.grow(1);
    const from = this.charsAt;
    if (from + SHORT_STRING > this.chars.length) this.#growChars();
    const chars = this.chars;
    let all = 0;
    for (let i = 0; i < length; i++) {
      const code = charCodeAt(text, i);
      all |= code;
      chars[from + i] = code;
    }
    if (all > 255) {
      this.#wide(text, length);
      return;
    }
    this.charsAt = from + length;
    this.words[this.at++] = (length << TAG_BITS) | T_SHORT;
  }

  #long(text: string, length: number): void {
    // utf8Write stops before the character that does not fit: with four bytes of room it passes `length` if any
    // character takes more than one.
    const room = 2 + ((length + 7) >> 2);
    if (this.at + room > this.capacity) this.grow(room);
    const from = (this.at + 2) * 4;
    if (length <= LOOP_STRING) {
      const bytes = this.bytes;
      let all = 0;
      for (let i = 0; i < length; i++) {
        const code = charCodeAt(text, i);
        all |= code;
        bytes[from + i] = code;
      }
      if (all > 255) {
        this.#wide(text, length);
        return;
      }
    } else if (utf8Write(this.bytes, text, from, length + 4) !== length) {
      if (length > SEARCHED_STRING || !isLatin1(text, length)) {
        this.#wide(text, length);
        return;
      }
      latin1Write(this.bytes, text, from, length);
    }
    this.words[this.at] = T_LATIN1;
    this.words[this.at + 1] = length;
    this.at += 2 + ((length + 3) >> 2);
  }

  #wide(text: string, length: number): void {
    const room = 2 + ((length + 1) >> 1);
    if (this.at + room > this.capacity) this.grow(room);
    this.words[this.at] = T_UTF16;
    this.words[this.at + 1] = length;
    ucs2Write(this.bytes, text, (this.at + 2) * 4, length * 2);
    this.at += room;
  }

  #growChars(): void {
    const chars = new BytesOf(this.chars.length * 2);
    setBytes(chars, this.chars);
    this.chars = chars;
  }
}

function isLatin1(text: string, length: number): boolean {
  for (let i = 0; i < length; i++) if (charCodeAt(text, i) > 255) return false;
  return true;
}
