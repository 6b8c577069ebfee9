/**
 * How many items to hand to the pool at once.
 *
 * @module
 */

/** Work kept waiting behind what runs, so that no worker waits for the main thread. */
const AHEAD_MS = 20;
const MAX_AHEAD = 4096;
/** The rate is measured over at least this long. */
const MEASURE_MS = 10;

/**
 * One item running a worker, and some 20 ms of work waiting behind them: few for long items, so that Ctrl-C need not
 * wait for a queue, many for short ones.
 */
export class Window {
  readonly #workers: number;
  #ahead = 1;
  #settled = 0;
  #since: number | undefined;

  constructor(workers: number) {
    this.#workers = workers;
  }

  get size(): number {
    return this.#workers + this.#ahead;
  }

  /** One item has settled at `now`, in ms. */
  settled(now: number): void {
    this.#since ??= now;
    this.#settled += 1;
    const elapsed = now - this.#since;
    if (elapsed < MEASURE_MS) return;
    this.#ahead = Math.min(MAX_AHEAD, Math.max(1, Math.ceil((this.#settled / elapsed) * AHEAD_MS)));
    this.#settled = 0;
    this.#since = now;
  }
}
