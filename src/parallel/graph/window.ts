/**
 * How many nodes are handed to the pool at a time. Few, so that a node of the critical path that becomes ready waits
 * behind little; more when tasks are so short that workers would be idle while results and new tasks are on their way.
 *
 * @module
 */

/** For each worker, whatever tasks take: one runs, and some wait. */
const FEWEST = 4;
const MOST = 64;
/** Enough work to wait in front of each worker, ms. */
const AHEAD_MS = 2;
/** How much the last task counts beside the earlier ones. */
const LAST = 1 / 16;

export class Window {
  readonly #workers: number;
  readonly #fixed: number | undefined;
  #mean = Number.NaN;

  constructor(workers: number, fixed: number | undefined) {
    this.#workers = workers;
    this.#fixed = fixed;
  }

  /** How many may be handed over and not be settled. */
  get size(): number {
    if (this.#fixed !== undefined) return this.#fixed;
    // Until a task has ended NaN stands in the way of all but the fewest.
    const each = AHEAD_MS / this.#mean;
    return this.#workers * (each > FEWEST ? Math.min(MOST, Math.floor(each)) : FEWEST);
  }

  /** A task took so long, ms. */
  ended(ms: number): void {
    this.#mean = Number.isNaN(this.#mean) ? ms : this.#mean + LAST * (ms - this.#mean);
  }
}
