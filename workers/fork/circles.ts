/**
 * Joins as links of a circle: a thread that holds a lock and waits for a child hands on, in its locks, the label of the
 * thread that all waits for in the end, if that waits for a lock (`src/sync/deadlock/cycle.ts`). Who waits in `join` makes
 * no label, so it is always one that waits for a lock that finds the circle, and its error is the end of a child.
 *
 * What follows from whom: a child ends only if its thread goes on; a thread that sleeps in a join goes on with what is
 * below only if the child it waits for ends. It may help meanwhile: that is above.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import type { WorkerView } from '../view.ts';
import { labels } from './locks.ts';
import { hasStackToEnd } from './stack-room.ts';
import { blockCount, type ForkState } from './state.ts';

const I64 = BigInt64Array;

/** How often a thread that holds a lock looks whom it waits for, ms: as one that waits for a lock does. */
export const SLICE = 20;

/** In a label that has passed a join. Ids of threads have 24 bits. */
const JOINED = 1n << 31n;

/** Others may read from now on with which label this thread waits for a lock. */
export function tellLabels({ memory, block }: WorkerView): void {
  const label = new I64(memory.i32.buffer, block + L.W_LABEL, 1);
  // The thread that had the block before may have died asleep.
  Atomics.store(memory.i32, (block + L.W_JOINS) >> 2, 0);
  Atomics.store(label, 0, 0n);
  labels.tell = (shown) => {
    Atomics.store(label, 0, shown);
  };
}

/** Nobody asks for them any more. */
export function keepLabels(): void {
  labels.tell = () => {};
}

/** Of one thread: what it hands on while it waits for a child. */
export class HandedOn {
  readonly #state: ForkState;
  #label = 0n;

  constructor(state: ForkState) {
    this.#state = state;
  }

  /** At the end of a slice of its sleep. */
  look(record: number): void {
    const found = labelBeyond(this.#state, record);
    // What is shown has to be taken back: with as little stack as that, nothing is.
    if (found === this.#label || !hasStackToEnd()) return;
    this.#label = found;
    labels.show(found);
  }

  /** Before this thread goes on. */
  end(): void {
    if (this.#label === 0n) return;
    this.#label = 0n;
    labels.show(0n);
  }
}

/** A thread that sleeps in a join: for the child in `record`, whose state is `word`. */
interface Link {
  readonly record: number;
  readonly word: number;
  readonly joinsAt: number;
  readonly next: number;
}

/** The label of the thread on which the end of this child depends, over any number of joins; 0: it may go on. */
function labelBeyond(state: ForkState, record: number): bigint {
  const links: Link[] = [];
  let at = record;
  // Invariant: joins alone make no circle, so there are fewer links than threads.
  for (let left = blockCount(state.i32); left > 0; left--) {
    state.reach(at);
    const { i32 } = state;
    const word = Atomics.load(i32, at >> 2);
    const seen = word & L.STATE_MASK;
    if (seen === L.QUEUED || seen === L.FREE || seen >= L.DONE) return 0n;
    const owner = (word >> L.OWNER_SHIFT) & L.OWNER_MASK;
    if (owner >= blockCount(i32)) return 0n;
    const block = i32[(L.HEADER + L.H_DIRECTORY + owner * 4) >> 2]!;
    state.reach(block);
    const label = Atomics.load(new I64(state.i32.buffer), (block + L.W_LABEL) >> 3);
    const joinsAt = (block + L.W_JOINS) >> 2;
    const next = label === 0n ? Atomics.load(state.i32, joinsAt) : 0;
    if (label === 0n && next === 0) return 0n;
    links[links.length] = { record: at, word, joinsAt, next };
    if (label !== 0n) return holds(state.i32, links) ? label | JOINED : 0n;
    at = next;
  }
  return 0n;
}

// Subtle: from the end. Each sleeper still joins the record it was seen to join, before that is seen to be of the same child.
function holds(i32: Int32Array, links: readonly Link[]): boolean {
  for (let k = links.length - 1; k >= 0; k--) {
    const { record, word, joinsAt, next } = links[k]!;
    if (next !== 0 && Atomics.load(i32, joinsAt) !== next) return false;
    if (k + 1 < links.length && Atomics.load(i32, links[k + 1]!.record >> 2) !== links[k + 1]!.word)
      return false;
    if (Atomics.load(i32, record >> 2) !== word) return false;
  }
  return true;
}
