/**
 * What a stolen child can learn about itself while it runs.
 *
 * @module
 */

import * as L from '../../src/memory/layout.ts';
import { askedToStop, type Context } from '../context.ts';
import { type ForkState, isCancelled } from './state.ts';

export class ForkContext implements Context {
  readonly worker: number;
  readonly record: number;
  /** Of the submitted task it descends from: generation and slot. */
  readonly reference: number;
  readonly #state: ForkState;
  readonly #word: number;
  readonly #rootCancelAt: number;
  #controller: AbortController | undefined;

  constructor(state: ForkState, record: number) {
    this.worker = state.worker;
    this.record = record;
    this.reference = state.i32[(record + L.F_ROOT) >> 2]!;
    this.#state = state;
    this.#word = state.i32[record >> 2]!;
    this.#rootCancelAt = state.rootCancelAt;
  }

  /** Whether it is that of the child that has this record now. */
  isOf(record: number): boolean {
    return this.record === record && ((this.#state.i32[record >> 2]! ^ this.#word) & ~L.SLOT_MASK) === 0;
  }

  get cancelled(): boolean {
    const { i32 } = this.#state;
    // Subtle: once the child is over its record is another's.
    if (!this.isOf(this.record)) return true;
    return i32[this.#rootCancelAt] !== 0 || isCancelled(this.#state, this.record);
  }

  /** Fires the signal, if the child has looked at it. */
  abort(): void {
    if (this.#controller !== undefined) void this.signal;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.cancelled && !this.#controller.signal.aborted) {
      this.#controller.abort(askedToStop());
    }
    return this.#controller.signal;
  }
}
