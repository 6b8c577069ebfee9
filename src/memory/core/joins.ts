// The end of a child that another worker ran, and the sleep of its joiner. The protocol: ../forks/README.md.
import {
  CANCELLED, DONE, DQ_BOTTOM, DQ_MASK, DQ_SLOTS, DQ_TOP, F_META, F_OWNER, F_ROOT, F_STATE, FORK_AWAITED, H_BLOCKS,
  H_FORKS, H_JOINING, H_SEARCHING, QUEUED, STATE_MASK, W_ID, W_PARK, W_ROOT,
} from '../layout';
import { slotOf } from './deque';
import { BASE, blockOf, endSearch, header, ping } from './idle';
import { freeWord, recordOf, word } from './forks';

/**
 * Who runs the child: publishes its end and wakes the joiner. `from` is the whole state word of the attempt. 0: nobody
 * waits for it any more.
 */
export function forkFinish(at: usize, from: i32, to: i32): i32 {
  // Subtle: read before the end shows. After it the record is its owner's, who may use it again.
  const owner = blockOf(load<i32>(at, F_OWNER));
  const awaited = load<i32>(at, F_META) & FORK_AWAITED;
  if (atomic.cmpxchg<i32>(at, from, (from & ~STATE_MASK) | to, F_STATE) != from) {
    // Its joiner is dead, and the record was kept for the sake of this thread.
    const orphan = (from & ~STATE_MASK) | CANCELLED;
    atomic.cmpxchg<i32>(at, orphan, freeWord(from), F_STATE);
    return 0;
  }
  if (awaited != 0) ping(owner);
  else wakeJoiner(owner);
  return 1;
}

// @ts-ignore: decorator
@inline
export function joinBit(block: usize): i32 {
  return 1 << (load<i32>(block, W_ID) & 31);
}

// @ts-ignore: decorator
@inline
export function joinWord(block: usize): usize {
  return BASE + (<usize>(load<i32>(block, W_ID) >> 5) << 2);
}

// Costs one load when it does not sleep. A late 1 in W_PARK is a wake for nothing, as that of a ping.
export function wakeJoiner(block: usize): void {
  const at = joinWord(block);
  const bit = joinBit(block);
  if ((atomic.load<i32>(at, H_JOINING) & bit) == 0) return;
  if ((atomic.and<i32>(at, ~bit, H_JOINING) & bit) == 0) return;
  atomic.store<i32>(block, 1, W_PARK);
  atomic.notify(block + W_PARK, -1);
}

/**
 * Owner, which has nothing to do but wait for a child that another worker runs. 1: sleep on W_PARK while it is 0, then
 * call `joinUnpark`. 0: the child is over, or there is something to help with.
 */
export function joinPark(block: usize, at: usize): i32 {
  const mask = joinWord(block);
  const bit = joinBit(block);
  atomic.store<i32>(block, 0, W_PARK);
  atomic.or<i32>(mask, bit, H_JOINING);
  // Subtle: the Dekker pair, as in `park`: set the bit, then look; end or publish, then look for the bit.
  const state = atomic.load<i32>(at, F_STATE) & STATE_MASK;
  if (state == QUEUED || state >= DONE || anyFork(block, load<i32>(block, W_ROOT)) != 0) {
    atomic.and<i32>(mask, ~bit, H_JOINING);
    // Subtle: as before, so that a late waker sees that it wakes nobody.
    atomic.store<i32>(block, 1, W_PARK);
    stopSearching(block);
    return 0;
  }
  return 1;
}

export function joinUnpark(block: usize): void {
  atomic.and<i32>(joinWord(block), ~joinBit(block), H_JOINING);
  stopSearching(block);
}

// A waker that won this worker's parked bit, before a ping roused it, may have found the 0 of `joinPark` in W_PARK: it takes
// the joiner for one that searches from now on. It does not, and publishers would keep silent for as long as it runs.
function stopSearching(block: usize): void {
  if ((atomic.load<i32>(joinWord(block), H_SEARCHING) & joinBit(block)) != 0) endSearch(block);
}

// A child of `root` on top of another worker's deque?
function anyFork(block: usize, root: i32): i32 {
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  const me = load<i32>(block, W_ID);
  for (let i = 0; i < blocks; i++) {
    if (i == me) continue;
    const deque = blockOf(i) + <usize>header(H_FORKS);
    const t = atomic.load<i32>(deque, DQ_TOP);
    if (atomic.load<i32>(deque, DQ_BOTTOM) - t <= 0) continue;
    const item = load<i32>(slotOf(deque, t, load<i32>(deque, DQ_MASK)), DQ_SLOTS);
    if (load<i32>(recordOf(blockOf(i), item), F_ROOT) == root) return 1;
  }
  return 0;
}
