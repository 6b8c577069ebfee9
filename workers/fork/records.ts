/**
 * Giving back the records of published children, by the thread that forked them.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import type { ForkState } from './state.ts';
import { lentBy } from './values.ts';

/** Gives back what holds arguments that did not fit into the record. */
export function freeArguments(state: ForkState, record: number): void {
  const { i32, arena } = state;
  if ((i32[(record + L.F_META) >> 2]! & L.FORK_ENCODED) !== 0) arena!.free(i32[(record + L.F_PAYLOAD) >> 2]!);
}

/** Its child has been claimed here, or its end has been read. */
export function release(state: ForkState, record: number): void {
  freeArguments(state, record);
  state.core.forkFree(state.block, record);
}

/** Its child has ended, or never ran, and nobody will read its end. */
export function forget(state: ForkState, record: number): void {
  const seen = Atomics.load(state.i32, record >> 2) & L.STATE_MASK;
  const lent = seen === L.DONE || seen === L.FAILED ? lentBy(state, record) : 0;
  if (lent !== 0) state.shares!.takeBack(lent);
  release(state, record);
}
