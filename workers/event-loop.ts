/**
 * Whether this thread's event loop has anything to do, and with it whether the thread may block.
 *
 * @module
 */
import { clearInterval, setInterval } from './primordials.ts';

/** Timers, sockets, file requests: everything Node knows of that keeps an event loop going. */
const active = (): number => process.getActiveResourcesInfo().length;

export class EventLoopWatch {
  /** What is there without any task. */
  #baseline = 0;
  /** Tasks ran, or the thread woke, since the loop last went round. */
  #untouched = false;

  /** To be called before the first task, right after a turn of the loop. */
  calibrate(): void {
    this.#baseline = active();
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
      process.stdout.writableLength > 0 || process.stderr.writableLength > 0 || active() > this.#baseline
    );
  }

  /** Keeps the thread's event loop alive while it waits for a word in shared memory, which alone would not. */
  hold(): () => void {
    const timer = setInterval(() => {}, 2 ** 30);
    return () => clearInterval(timer);
  }
}
