/**
 * The states seen so far, numbered in the order they were found.
 *
 * A state is known by 64 bits of hash (two independent murmur3 lanes over its words). Two different states with
 * one hash would be taken for one, and the second not explored: with n states the probability is below n² / 2⁶⁵,
 * 2.7e-8 for a million states and 2.7e-6 for ten million. {@link ExactStateSet} keeps the words and cannot err.
 *
 * @module
 */

export interface StateSet {
  readonly size: number;
  /** The number of the state in `words[0 .. length)`; equal to the old {@link size} when it is new. */
  add(words: Int32Array, length: number): number;
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function finish(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class HashedStateSet implements StateSet {
  size = 0;
  /** Per place: both lanes and the state's number plus one. */
  #table = new Int32Array(3 << 12);
  #mask = (1 << 12) - 1;

  add(words: Int32Array, length: number): number {
    let h1 = 0x2545f491 ^ length;
    let h2 = 0x51ed270b ^ length;
    for (let i = 0; i < length; i++) {
      const word = words[i]!;
      h1 ^= Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
      h1 = (Math.imul(rotate(h1, 13), 5) + 0xe6546b64) | 0;
      h2 ^= Math.imul(rotate(Math.imul(word, 0x239b961b), 16), 0x38b34ae5);
      h2 = (Math.imul(rotate(h2, 17), 5) + 0x0bcaa747) | 0;
    }
    h1 = finish(h1);
    h2 = finish(h2 ^ h1);
    for (let at = h1 & this.#mask; ; at = (at + 1) & this.#mask) {
      const known = this.#table[3 * at + 2]!;
      if (known === 0) {
        this.#table[3 * at] = h1;
        this.#table[3 * at + 1] = h2;
        this.#table[3 * at + 2] = ++this.size;
        if (this.size * 2 > this.#mask) this.#grow();
        return this.size - 1;
      }
      if (this.#table[3 * at] === h1 && this.#table[3 * at + 1] === h2) return known - 1;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#mask = this.#mask * 2 + 1;
    this.#table = new Int32Array(3 * (this.#mask + 1));
    for (let from = 0; from < old.length; from += 3) {
      if (old[from + 2] === 0) continue;
      let at = old[from]! & this.#mask;
      while (this.#table[3 * at + 2] !== 0) at = (at + 1) & this.#mask;
      this.#table.set(old.subarray(from, from + 3), 3 * at);
    }
  }
}

/** Keeps every state whole. Slow and large: for small explorations and for checking the hash. */
export class ExactStateSet implements StateSet {
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#numbers.size;
  }

  add(words: Int32Array, length: number): number {
    const key = words.subarray(0, length).join();
    const number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }
}
