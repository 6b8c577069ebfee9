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
  /** How long a thread must have been ready for its failure to count as the first, ms. Default 10000. */
  readonly stableAfter?: number;
  /** After how many starts in a row that never became ready nothing is tried any more. Default 3. */
  readonly maxStartFailures?: number;
}

export type RespawnDecision =
  /** Start the next thread after `delay` milliseconds. */
  | { readonly action: 'respawn'; readonly delay: number }
  /** Stop: `error` is `ERR_POOL_FAILED`, its cause the last start failure. */
  | { readonly action: 'give-up'; readonly error: MillraceError };

/** Decides for one worker number, over all threads that held it. */
export class RespawnPolicy {
  readonly #now: () => number;
  readonly #initialDelay: number;
  readonly #maxDelay: number;
  readonly #stableAfter: number;
  readonly #maxStartFailures: number;
  #readySince: number | undefined;
  #failures = 0;
  #startFailures = 0;

  /** @param now a monotonic clock, ms */
  constructor(now: () => number, options: RespawnOptions = {}) {
    this.#now = now;
    this.#initialDelay = options.initialDelay ?? 20;
    this.#maxDelay = options.maxDelay ?? 5_000;
    this.#stableAfter = options.stableAfter ?? 10_000;
    this.#maxStartFailures = options.maxStartFailures ?? 3;
  }

  /** The thread became ready. */
  ready(): void {
    this.#readySince = this.#now();
    this.#startFailures = 0;
  }

  /** The thread is gone. An end the coordinator wanted is no failure, and its successor need not wait. */
  ended(exit: ThreadExit): RespawnDecision {
    const wasReady = this.#readySince !== undefined;
    const stable = wasReady && this.#now() - this.#readySince! >= this.#stableAfter;
    this.#readySince = undefined;
    if (stable) this.#failures = 0;
    if (exit.reason === 'returned' || exit.reason === 'killed') return { action: 'respawn', delay: 0 };
    if (exit.reason === 'not-started') {
      this.#startFailures += 1;
      if (this.#startFailures >= this.#maxStartFailures) return this.#giveUp(exit.error);
    }
    const delay = Math.min(this.#initialDelay * 2 ** this.#failures, this.#maxDelay);
    this.#failures += 1;
    return { action: 'respawn', delay };
  }

  #giveUp(cause: Error): RespawnDecision {
    const text = `${this.#startFailures} worker threads in a row did not become ready; the last: ${cause.message}`;
    return { action: 'give-up', error: new MillraceError('ERR_POOL_FAILED', text, { cause }) };
  }
}
