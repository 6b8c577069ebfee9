/**
 * What is read off the process and the pool at the end of each cycle, at rest.
 *
 * @module
 */
import type { Pool } from '../../src/index.ts';

/** What may leak, by name, with the unit. */
export const QUANTITIES = {
  heap: 'B',
  external: 'B',
  rss: 'B',
  handles: '',
  records: '',
  payload: 'B',
  shared: 'B',
  workerHeap: 'B',
} as const;

export type Quantity = keyof typeof QUANTITIES;

/**
 * - `heap`, `external`, `rss`: of this process, after a collection on the main thread where `--expose-gc` allows one.
 * - `handles`: timers, ports and whatever else keeps the event loop alive.
 * - `records`: task records in use, which at rest is none. `payload`: bytes of arguments in shared memory.
 * - `shared`: bytes of shared memory taken, which only grows, to the most that was ever needed.
 * - `workerHeap`: the heaps of all workers, as they last said; not collected for the sample.
 */
export type Sample = Readonly<Record<Quantity, number>>;

export function takeSample(pool: Pool): Sample {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { memory, workers } = pool.stats();
  return {
    heap: heapUsed,
    external,
    rss,
    handles: process.getActiveResourcesInfo().length,
    records: memory.records,
    payload: memory.payloadBytes,
    shared: memory.bytes,
    workerHeap: workers.reduce((sum, { heapUsed: heap }) => sum + heap, 0),
  };
}

const NAMES = Object.keys(QUANTITIES) as Quantity[];

/** A column for each quantity. */
export type Columns = Readonly<Record<Quantity, readonly number[]>>;

/**
 * Samples of a run of any length in memory that does not grow with it, lest the watcher be the leak: when it is full,
 * neighbours become one, the mean of both, and from then on so many samples make one.
 */
export class Series {
  readonly #capacity: number;
  readonly #columns: ReadonlyMap<Quantity, Float64Array>;
  /** Sums of the samples of the entry under way. */
  readonly #sums: ReadonlyMap<Quantity, Float64Array>;
  #length = 0;
  #stride = 1;
  #gathered = 0;

  /** @param capacity - entries kept, an even number; after the first halving between half of them and all. */
  constructor(capacity = 1024) {
    this.#capacity = capacity;
    this.#columns = new Map(NAMES.map((name) => [name, new Float64Array(capacity)]));
    this.#sums = new Map(NAMES.map((name) => [name, new Float64Array(1)]));
  }

  push(sample: Sample): void {
    for (const [name, sum] of this.#sums) sum[0]! += sample[name];
    if (++this.#gathered < this.#stride) return;
    if (this.#length === this.#capacity) {
      // What is gathered is half of an entry from now on.
      this.#halve();
      return;
    }
    for (const [name, sum] of this.#sums) {
      this.#columns.get(name)![this.#length] = sum[0]! / this.#gathered;
      sum[0] = 0;
    }
    this.#length++;
    this.#gathered = 0;
  }

  /** How many samples make one entry. */
  get stride(): number {
    return this.#stride;
  }

  columns(): Columns {
    const entries = [...this.#columns].map(([name, column]) => [name, [...column.subarray(0, this.#length)]]);
    return Object.fromEntries(entries) as Record<Quantity, number[]>;
  }

  #halve(): void {
    const half = this.#capacity / 2;
    for (const column of this.#columns.values()) {
      for (let i = 0; i < half; i++) column[i] = (column[2 * i]! + column[2 * i + 1]!) / 2;
    }
    this.#length = half;
    this.#stride *= 2;
  }
}
