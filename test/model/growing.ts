/**
 * Storage that grows: a row of int32, and a queue of packed states.
 *
 * @module
 */

export class IntList {
  length = 0;
  #data = new Int32Array(1 << 12);

  push(value: number): void {
    if (this.length === this.#data.length) {
      const larger = new Int32Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.length++] = value;
  }

  at(index: number): number {
    return this.#data[index]!;
  }
}

const CHUNK = 1 << 18;

/** First in, first out, in chunks that are given back as they are read. */
export class StateQueue {
  #chunks: Int32Array[] = [];
  #write = CHUNK;
  #read = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(words: Int32Array, length: number): void {
    if (length + 1 > CHUNK) throw new Error(`A state of ${length} words is too large: list fewer regions`);
    if (this.#write + length + 1 > CHUNK) {
      // A length of -1 says that the rest of the chunk is unused.
      if (this.#write < CHUNK) this.#chunks.at(-1)![this.#write] = -1;
      this.#chunks.push(new Int32Array(CHUNK));
      this.#write = 0;
    }
    const chunk = this.#chunks.at(-1)!;
    chunk[this.#write] = length;
    for (let i = 0; i < length; i++) chunk[this.#write + 1 + i] = words[i]!;
    this.#write += length + 1;
    this.#length += 1;
  }

  /** Copies the next state into `into`. */
  shift(into: Int32Array): void {
    if (this.#read >= CHUNK || this.#chunks[0]![this.#read] === -1) {
      this.#chunks.shift();
      this.#read = 0;
    }
    const chunk = this.#chunks[0]!;
    const length = chunk[this.#read]!;
    for (let i = 0; i < length; i++) into[i] = chunk[this.#read + 1 + i]!;
    this.#read += length + 1;
    this.#length -= 1;
  }
}
