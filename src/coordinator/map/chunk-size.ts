/**
 * How many inputs of a `map` go to a worker together. Pure policy: it hears how long chunks took, and has no clock.
 *
 * @module
 */
import * as L from '../../memory/layout.ts';

/** The work of one chunk, us: some hundred times what a task costs, and what an idle worker waits for at most. */
const TARGET_US = 100;
/** A chunk's own cost is then a few nanoseconds an item. */
export const MOST_ITEMS = 512;
/** So much at once, because a few items say little about many. */
const GROWTH = 4;
/** Of items that go alone, each so many-th goes as a chunk of one, to be measured. */
const PROBE = 16;
/** An outcome with more bytes goes back alone. */
const LARGEST_OUTCOME = 4096;
/** The default window ends here: beyond, more workers than can be fed. */
export const LARGEST_WINDOW = 8192;
/** Chunks for each worker in the default window: one that it runs, one that waits, two being filled or consumed. */
const CHUNKS_A_WORKER = 4;

/** What is known of a chunk that has ended. */
export interface Answer {
  /** Items that ran. */
  readonly items: number;
  /** How long they ran, ms. */
  readonly ms: number;
  /** Why no more did (`WHY_`). */
  readonly why: number;
  /** Bytes of the outcome that had no room in the chunk; 0 when bytes were not the reason. */
  readonly lacked: number;
}

export class ChunkSize {
  readonly #workers: number;
  readonly #given: number | undefined;
  readonly #most: number;
  #us = Number.POSITIVE_INFINITY;
  #size = 1;
  /** As many as fitted into the bytes of a chunk lately. */
  #fitting: number = MOST_ITEMS;
  #never = false;
  #alone = 0;
  #outcomeBytes = 0;

  /** @param window inputs taken and not yielded at most, if the caller said so */
  constructor(workers: number, window: number | undefined) {
    this.#workers = workers;
    this.#given = window;
    // Half of a worker's share of the window: while it runs one, another can wait for it.
    const share = Math.floor((window ?? LARGEST_WINDOW) / (2 * workers));
    this.#most = Math.max(1, Math.min(MOST_ITEMS, share));
  }

  /** Items of the next chunk. */
  get size(): number {
    return Math.min(this.#size, this.#fitting);
  }

  /** Inputs taken and not yielded, at most. */
  get window(): number {
    const { size } = this;
    const chunks = size > 1 ? CHUNKS_A_WORKER * this.#workers * size : 0;
    return this.#given ?? Math.max(16, 4 * this.#workers, Math.min(LARGEST_WINDOW, chunks));
  }

  /** Whether the caller left it open. */
  get isDefault(): boolean {
    return this.#given === undefined;
  }

  /** Room for the outcome of each item, bytes. */
  get outcomeBytes(): number {
    return this.#outcomeBytes;
  }

  /** Whether the next item is to be a task of its own, which costs less than a chunk of one but is not measured. */
  goesAlone(): boolean {
    if (this.#never) return true;
    if (this.#us < TARGET_US || this.#us === Number.POSITIVE_INFINITY) return false;
    this.#alone = (this.#alone + 1) % PROBE;
    return this.#alone !== 0;
  }

  /** A chunk has ended. */
  answered({ items, ms, why, lacked }: Answer): void {
    if (items === 0) return;
    if (why === L.WHY_PROMISE) {
      this.promised();
      return;
    }
    if (why === L.WHY_ROOM && (lacked === 0 || lacked > LARGEST_OUTCOME)) {
      this.slow();
      return;
    }
    this.#outcomeBytes = Math.max(this.#outcomeBytes, lacked);
    const us = (ms * 1000) / items;
    // Slower is believed at once, faster by half: a long item must not find many behind it.
    this.#us = us > this.#us || this.#us === Number.POSITIVE_INFINITY ? us : (this.#us + us) / 2;
    const wanted = Math.floor(TARGET_US / Math.max(this.#us, 0.01));
    this.#size = Math.max(1, Math.min(wanted, this.#size * GROWTH, this.#most));
  }

  /** So many filled the bytes of a chunk; or, when all that were wanted fitted, `undefined`. */
  filled(items: number | undefined): void {
    this.#fitting = items === undefined ? Math.min(MOST_ITEMS, this.#fitting * 2) : Math.max(1, items);
  }

  /** The function returned a promise: such an item would hold up those behind it. */
  promised(): void {
    this.#never = true;
    this.#size = 1;
  }

  /** An item takes long, or its outcome is large. */
  slow(): void {
    this.#us = TARGET_US;
    this.#size = 1;
  }
}
