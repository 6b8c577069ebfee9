/**
 * How long nodes took, as far as the main thread can tell. A task that is handed over while all workers have one waits
 * in the pool; it is taken to begin when one of those before it ends, as in a queue with that many servers.
 *
 * @module
 */

/** How much the last run counts beside the earlier ones. */
const LAST = 0.3;

export class Durations {
  readonly #now: () => number;
  readonly #workers: number;
  /** When it began, ms; NaN before that. */
  readonly #began: Float64Array;
  /** How long it took, ms; NaN for what did not run to an end. */
  readonly took: Float64Array;
  /** Handed over, and still waiting for a worker; those that settled meanwhile are passed over. */
  #queue: number[] = [];
  #head = 0;
  #onWorkers = 0;
  #lastEnd = 0;

  constructor(nodes: number, workers: number, now: () => number) {
    this.#now = now;
    this.#workers = workers;
    this.#began = new Float64Array(nodes).fill(Number.NaN);
    this.took = new Float64Array(nodes).fill(Number.NaN);
  }

  /** A node begins on the main thread. */
  began(node: number): void {
    this.#began[node] = this.#now();
  }

  /** Ends on the main thread. */
  ended(node: number): void {
    this.took[node] = this.#now() - this.#began[node]!;
  }

  handedOver(node: number): void {
    if (this.#onWorkers < this.#workers) {
      this.#onWorkers++;
      this.#began[node] = this.#now();
    } else this.#queue.push(node);
  }

  /** The pool has settled it. */
  settled(node: number): void {
    const now = this.#now();
    const began = this.#began[node]!;
    if (Number.isNaN(began)) {
      // It overtook one that was taken to run: the worker it ran on was free since the last end, at the earliest.
      this.took[node] = now - this.#lastEnd;
    } else {
      this.took[node] = now - began;
      this.#onWorkers--;
      const next = this.#takeWaiting();
      if (next !== -1) {
        this.#onWorkers++;
        this.#began[next] = now;
      }
    }
    this.#lastEnd = now;
  }

  #takeWaiting(): number {
    while (this.#head < this.#queue.length) {
      const node = this.#queue[this.#head++]!;
      if (this.#head > 64 && this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      if (Number.isNaN(this.took[node]!)) return node;
    }
    return -1;
  }
}

/** Durations over the runs of one graph: an average in which the last run counts most. */
export class Measured {
  #average: Float64Array = new Float64Array(0);

  add(took: Float64Array, counts: (node: number) => boolean): void {
    if (took.length > this.#average.length) {
      const longer = new Float64Array(took.length).fill(Number.NaN);
      longer.set(this.#average);
      this.#average = longer;
    }
    for (let node = 0; node < took.length; node++) {
      if (!counts(node)) continue;
      const before = this.#average[node]!;
      this.#average[node] = Number.isNaN(before) ? took[node]! : before + LAST * (took[node]! - before);
    }
  }

  /** For every node; those that never ran get the mean of those that did. `undefined` when none did. */
  weights(nodes: number): Float64Array | undefined {
    const known = this.#average.filter((ms) => !Number.isNaN(ms));
    if (known.length === 0) return undefined;
    const mean = known.reduce((sum, ms) => sum + ms, 0) / known.length;
    return Float64Array.from({ length: nodes }, (_, node) => {
      const ms = this.#average[node];
      return ms === undefined || Number.isNaN(ms) ? mean : ms;
    });
  }
}
