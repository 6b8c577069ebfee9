/**
 * The short strings of a message, cut one after the other from its text.
 *
 * V8 keeps a substring of 13 characters or more as a reference into the string it was cut from. Cut from the whole
 * text, one string a task keeps would keep the message; so the text is taken in windows, and at most a window is kept.
 *
 * @module
 */
import { corrupt } from './corrupt.ts';
import { latin1Slice, substring, ucs2Slice } from './primordials.ts';

/** Characters of a window: a call into C++ for some thirty strings, and what one string can keep alive. */
const WINDOW = 512;
/** Strings longer than this are taken by themselves. */
const IN_WINDOW = 64;

const NONE = new Uint8Array(0);

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
