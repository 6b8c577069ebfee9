/**
 * Who sleeps where. The list is part of the state: `[count, (thread, address)…]`, sorted by address and, within
 * one, by arrival, so that states that differ only in the order of unrelated sleepers are one state.
 *
 * @module
 */

/** Added to the thread number of a sleeper whose wait has a time limit. */
const TIMED = 0x100;

export class Futex {
  readonly #s: Int32Array;
  readonly #base: number;
  /** Which of the candidates the next notify wakes, as a bit mask by position; 0 is first come, first served. */
  choice = 0;
  /** Threads the last step woke, in order; the scheduler takes them from here. */
  readonly woken: number[] = [];

  constructor(s: Int32Array, base: number) {
    this.#s = s;
    this.#base = base;
  }

  /** Words the list needs. */
  static words(threads: number): number {
    return 1 + 2 * threads;
  }

  sleep(thread: number, address: number, timed: boolean): void {
    const s = this.#s;
    const count = s[this.#base]!;
    let at = this.#base + 1 + 2 * count;
    while (at > this.#base + 1 && s[at - 1]! > address) {
      s[at] = s[at - 2]!;
      s[at + 1] = s[at - 1]!;
      at -= 2;
    }
    s[at] = timed ? thread | TIMED : thread;
    s[at + 1] = address;
    s[this.#base] = count + 1;
  }

  /** How many sleep on `address`. */
  sleepers(address: number): number {
    let found = 0;
    for (let i = 0; i < this.#s[this.#base]!; i++) {
      if (this.#s[this.#base + 2 + 2 * i] === address) found += 1;
    }
    return found;
  }

  /** Wakes up to `count` sleepers into {@link woken}; returns how many. */
  notify(address: number, count: number): number {
    const s = this.#s;
    const mask = this.choice;
    let position = 0;
    let woken = 0;
    for (let i = 0; i < s[this.#base]!; ) {
      const at = this.#base + 1 + 2 * i;
      if (s[at + 1] !== address) {
        i += 1;
        continue;
      }
      const chosen = mask === 0 ? woken < count : (mask & (1 << position)) !== 0;
      position += 1;
      if (chosen) {
        this.woken.push(s[at]! & ~TIMED);
        this.#removeAt(i);
        woken += 1;
      } else i += 1;
    }
    return woken;
  }

  /** Takes a thread off the list: its time is up, or it has exited. */
  remove(thread: number): void {
    for (let i = 0; i < this.#s[this.#base]!; i++) {
      if ((this.#s[this.#base + 1 + 2 * i]! & ~TIMED) === thread) {
        this.#removeAt(i);
        return;
      }
    }
  }

  /** Whether the thread sleeps with a time limit. */
  timed(thread: number): boolean {
    for (let i = 0; i < this.#s[this.#base]!; i++) {
      if (this.#s[this.#base + 1 + 2 * i] === (thread | TIMED)) return true;
    }
    return false;
  }

  /** The address a thread sleeps on. */
  addressOf(thread: number): number {
    for (let i = 0; i < this.#s[this.#base]!; i++) {
      const at = this.#base + 1 + 2 * i;
      if ((this.#s[at]! & ~TIMED) === thread) return this.#s[at + 1]!;
    }
    return -1;
  }

  #removeAt(i: number): void {
    const s = this.#s;
    const at = this.#base + 1 + 2 * i;
    const end = this.#base + 1 + 2 * s[this.#base]!;
    s.copyWithin(at, at + 2, end);
    s[end - 2] = 0;
    s[end - 1] = 0;
    s[this.#base] = s[this.#base]! - 1;
  }
}
