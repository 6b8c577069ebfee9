// Children of running tasks: their records, fork, and the taking back of what nobody stole. The protocol and its argument:
// ../forks/README.md.
import {
  DQ_BOTTOM, DQ_OWN_BOTTOM, DQ_OWN_MASK, DQ_OWN_TOP, DQ_SLOTS, DQ_TOP, EMPTY, F_CANCEL, F_FN, F_PLACE, F_META,
  F_NEXT, F_OWNER, F_ROOT, F_SPILLED, F_STATE, F_UP, FORK_SHIFT, FREE, H_FORK_RECORDS, H_FORK_SLOTS, H_FORK_SPILL,
  H_FORKS, H_JOINING, H_OVERFLOWED, H_PARKED, H_SEARCHING, NOBODY, OWNER_SHIFT, PENDING, QUEUED, RETRY, SLOT_MASK,
  STATE_MASK, W_FORK_FREE, W_FORK_LISTED, W_FORK_USED, W_ID, W_ROOT, W_UP,
} from '../layout';
import { dequeInit, dequeSize, dequeSteal, room, slotOf } from './deque';
import { BASE, blockOf, header, tellCalled, wakeParked, words } from './idle';
import { ringInit, ringPublish, ringRoom, ringStage } from './rings';
import { dropStale } from './fork-steals';
import { wakeJoiner } from './joins';

/** A record with no entry in a queue and no place on the free list, until the last entry that names it is gone. */
export const LIMBO = PENDING;
/** Records listed at a time. */
const LIST_RUN = 64;

// @ts-ignore: decorator
@inline
export function recordsOf(block: usize): usize {
  return block + <usize>header(H_FORK_RECORDS);
}

// @ts-ignore: decorator
@inline
export function recordOf(block: usize, item: i32): usize {
  return recordsOf(block) + (<usize>(item & SLOT_MASK) << FORK_SHIFT);
}

// @ts-ignore: decorator
@inline
export function word(generation: i32, owner: i32, state: i32): i32 {
  return (generation & ~SLOT_MASK) | (owner << OWNER_SHIFT) | state;
}

// @ts-ignore: decorator
@inline
export function freeWord(state: i32): i32 {
  return word(state + SLOT_MASK + 1, NOBODY, FREE);
}

// @ts-ignore: decorator
@inline
function slotNumber(block: usize, at: usize): i32 {
  return <i32>((at - recordsOf(block)) >> FORK_SHIFT);
}

/** Coordinator, before a block's first thread. `start`: where the indices begin. Fresh records are 0, which is FREE. */
export function forkInit(block: usize, dequeMask: i32, spillMask: i32, start: i32): void {
  dequeInit(block + <usize>header(H_FORKS), dequeMask, start);
  ringInit(block + <usize>header(H_FORK_SPILL), spillMask, start);
}

/**
 * Owner, when its list is empty: lists free records, a few, so that memory is touched only as it is needed. The
 * first, or 0 when all are in use.
 */
export function forkAttach(block: usize): i32 {
  dropStale(block);
  const records = recordsOf(block);
  const slots = header(H_FORK_SLOTS);
  let slot = load<i32>(block, W_FORK_LISTED);
  let head = 0;
  let listed = 0;
  // Invariant: what is listed is FREE and listed once, as the list was empty.
  for (let i = 0; i < slots && listed < LIST_RUN; i++) {
    slot = slot >= slots ? 1 : slot + 1;
    // Subtle: before the record is used. Recovery looks no further than this.
    if (slot > load<i32>(block, W_FORK_USED)) atomic.store<i32>(block, slot, W_FORK_USED);
    const at = records + (<usize>slot << FORK_SHIFT);
    if ((atomic.load<i32>(at, F_STATE) & STATE_MASK) != FREE) continue;
    // Of a listed record these two are right, so that a fork need not write them.
    store<i32>(at, load<i32>(block, W_ID), F_OWNER);
    store<i32>(at, 0, F_CANCEL);
    store<i32>(at, head, F_NEXT);
    head = <i32>at;
    listed++;
  }
  store<i32>(block, slot, W_FORK_LISTED);
  store<i32>(block, head, W_FORK_FREE);
  return head;
}

/**
 * Owner. Publishes the record at the head of the free list, whose arguments are written, as a child of what is on
 * top of the stack. Its item, or 0 when neither the deque nor the spill ring has room.
 */
export function fork(block: usize, fn: i32, meta: i32, place: i32): i32 {
  const at = <usize>load<i32>(block, W_FORK_FREE);
  const deque = block + <usize>header(H_FORKS);
  let b = load<i32>(deque, DQ_OWN_BOTTOM);
  const mask = load<i32>(deque, DQ_OWN_MASK);
  if (room(deque, b, mask) <= 0 && spill(block, deque) == 0) return 0;
  store<i32>(at, fn, F_FN);
  store<i32>(at, meta, F_META);
  store<i32>(at, load<i32>(block, W_ROOT), F_ROOT);
  store<i32>(at, load<i32>(block, W_UP), F_UP);
  store<i32>(at, place, F_PLACE);
  const item = (load<i32>(at, F_STATE) & ~SLOT_MASK) | slotNumber(block, at);
  store<i32>(block, load<i32>(at, F_NEXT), W_FORK_FREE);
  // Subtle: the state comes before the entry; a thief that met the entry first would take it for stale.
  store<i32>(at, word(item, NOBODY, QUEUED), F_STATE);
  store<i32>(slotOf(deque, b, mask), item, DQ_SLOTS);
  store<i32>(deque, b + 1, DQ_OWN_BOTTOM);
  atomic.store<i32>(deque, b + 1, DQ_BOTTOM);
  wakeThief();
  return item;
}

// Somebody who sleeps, or waits in a join, may take what was published. Only the wish to be fast depends on this: the
// forking worker runs its children itself if nobody comes.
// @ts-ignore: decorator
@inline
function wakeThief(): void {
  if ((atomic.load<i32>(BASE, H_PARKED) | atomic.load<i32>(BASE, H_JOINING)) != 0 || words() > 1) wakeSlow();
}

function wakeSlow(): void {
  const n = words();
  for (let i = 0; i < n; i++) {
    if (atomic.load<i32>(BASE + (<usize>i << 2), H_SEARCHING) != 0) return;
  }
  if (wakeParked(n) != 0) {
    tellCalled();
    return;
  }
  for (let i = 0; i < n; i++) {
    const joining = atomic.load<i32>(BASE + (<usize>i << 2), H_JOINING);
    if (joining == 0) continue;
    wakeJoiner(blockOf((i << 5) + ctz(joining)));
    return;
  }
}

// The older half of a full deque goes to the spill ring. 1: there is room in the deque now.
function spill(block: usize, deque: usize): i32 {
  const ring = block + <usize>header(H_FORK_SPILL);
  const most = min((dequeSize(deque) + 1) >> 1, ringRoom(ring));
  let moved = 0;
  // Invariant: `moved` children are staged, not visible, and QUEUED: their joiner, the caller, claims them by itself.
  while (moved < most) {
    const item = dequeSteal(deque);
    if (item == EMPTY) break;
    if (item == RETRY) continue;
    // Subtle: before the entry shows. Whoever takes it makes it 0 again, and until then the record is not used again. The
    // item, not 1: a taker that has slept through the death of this worker must not take the next one's mark away.
    atomic.store<i32>(recordOf(block, item), item, F_SPILLED);
    ringStage(ring, item);
    moved++;
  }
  if (moved > 0) {
    ringPublish(ring);
    // After it: see `anySpilled`.
    atomic.store<i32>(BASE, 1, H_OVERFLOWED);
  }
  return i32(room(deque, load<i32>(deque, DQ_OWN_BOTTOM), load<i32>(deque, DQ_OWN_MASK)) > 0);
}

/**
 * Owner: takes its newest child back if that is `item`, at this place. 1: then it is the caller's, its record is free and
 * keeps its contents until the next fork. 0: something else is newest, or a thief was faster.
 */
export function take(block: usize, item: i32, place: i32): i32 {
  const deque = block + <usize>header(H_FORKS);
  const end = load<i32>(deque, DQ_OWN_BOTTOM);
  if (end == load<i32>(deque, DQ_OWN_TOP)) return 0;
  const b = end - 1;
  if (load<i32>(slotOf(deque, b, load<i32>(deque, DQ_OWN_MASK)), DQ_SLOTS) != item) return 0;
  const at = recordOf(block, item);
  if (load<i32>(at, F_PLACE) != place) return 0;
  // As in dequePop.
  atomic.store<i32>(deque, b, DQ_BOTTOM);
  const t = atomic.load<i32>(deque, DQ_TOP);
  if (b - t > 0) {
    store<i32>(deque, b, DQ_OWN_BOTTOM);
  } else {
    const won = b == t && atomic.cmpxchg<i32>(deque, t, t + 1, DQ_TOP) == t;
    atomic.store<i32>(deque, end, DQ_BOTTOM);
    store<i32>(deque, end, DQ_OWN_TOP);
    if (!won) return 0;
  }
  // Subtle: plain. Nobody else can hold this item: it was in the deque, once, and the pop has it.
  store<i32>(at, freeWord(item), F_STATE);
  list(block, at);
  return 1;
}

// @ts-ignore: decorator
@inline
export function list(block: usize, at: usize): void {
  store<i32>(at, load<i32>(block, W_FORK_FREE), F_NEXT);
  store<i32>(block, <i32>at, W_FORK_FREE);
}
