/**
 * How many tasks were accepted and how each ended; and what keeps the process alive while any is outstanding.
 *
 * @module
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';

export type Ending = 'completed' | 'failed' | 'cancelled';

/** What a task's handle learns of its end. */
export interface Endable {
  readonly chunk: { ended: Ending | undefined } | undefined;
}

export class Ledger {
  readonly #keepAlive: MessagePort;
  readonly #onDrained: () => void;
  submitted = 0;
  completed = 0;
  failed = 0;
  cancelled = 0;
  /** Accepted and not settled. */
  pending = 0;

  constructor(onDrained: () => void) {
    this.#onDrained = onDrained;
    // Subtle: a wait on shared memory keeps no process alive. A referenced port does, and costs nothing else.
    this.#keepAlive = new MessageChannel().port1;
    this.#keepAlive.unref();
  }

  accepted(): void {
    this.submitted++;
    if (this.pending++ === 0) this.#keepAlive.ref();
  }

  /** Of a chunk, whose items are counted and not it, `handle` learns how it ended. */
  ended(how: Ending, handle?: Endable): void {
    if (handle?.chunk !== undefined) {
      handle.chunk.ended = how;
      return;
    }
    this[how]++;
    if (--this.pending === 0) {
      this.#keepAlive.unref();
      this.#onDrained();
    }
  }

  close(): void {
    this.#keepAlive.close();
  }
}
