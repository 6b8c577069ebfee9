/**
 * What a stolen child can learn about itself while it runs.
 *
 * @module
 */

import { MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import type { Context } from '../context.ts';
import { type ForkState, isCancelled } from './state.ts';

export class ForkContext implements Context {
  readonly worker: number;
  readonly record: number;
  readonly #state: ForkState;
  /** The child's state word, which no other child in this record has had. */
  readonly word: number;
  readonly #rootCancelAt: number;
  #controller: AbortController | undefined;

  constructor(state: ForkState, worker: number, record: number) {
    this.worker = worker;
    this.record = record;
    this.#state = state;
    this.word = state.i32[record >> 2]!;
    this.#rootCancelAt = state.rootCancelAt;
  }

  get cancelled(): boolean {
    const { i32 } = this.#state;
    // Subtle: once the child is over its record is another's.
    if ((i32[this.record >> 2]! ^ this.word) & ~L.SLOT_MASK) return true;
    return i32[this.#rootCancelAt] !== 0 || isCancelled(this.#state, this.record);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.cancelled && !this.#controller.signal.aborted) {
      this.#controller.abort(new MillraceError('ERR_CANCELLED', 'The task was asked to stop.'));
    }
    return this.#controller.signal;
  }
}
