/**
 * Accepted tasks that have no record in shared memory yet, one queue a level, in plain JavaScript: 56 bytes a task
 * in columns, so that a million of them weigh little and the garbage collector has nothing to trace but the two
 * columns of references.
 *
 * A cancelled task leaves its place empty and is passed over when it comes to the front.
 *
 * @module
 */
import type { Handle } from './handle.ts';
import type { Resolve } from './window.ts';

const CHUNK = 1024;

class Chunk {
  readonly resolve: (Resolve | undefined)[] = new Array<Resolve | undefined>(CHUNK).fill(undefined);
  /** Argument bytes, the task's handle, or nothing. */
  readonly extra: (Uint8Array | Handle | undefined)[] = new Array<Uint8Array | Handle | undefined>(
    CHUNK,
  ).fill(undefined);
  readonly fn: Int32Array = new Int32Array(CHUNK);
  readonly meta: Int32Array = new Int32Array(CHUNK);
  readonly args: Float64Array = new Float64Array(CHUNK * 4);
  next: Chunk | undefined;
  /** When its first task came, for ageing. */
  readonly since: number;

  constructor(since: number) {
    this.since = since;
  }
}

/** What comes off the front of a queue; one object, reused. */
export interface Waiting {
  resolve: Resolve;
  extra: Uint8Array | Handle | undefined;
  fn: number;
  meta: number;
  /** Where its four numbers start in `args`. */
  at: number;
  args: Float64Array;
}

export class Backlog {
  #first: Chunk | undefined;
  #last: Chunk | undefined;
  #head = 0;
  #tail = 0;
  #size = 0;
  readonly #out: Waiting = {
    resolve: () => {},
    extra: undefined,
    fn: 0,
    meta: 0,
    at: 0,
    args: new Float64Array(0),
  };

  /** Tasks waiting, cancelled ones not counted. */
  get size(): number {
    return this.#size;
  }

  /** When the oldest waiting task came (the clock of `push`), or `undefined`. */
  get since(): number | undefined {
    return this.#size === 0 ? undefined : this.#first?.since;
  }

  /** Appends a task; the four numbers are written to `args` at the place returned. */
  push(
    resolve: Resolve,
    fn: number,
    meta: number,
    extra: Uint8Array | Handle | undefined,
    now: () => number,
  ): Float64Array {
    let chunk = this.#last;
    if (chunk === undefined || this.#tail === CHUNK) {
      const fresh = new Chunk(now());
      if (chunk === undefined) this.#first = fresh;
      else chunk.next = fresh;
      this.#last = fresh;
      this.#tail = 0;
      if (this.#first === fresh) this.#head = 0;
      chunk = fresh;
    }
    const at = this.#tail++;
    chunk.resolve[at] = resolve;
    chunk.fn[at] = fn;
    chunk.meta[at] = meta;
    chunk.extra[at] = extra;
    this.#size++;
    this.lastAt = at * 4;
    return chunk.args;
  }

  /** Where the arguments of the task pushed last go in the array `push` returned. */
  lastAt = 0;

  /** The oldest task, left where it is, or `undefined`. The object is valid until the next call. */
  front(): Waiting | undefined {
    for (;;) {
      const chunk = this.#first;
      if (chunk === undefined) return undefined;
      if (this.#head === CHUNK || (chunk === this.#last && this.#head === this.#tail)) {
        this.#dropFirst(chunk);
        continue;
      }
      const at = this.#head;
      const resolve = chunk.resolve[at];
      if (resolve === undefined) {
        this.#head++;
        continue;
      }
      const out = this.#out;
      out.resolve = resolve;
      out.extra = chunk.extra[at];
      out.fn = chunk.fn[at]!;
      out.meta = chunk.meta[at]!;
      out.args = chunk.args;
      out.at = at * 4;
      return out;
    }
  }

  /** Removes what `front` gave. */
  shift(): void {
    const chunk = this.#first!;
    chunk.resolve[this.#head] = undefined;
    chunk.extra[this.#head] = undefined;
    this.#head++;
    this.#size--;
  }

  #dropFirst(chunk: Chunk): void {
    this.#head = 0;
    if (chunk === this.#last) {
      this.#first = undefined;
      this.#last = undefined;
      this.#tail = 0;
    } else {
      this.#first = chunk.next;
    }
  }

  /** Takes one task out wherever it is, in time proportional to nothing: `place` is what `mark` gave. */
  remove(place: Place): void {
    if (place.chunk.resolve[place.at] === undefined) return;
    place.chunk.resolve[place.at] = undefined;
    place.chunk.extra[place.at] = undefined;
    this.#size--;
  }

  /** Remembers the place of the task pushed last. */
  mark(): Place {
    return { chunk: this.#last!, at: this.#tail - 1 };
  }
}

/** Where a waiting task is. */
export interface Place {
  readonly chunk: Chunk;
  readonly at: number;
}

export type { Chunk };
