/**
 * Whether every state can still come to an end: what a search for deadlocks cannot see is a thread that spins for
 * ever on a word nobody will change.
 *
 * @module
 */

import { IntList } from './growing.ts';

export class Progress {
  /** Successors of all states, one state after the other, and where each state's begin. */
  readonly #to = new IntList();
  readonly #first = new IntList();
  readonly #ends = new IntList();

  /** The edges added from now on start at the next state. */
  beginState(): void {
    this.#first.push(this.#to.length);
  }

  edge(to: number): void {
    this.#to.push(to);
  }

  /** The state begun last is an end. */
  end(): void {
    this.#ends.push(this.#first.length - 1);
  }

  /** The first state (in order of number, so one of the nearest) from which no end can be reached, or -1. */
  firstStuck(): number {
    const states = this.#first.length;
    this.#first.push(this.#to.length);
    const start = new Int32Array(states + 1);
    for (let e = 0; e < this.#to.length; e++) start[this.#to.at(e) + 1]! += 1;
    for (let i = 0; i < states; i++) start[i + 1]! += start[i]!;
    const from = new Int32Array(this.#to.length);
    const next = start.slice();
    for (let i = 0; i < states; i++) {
      for (let e = this.#first.at(i); e < this.#first.at(i + 1); e++) from[next[this.#to.at(e)]!++] = i;
    }
    const reaches = new Uint8Array(states);
    const stack = new Int32Array(states);
    let depth = 0;
    const mark = (state: number): void => {
      if (reaches[state] === 1) return;
      reaches[state] = 1;
      stack[depth++] = state;
    };
    for (let i = 0; i < this.#ends.length; i++) mark(this.#ends.at(i));
    while (depth > 0) {
      const state = stack[--depth]!;
      for (let e = start[state]!; e < start[state + 1]!; e++) mark(from[e]!);
    }
    return reaches.indexOf(0);
  }
}
