/**
 * Passes lines on in the order of the inputs, or as they come.
 *
 * @module
 */

export type Order = 'input' | 'completed';

/** Most that may be held back behind a slow item. */
const MAX_HELD_ITEMS = 10_000;
const MAX_HELD_CHARS = 64 * 1024 * 1024;

export class Emitter {
  readonly #order: Order;
  readonly #push: (line: string) => void;
  readonly #held = new Map<number, string>();
  #heldChars = 0;
  #next = 0;

  constructor(order: Order, push: (line: string) => void) {
    this.#order = order;
    this.#push = push;
  }

  /** Lines that wait for an earlier one. */
  get held(): number {
    return this.#held.size;
  }

  /** Nothing more should be started until the slow item is done. */
  get full(): boolean {
    return this.#held.size >= MAX_HELD_ITEMS || this.#heldChars >= MAX_HELD_CHARS;
  }

  /** `turn` counts the items started, from 0, without gaps. */
  accept(turn: number, line: string): void {
    if (this.#order === 'completed') {
      this.#push(line);
      return;
    }
    this.#held.set(turn, line);
    this.#heldChars += line.length;
    for (let next = this.#held.get(this.#next); next !== undefined; next = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      this.#heldChars -= next.length;
      this.#next += 1;
      this.#push(next);
    }
  }
}
