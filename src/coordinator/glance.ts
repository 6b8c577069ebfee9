/**
 * A look for what has ended, before the event loop turns.
 *
 * Whoever awaits one tiny task after the other would wait for a turn of the event loop with each, which takes as long
 * as the task. So a submission asks for a glance: a microtask that waits for as long as a tiny task takes and settles
 * what has ended; who awaited that submits again, and so on, for a moment. Then the event loop has its turn.
 *
 * @module
 */
import { AsyncResource } from 'node:async_hooks';
import type { Plant } from '../memory/plant.ts';

/** How long a glance waits, ms. A tiny task takes 1 to 2 µs to the worker and back. */
const WAIT_MS = 0.003;
/** Rounds over all workers' rings between two readings of the clock. */
const ROUNDS = 64;
/** And at most so many times: a test may have stopped the clock. */
const MOST = 64;
/** How long after the event loop turned there are glances, ms: some 50 tiny tasks. */
const CHAIN_MS = 0.1;
/** Glances in a row that have to be in vain before there are none. */
const SURE = 3;
/** Then every so many times one is tried again all the same. */
const PROBE = 64;
/** When more are settled at once, a turn of the event loop costs each of them less than a glance. */
const FEW = 3;

// As in the bell: what a result sets off does not see the request that happened to submit last.
const root = new AsyncResource('Millrace.Glance');
// `queueMicrotask` makes an `AsyncResource` of each call.
const settled = Promise.resolve();

export class Glance {
  readonly #plant: Plant;
  readonly #look: (at: number) => number;
  readonly #now: () => number;
  #asked = false;
  /** 0 to `SURE`; at 0 only every `PROBE`th time. */
  #pays = SURE;
  #passed = 0;
  /** Tasks settled last time, by a glance or a turn. */
  #ended = 0;
  /** When the event loop turned last, ms. */
  #turned = 0;

  /**
   * @param look settles what has ended, `at` this time, ms; how many tasks. Throws nothing
   * @param now ms
   */
  constructor(plant: Plant, look: (at: number) => number, now: () => number) {
    this.#plant = plant;
    this.#look = look;
    this.#now = now;
  }

  /** The event loop turned `at` this time, ms, and so many tasks were settled. */
  turned(at: number, ended: number): void {
    this.#turned = at;
    this.#ended = ended;
  }

  /** A task was submitted. */
  ask(): void {
    if (this.#asked || this.#ended > FEW) return;
    if (this.#pays === 0 && ++this.#passed % PROBE !== 0) return;
    this.#asked = true;
    void settled.then(this.#glance);
  }

  readonly #glance = (): void => {
    this.#asked = false;
    const { core } = this.#plant;
    const begun = this.#now();
    // Subtle: microtasks that each lead to the next one would keep timers and I/O waiting for as long as tasks are tiny.
    if (begun - this.#turned > CHAIN_MS) return;
    let at = begun;
    for (let looks = 0; looks < MOST && at - begun <= WAIT_MS; looks++, at = this.#now()) {
      if (core.completed(ROUNDS) === 0) continue;
      this.#ended = root.runInAsyncScope(this.#look, undefined, at);
      if (this.#ended > 0) this.#pays = SURE;
      return;
    }
    this.#pays = Math.max(0, this.#pays - 1);
  };
}
