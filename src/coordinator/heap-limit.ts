/**
 * Whether `softHeapLimit` leaves the workers room to work in.
 *
 * @module
 */
import { expected } from '../errors.ts';

/** So many replacements in a row of threads that had hardly begun are worth a warning. */
const HURRIED = 4;

export class SoftHeapLimit {
  readonly #limit: number;
  /** Bytes a worker used before it ran anything. */
  #base = 0;
  #warned = false;

  /** @param limit bytes; 0: none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A worker has run nothing yet and uses so many bytes. What is wrong with that, if anything. */
  began(heapUsed: number): Error | undefined {
    this.#base = heapUsed;
    if (heapUsed <= this.#limit) return undefined;
    const more = `more than the ${heapUsed} bytes of heap a worker uses before it runs any task`;
    return expected('softHeapLimit', more, this.#limit);
  }

  /**
   * A worker that used so many bytes is replaced, and before it `inARow` others were, soon after their start. A limit
   * that leaves tasks no room makes the pool crawl, and nothing else would say why.
   */
  replaced(worker: number, inARow: number, used: number): void {
    if (inARow < HURRIED || this.#warned || this.#limit === 0 || used <= this.#limit) return;
    this.#warned = true;
    process.emitWarning(
      `Worker ${worker} has reached \`softHeapLimit\` (${this.#limit} bytes) ${inARow} times in a row soon after its start, and is replaced with growing pauses. A worker that has run nothing uses ${this.#base} bytes already. Raise the limit, or look for what the tasks leave behind.`,
      'MillraceWarning',
    );
  }
}
