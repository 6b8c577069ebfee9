/**
 * Whether this thread's event loop has anything to do, and with it whether the thread may block.
 *
 * @module
 */
import { clearInterval, setInterval } from './primordials.ts';

export class EventLoopWatch {
  /** What is there without any task or task module. */
  readonly #baseline: number;
  readonly #active: () => number;
  /** Tasks ran, or the thread woke, since the loop last went round. */
  #untouched = false;
  #mayMoveData = false;

  /**
   * @param baseline what keeps the loop going that is the runtime's own
   * @param active what keeps it going now: timers, sockets, file requests, everything Node knows of
   */
  constructor(baseline: number, active: () => number = () => process.getActiveResourcesInfo().length) {
    this.#baseline = baseline;
    this.#active = active;
  }

  /**
   * Something was moved between threads. A moved stream goes on through a port that keeps no loop going, and nothing
   * says when it ends: from now on the loop stays alive while this thread waits.
   */
  movesData(): void {
    this.#mayMoveData = true;
  }

  touched(): void {
    this.#untouched = false;
  }

  turned(): void {
    this.#untouched = true;
  }

  /** Before blocking the loop goes round once, so that what the last tasks left behind shows itself. */
  mustTurn(): boolean {
    return !this.#untouched;
  }

  /** A timer, a socket, or output that is not flushed: blocking would freeze it. */
  busy(): boolean {
    return (
      this.#mayMoveData ||
      process.stdout.writableLength > 0 ||
      process.stderr.writableLength > 0 ||
      this.#active() > this.#baseline
    );
  }

  /** Keeps the thread's event loop alive while it waits for a word in shared memory, which alone would not. */
  hold(): () => void {
    const timer = setInterval(() => {}, 2 ** 30);
    return () => clearInterval(timer);
  }
}
