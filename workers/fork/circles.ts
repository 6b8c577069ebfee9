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
import { labelBeyond } from './beyond.ts';
import { labels } from './locks.ts';
import { hasStackToEnd } from './stack-room.ts';
import type { ForkState } from './state.ts';

const I64 = BigInt64Array;

/** How often a thread that holds a lock looks whom it waits for, ms: as one that waits for a lock does. */
export const SLICE = 20;

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
