/**
 * When a worker number gets its next thread. A thread costs some 20 ms to start: replacing one that ends at once, at
 * once, would do nothing else.
 *
 * @module
 */
import { MillraceError } from '../../errors.ts';
import type { ThreadExit } from './exit.ts';

export interface RespawnOptions {
  /** Wait before the first replacement after a failure, ms; each further failure doubles it. Default 20. */
  readonly initialDelay?: number;
  /** The longest wait, ms. Default 5000. */
  readonly maxDelay?: number;
  /**
   * How long a thread must have been ready for its end to count as the first, ms: to start another takes a few per cent
   * of that. And the longest wait for the successor of one that was ready. Default 1000.
   */
  readonly stableAfter?: number;
  /** After how many starts in a row that never became ready nothing is tried any more. Default 3. */
  readonly maxStartFailures?: number;
  /**
   * The same for those that said nothing, by which alone nobody can tell a module that ends its thread from a thread
   * that was killed from outside. Default 10, some ten seconds.
   */
  readonly maxUnexplained?: number;
}

export type RespawnDecision =
  /** Start the next thread after `delay` milliseconds. */
  | {
      readonly action: 'respawn';
      readonly delay: number;
      /** How many threads in a row did not live long enough; this one counts. 0: it did. */
      readonly inARow: number;
    }
  /** Stop: `error` is `ERR_POOL_FAILED`, its cause the last start failure. */
  | { readonly action: 'give-up'; readonly error: MillraceError };

/** Decides for one worker number, over all threads that held it. */
export class RespawnPolicy {
  readonly #now: () => number;
  readonly #initialDelay: number;
  readonly #maxDelay: number;
  readonly #stableAfter: number;
  readonly #maxStartFailures: number;
  readonly #maxUnexplained: number;
  #readySince: number | undefined;
  #failures = 0;
  /** In a row; those that said why apart from those that did not. */
  #startFailures = 0;
  #unexplained = 0;

  /** @param now a monotonic clock, ms */
  constructor(now: () => number, options: RespawnOptions = {}) {
    this.#now = now;
    this.#initialDelay = options.initialDelay ?? 20;
    this.#maxDelay = options.maxDelay ?? 5_000;
    this.#stableAfter = options.stableAfter ?? 1_000;
    this.#maxStartFailures = options.maxStartFailures ?? 3;
    this.#maxUnexplained = options.maxUnexplained ?? 10;
  }

  /** The thread has loaded the task modules. */
  ready(): void {
    this.#readySince = this.#now();
  }

  /**
   * The thread is gone. An end the coordinator wanted is no failure, and its successor need not wait; nor need that
   * of a thread that asked to be replaced, unless it did so at once.
   */
  ended(exit: ThreadExit): RespawnDecision {
    // One that was ready may still have failed to start: its loop did not begin.
    if (this.#readySince !== undefined && exit.reason !== 'not-started') {
      this.#startFailures = 0;
      this.#unexplained = 0;
    }
    const wasReady = this.#readySince !== undefined;
    const stable = this.#readySince !== undefined && this.#now() - this.#readySince >= this.#stableAfter;
    this.#readySince = undefined;
    if (stable) this.#failures = 0;
    if (exit.reason === 'killed' || (exit.reason === 'returned' && stable))
      return { action: 'respawn', delay: 0, inARow: 0 };
    if (exit.reason === 'not-started') {
      if (exit.unexplained) this.#unexplained += 1;
      else this.#startFailures += 1;
      const spent =
        this.#startFailures >= this.#maxStartFailures || this.#unexplained >= this.#maxUnexplained;
      if (spent) return this.#giveUp(exit.error);
    }
    const most = wasReady ? Math.min(this.#stableAfter, this.#maxDelay) : this.#maxDelay;
    const delay = Math.min(this.#initialDelay * 2 ** this.#failures, most);
    this.#failures += 1;
    return { action: 'respawn', delay, inARow: this.#failures };
  }

  #giveUp(cause: Error): RespawnDecision {
    const text = `${this.#startFailures + this.#unexplained} worker threads in a row did not become ready; the last: ${cause.message}`;
    return { action: 'give-up', error: new MillraceError('ERR_POOL_FAILED', text, { cause }) };
  }
}
