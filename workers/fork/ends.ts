/**
 * Children that end because their parent does, without having joined them.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import type { Children } from './children.ts';
import { forget, freeArguments } from './records.ts';
import type { ForkState } from './state.ts';
import type { Waiting } from './waiting.ts';

/**
 * Ends the published children at these places, newest first. Those that have not started never do; the others are asked
 * to stop and waited for: no child outlives its parent.
 *
 * What has ended has no item any more, so that it can be called again when the stack overflows in it.
 */
export function endChildren(
  state: ForkState,
  children: Children,
  places: readonly number[],
  waiting: Waiting,
): void {
  const { core, block, i32 } = state;
  const { floor } = children;
  const running: number[] = [];
  // Subtle: those that wait before those that run. Who is asked to stop goes on with what is not dropped yet.
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    const item = children.items[place]!;
    if (item === 0) continue;
    const record = state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
    if (core.take(block, item, place + 1) !== 0) {
      children.items[place] = 0;
      freeArguments(state, record);
      continue;
    }
    const seen = stateOf(i32, record, item, place);
    if (seen === L.QUEUED ? core.forkDrop(block, record, item) === L.QUEUED : seen >= L.DONE) {
      children.items[place] = 0;
      forget(state, record);
    } else if (seen === L.FREE) children.items[place] = 0;
    else if (ownerOf(i32, record) === i32[(block + L.W_ID) >> 2]) {
      // Claimed here, and the stack overflowed before it ran.
      children.items[place] = 0;
      forget(state, record);
    } else running[running.length] = place;
  }
  for (let i = 0; i < running.length; i++) {
    const item = children.items[running[i]!]!;
    core.forkDrop(block, state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT), item);
  }
  // Subtle: as for a join. Newest first: the others are below.
  if (running.length > 0) children.floor = running[0]! + 1;
  try {
    for (let i = 0; i < running.length; i++) {
      const place = running[i]!;
      const item = children.items[place]!;
      const record = state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
      waiting.untilEnd(record, item);
      children.items[place] = 0;
      forget(state, record);
    }
  } finally {
    children.floor = floor;
  }
}

function ownerOf(i32: Int32Array, record: number): number {
  return (Atomics.load(i32, record >> 2) >> L.OWNER_SHIFT) & L.OWNER_MASK;
}

// FREE also when the stack overflowed before the record became this child's.
function stateOf(i32: Int32Array, record: number, item: number, place: number): number {
  const word = Atomics.load(i32, record >> 2);
  const isThat = ((word ^ item) & ~L.SLOT_MASK) === 0 && i32[(record + L.F_PLACE) >> 2] === place + 1;
  return isThat ? word & L.STATE_MASK : L.FREE;
}
