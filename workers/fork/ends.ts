/**
 * Frames that end with children they have not joined.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, mapDelete, mapGet } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import type { ForkState } from './state.ts';

/** What can be done with a child that is not wanted. */
export interface Ends {
  /** Nobody will read a result of it. */
  release(record: number): void;
  /** It has ended, or never ran. */
  forget(record: number): void;
  waitForEnd(record: number, item: number): void;
}

/**
 * Ends the children of the frame on top, and of those that were above it: `open` of them. Those that have not started
 * never do; the others are asked to stop and waited for: no child outlives its parent.
 */
export function endFrames(state: ForkState, open: number, ends: Ends): void {
  const { core, block, i32, depth } = state;
  let ended = dropLocal(state, depth);
  for (let frame = newestFrame(state); frame >= depth; frame = newestFrame(state)) {
    const item = core.forkPop(block, frame);
    if (item === 0) break;
    ends.release(state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT));
    ended++;
  }
  // Many frames may end by one error: only those whose children are not all on the deque look at every record.
  if (ended === open) return;
  const me = i32[(block + L.W_ID) >> 2]!;
  const used = i32[(block + L.W_FORK_USED) >> 2]!;
  const running: number[] = [];
  // Subtle: those that wait before those that run. Who is asked to stop goes on with what is not dropped yet.
  for (let slot = 1; slot <= used; slot++) {
    const record = state.records + (slot << L.FORK_SHIFT);
    const word = Atomics.load(i32, record >> 2);
    if (i32[(record + L.F_FRAME) >> 2]! < depth || !isOpen(word)) continue;
    // Kept for a thread that still runs what it stole from one that had this block before, or that is stuck.
    if ((word & L.STATE_MASK) === L.CANCELLED && ((word >> L.OWNER_SHIFT) & L.OWNER_MASK) !== me) continue;
    const item = (word & ~L.SLOT_MASK) | slot;
    mapDelete(state.early, item);
    const seen = word & L.STATE_MASK;
    if (seen === L.QUEUED ? core.forkDrop(block, record, item) === L.QUEUED : seen >= L.DONE)
      ends.forget(record);
    else running[running.length] = item;
  }
  for (let i = 0; i < running.length; i++) {
    const item = running[i]!;
    core.forkDrop(block, state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT), item);
  }
  for (let i = 0; i < running.length; i++) {
    const item = running[i]!;
    const record = state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
    ends.waitForEnd(record, item);
    ends.forget(record);
  }
}

// Subtle: from the newest on. A stack that overflowed may have had 10^5 frames, each with one, and each ends by itself.
function dropLocal({ local, localOrder }: ForkState, depth: number): number {
  let dropped = 0;
  for (let i = localOrder.length - 1; i >= 0; i--) {
    const handle = localOrder[i]!;
    const child = mapGet(local, handle);
    if (child !== undefined && child.frame < depth) break;
    if (child !== undefined) {
      mapDelete(local, handle);
      dropped++;
    }
    localOrder.length = i;
  }
  return dropped;
}

// The frame of the newest child on the own deque, or -1.
function newestFrame({ i32, block, records }: ForkState): number {
  const deque = block + i32[(L.HEADER + L.H_FORKS) >> 2]!;
  const end = i32[(deque + L.DQ_OWN_BOTTOM) >> 2]!;
  if (end === i32[(deque + L.DQ_OWN_TOP) >> 2]!) return -1;
  const place = (end - 1) & i32[(deque + L.DQ_OWN_MASK) >> 2]!;
  const item = i32[(deque + L.DQ_SLOTS + place * 4) >> 2]!;
  return i32[(records + ((item & L.SLOT_MASK) << L.FORK_SHIFT) + L.F_FRAME) >> 2]!;
}

/** In use, and not kept from use only for an entry that names it. */
export function isOpen(word: number): boolean {
  const state = word & L.STATE_MASK;
  if (state === L.FREE) return false;
  return state !== L.PENDING || ((word >> L.OWNER_SHIFT) & L.OWNER_MASK) !== L.NOBODY;
}
