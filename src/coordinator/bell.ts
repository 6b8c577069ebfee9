/**
 * How the coordinator learns that tasks have ended: by looking once an event-loop turn while short tasks run, and by
 * sleeping on the bell word otherwise.
 *
 * `off` - nothing is outstanding, nothing is scheduled. `polling` - a `setImmediate` is scheduled. `sleeping` - the
 * bell is armed and `Atomics.waitAsync` will wake us; it keeps no process alive, which is the keep-alive's part.
 *
 * How long polling goes on without success adapts: twice what the last successes took, halved by each failure, so
 * that long tasks cost the main thread no CPU and short ones no futex round trip.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks';
import * as L from '../memory/layout.ts';
import type { Plant } from '../memory/plant.ts';

/** Polling is never longer than this without success, µs: beyond it a futex wake is cheaper. */
const LONGEST_POLL = 200;
const ARMED = (L.HEADER + L.H_ARMED) >> 2;

export type BellState = 'off' | 'polling' | 'sleeping';

// Scheduled work runs in the context this module was loaded in, so that no request's AsyncLocalStorage store is kept
// alive by the pool, or seen in another request's completions.
const root = new AsyncResource('Millrace.Bell');

export class Bell {
  readonly #plant: Plant;
  readonly #drain: () => DrainResult;
  readonly #now: () => number;
  #state: BellState = 'off';
  #scheduled = false;
  #budget = LONGEST_POLL;
  /** When something last ended or polling began, µs. */
  #since = 0;

  constructor(plant: Plant, drain: () => DrainResult, now: () => number) {
    this.#plant = plant;
    this.#drain = drain;
    this.#now = now;
  }

  get state(): BellState {
    return this.#state;
  }

  /** A task is outstanding: see to it that its end is noticed. Cheap while that is so already. */
  watch(): void {
    if (this.#state !== 'off') return;
    this.#state = 'polling';
    this.#since = this.#now() * 1000;
    this.#schedule();
  }

  readonly #poll = (): void => {
    this.#scheduled = false;
    const { ended, more, outstanding } = this.#drain();
    if (more) {
      this.#again();
      return;
    }
    const now = this.#now() * 1000;
    if (ended > 0) {
      const took = now - this.#since;
      this.#budget = Math.min(LONGEST_POLL, Math.max(this.#budget * 0.75, took * 2));
      this.#since = now;
      // One turn more even with nothing outstanding: whoever awaited these tasks submits the next ones now.
      this.#again();
    } else if (!outstanding) {
      this.#state = 'off';
    } else if (now - this.#since < this.#budget) {
      this.#again();
    } else {
      this.#budget /= 2;
      this.#sleep(now);
    }
  };

  #again(): void {
    this.#state = 'polling';
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    root.runInAsyncScope(setImmediate, undefined, this.#poll);
  }

  #sleep(from: number): void {
    if (this.#plant.core.arm() === 0) {
      this.#again();
      return;
    }
    const wait = Atomics.waitAsync(this.#plant.memory.i32, ARMED, 1);
    if (!wait.async) {
      this.#again();
      return;
    }
    this.#state = 'sleeping';
    void wait.value.then(() => {
      if (this.#state !== 'sleeping') return;
      const now = this.#now() * 1000;
      // It came so soon that polling would have caught it.
      if (now - from < LONGEST_POLL) this.#budget = LONGEST_POLL;
      this.#state = 'polling';
      this.#since = now;
      if (!this.#scheduled) this.#poll();
    });
  }

  /** Something happened that the bell may not have told: a thread has exited. Looks at once, in a turn of its own. */
  nudge(): void {
    // Subtle: a second immediate beside the one that is scheduled would go on beside it.
    if (this.#state !== 'polling') this.#again();
  }
}

export interface DrainResult {
  /** Tasks that ended. */
  readonly ended: number;
  /** The time budget ran out before the rings were empty. */
  readonly more: boolean;
  /** Tasks are still outstanding. */
  readonly outstanding: boolean;
}
