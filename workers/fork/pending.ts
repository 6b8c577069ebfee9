/**
 * Children this worker has begun whose functions have returned promises.
 *
 * @module
 */
import {
  // biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
  Atomics,
  letGo,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  NativePromise,
  subscribe,
} from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import { askedToStop } from '../context.ts';
import type { ForkContext } from './fork-context.ts';
import { notAwaited } from './stack.ts';
import type { ForkState } from './state.ts';
import { publishEnd } from './stolen.ts';
import { writeError, writeResult } from './values.ts';

interface Pending {
  /** Its state word, which nobody but this worker changes as long as somebody waits. */
  readonly word: number;
  readonly context: ForkContext;
}

export class PendingChildren {
  readonly #state: ForkState;
  readonly #pending = new Map<number, Pending>();

  constructor(state: ForkState) {
    this.#state = state;
  }

  /** `running`: the state word of the attempt. */
  add(record: number, running: number, context: ForkContext, promise: PromiseLike<unknown>): void {
    const state = this.#state;
    const word = state.core.forkSuspend(record, running);
    const settled = NativePromise.resolve(promise);
    if (word === 0) {
      letGo(settled);
      state.core.forkFinish(record, running, L.CANCELLED);
      return;
    }
    const mine: Pending = { word, context };
    mapSet(this.#pending, record, mine);
    state.pending++;
    subscribe(
      settled,
      (value) => this.#settle(record, mine, value, false),
      (error) => this.#settle(record, mine, error, true),
    );
  }

  #settle(record: number, mine: Pending, value: unknown, failed: boolean): void {
    if (mapGet(this.#pending, record) !== mine) return;
    const state = this.#state;
    const rest = mine.word & ~L.STATE_MASK;
    const open = state.slow!.awaited.openOf(mine.context);
    if (open > 0) {
      void this.#endChildren(record, mine, value, failed);
      return;
    }
    this.#remove(record);
    let end: number = failed ? L.FAILED : L.DONE;
    try {
      if (failed) writeError(state, record, rest | L.FAILED, value);
      else writeResult(state, record, rest | L.DONE, value);
    } catch (error) {
      end = L.FAILED;
      writeError(state, record, rest | L.FAILED, error);
    }
    publishEnd(state, record, mine.word, end);
    state.poke();
  }

  async #endChildren(record: number, mine: Pending, value: unknown, failed: boolean): Promise<void> {
    await this.#state.slow!.awaited.end(mine.context);
    if (failed) this.#settle(record, mine, value, true);
    else this.#settle(record, mine, notAwaited(), true);
  }

  #remove(record: number): void {
    mapDelete(this.#pending, record);
    this.#state.pending--;
    this.#state.onAsyncEnd();
  }

  /** Those that were asked to stop are let go: their signals fire, their later end is nobody's. */
  release(): void {
    const state = this.#state;
    mapForEach(this.#pending, (mine, record) => {
      if (!mine.context.cancelled && Atomics.load(state.i32, record >> 2) === mine.word) return;
      this.#remove(record);
      mine.context.abort();
      void state.slow!.awaited.end(mine.context);
      const error = askedToStop();
      writeError(state, record, (mine.word & ~L.STATE_MASK) | L.FAILED, error);
      state.core.forkFinish(record, mine.word, L.FAILED);
    });
  }
}
