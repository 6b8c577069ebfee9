/**
 * Looks after workers that were woken and do not come.
 *
 * A worker with async tasks sleeps with its event loop alive, and may be running code of theirs, for long, when it is
 * woken for a new task. Nobody searches on its account; so when it has not come after a moment, another one is woken.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks';
import * as L from '../memory/layout.ts';
import type { Plant } from '../memory/plant.ts';

/** How long such a worker has, ms. One that does nothing else comes in 0.1. */
const MOMENT_MS = 1;
const CALLED = (L.HEADER + L.H_CALLED) >> 2;

// As in the bell.
const root = new AsyncResource('Millrace.Recall');

export class Recall {
  readonly #plant: Plant;
  #timer: NodeJS.Timeout | undefined;
  /** When to look, ms, should the event loop not turn until then; not finite: not thought of yet. */
  #due = Number.POSITIVE_INFINITY;

  constructor(plant: Plant) {
    this.#plant = plant;
  }

  /** After what this thread has published, and in each of its turns: a worker that wakes such a one rings the bell. */
  watch(): void {
    const { i32 } = this.#plant.memory;
    if (i32[CALLED] === 0) return;
    // Subtle: taken back before the look, so that who calls during it is heard again.
    Atomics.store(i32, CALLED, 0);
    this.#timer ??= root.runInAsyncScope(setTimeout, undefined, this.#look, MOMENT_MS).unref();
  }

  /** As `watch`, at this time, ms, while the event loop does not turn. When it wants to be asked again, ms. */
  blocked(now: number): number {
    this.watch();
    if (this.#timer === undefined) return Number.POSITIVE_INFINITY;
    if (this.#due === Number.POSITIVE_INFINITY) this.#due = now + MOMENT_MS;
    if (now < this.#due) return this.#due;
    this.#due = now + MOMENT_MS;
    if (this.#plant.core.recall() === 0) this.close();
    return this.#due;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }

  readonly #look = (): void => {
    if (this.#plant.core.recall() !== 0) this.#timer!.refresh();
    else this.close();
  };
}
