// Children that another worker takes, or that are claimed by their record alone. The protocol: ../forks/README.md.
import {
  CANCELLED, CLAIMED, DQ_BOTTOM, DQ_MASK, DQ_OWN_BOTTOM, DQ_OWN_TOP, DQ_SLOTS, DQ_TOP, EMPTY, F_CANCEL,
  F_META, F_OWNER, F_RESULT_KIND, F_ROOT, F_SPILLED, F_STATE, F_STUCK, FAILED, FORK_AWAITED, FORK_ENCODED,
  FORK_SHARED, H_BLOCKS, H_FORK_SPILL, H_FORKS, MC_HEAD, MC_TAIL, NOBODY, PENDING, QUEUED,
  RESULT_RETURNED, RETRY, RUNNING, STATE_MASK, W_FORK_USED, W_ID, W_RANDOM, W_STEALS,
} from '../layout';
import { dequePop, dequeSteal, slotOf } from './deque';
import { BASE, blockOf, header, ping } from './idle';
import { ringSize, ringSlot } from './rings';
import { LIMBO, freeWord, list, recordOf, word } from './forks';
import { wakeJoiner } from './joins';

/**
 * Owner, with nothing on its stack: one of its own children, claimed as a thief would. They are those that async tasks
 * await. The address of the record, or 0.
 */
export function forkOwn(block: usize): i32 {
  // No fork was ever made here: the one load that costs a worker whose tasks do not fork.
  if (load<i32>(block, W_FORK_USED) == 0) return 0;
  const deque = block + <usize>header(H_FORKS);
  // Invariant: nothing is held; each round takes one item away.
  while (load<i32>(deque, DQ_OWN_BOTTOM) != load<i32>(deque, DQ_OWN_TOP)) {
    const item = dequePop(deque);
    if (item == EMPTY) break;
    const at = claim(block, recordOf(block, item), item);
    if (at != 0) return at;
  }
  return ringSize(block + <usize>header(H_FORK_SPILL)) == 0 ? 0 : max(0, stealFrom(block, block, 0));
}

/** Who runs the child: its function returned a promise. Its state word from now on, or 0: nobody waits for it. */
export function forkSuspend(at: usize, running: i32): i32 {
  const pending = (running & ~STATE_MASK) | PENDING;
  return atomic.cmpxchg<i32>(at, running, pending, F_STATE) == running ? pending : 0;
}

/** Anybody: claims the child by its record alone, wherever an entry for it may be. 1: it is RUNNING here. */
export function forkClaim(block: usize, at: usize, item: i32): i32 {
  const queued = word(item, NOBODY, QUEUED);
  return i32(atomic.cmpxchg<i32>(at, queued, word(item, load<i32>(block, W_ID), RUNNING), F_STATE) == queued);
}

/** Who has claimed the child: its arguments are read, its code starts. Its state word from now on, or 0: it must not. */
export function forkBegin(at: usize): i32 {
  const claimed = atomic.load<i32>(at, F_STATE);
  if ((claimed & STATE_MASK) != CLAIMED) return 0;
  const running = (claimed & ~STATE_MASK) | RUNNING;
  return atomic.cmpxchg<i32>(at, claimed, running, F_STATE) == claimed ? running : 0;
}

/** Who has claimed the child and cannot read its arguments: its joiner may have it. */
export function forkReturn(at: usize): void {
  const claimed = atomic.load<i32>(at, F_STATE);
  const owner = blockOf(load<i32>(at, F_OWNER));
  const awaited = load<i32>(at, F_META) & FORK_AWAITED;
  if ((claimed & STATE_MASK) == CLAIMED) {
    const queued = word(claimed, NOBODY, QUEUED);
    store<i32>(at, RESULT_RETURNED, F_RESULT_KIND);
    if (atomic.cmpxchg<i32>(at, claimed, queued, F_STATE) == claimed) {
      if (awaited != 0) ping(owner);
      else wakeJoiner(owner);
      return;
    }
  }
  const orphan = (claimed & ~STATE_MASK) | CANCELLED;
  atomic.cmpxchg<i32>(at, orphan, freeWord(orphan), F_STATE);
}

/** Owner: the child is over and its joiner has read it, or nobody ever will. Its state is the owner's to change. */
export function forkFree(block: usize, at: usize): void {
  const state = atomic.load<i32>(at, F_STATE);
  if ((state & STATE_MASK) == FAILED && load<i32>(at, F_STUCK) == state) {
    // A stuck thread may write to the record the moment it comes to itself: it is kept for it, as for an orphan.
    atomic.store<i32>(at, (state & ~STATE_MASK) | CANCELLED, F_STATE);
    // After it: `forkAdopt` must see one of the two.
    store<i32>(at, 0, F_STUCK);
    return;
  }
  store<i32>(at, 0, F_CANCEL);
  if (atomic.load<i32>(at, F_SPILLED) == 0) {
    atomic.store<i32>(at, freeWord(state), F_STATE);
    list(block, at);
    return;
  }
  // Subtle: an entry in the spill ring names this record and generation. Used again 2^18 times, the record would have
  // that generation again, and the entry would run a child twice: so it is not used before the entry is taken out.
  const limbo = word(state, NOBODY, LIMBO);
  atomic.store<i32>(at, limbo, F_STATE);
  if (atomic.load<i32>(at, F_SPILLED) == 0 && atomic.cmpxchg<i32>(at, limbo, freeWord(state), F_STATE) == limbo) {
    list(block, at);
  }
}

/** Owner: drops a child that is not joined. The state it was in: QUEUED: it never runs. Else it is asked to stop. */
export function forkDrop(block: usize, at: usize, item: i32): i32 {
  const queued = word(item, NOBODY, QUEUED);
  const was = atomic.cmpxchg<i32>(at, queued, word(item, load<i32>(block, W_ID), CANCELLED), F_STATE);
  if (was != queued) atomic.store<i32>(at, 1, F_CANCEL);
  return was & STATE_MASK;
}

// Who took the item's entry has it: it is its own if the record says that it waits. Its address, or 0.
export function claim(block: usize, at: usize, item: i32): i32 {
  const queued = word(item, NOBODY, QUEUED);
  // Subtle: META is read before the claim, which succeeds only if it is that of this generation.
  const state = (load<i32>(at, F_META) & (FORK_ENCODED | FORK_SHARED)) != 0 ? CLAIMED : RUNNING;
  const mine = word(item, load<i32>(block, W_ID), state);
  return atomic.cmpxchg<i32>(at, queued, mine, F_STATE) == queued ? <i32>at : 0;
}

// The oldest child of the victim, if it descends from `root` (0: any). Address of its record; EMPTY; RETRY.
export function stealFrom(block: usize, victim: usize, root: i32): i32 {
  const deque = victim + <usize>header(H_FORKS);
  // As in dequeSteal: top BEFORE bottom, the slot before the compare-exchange.
  const t = atomic.load<i32>(deque, DQ_TOP);
  if (atomic.load<i32>(deque, DQ_BOTTOM) - t > 0) {
    const item = load<i32>(slotOf(deque, t, load<i32>(deque, DQ_MASK)), DQ_SLOTS);
    const at = recordOf(victim, item);
    // Subtle: what is read here is this child's if the compare-exchange succeeds; else it decides nothing.
    if (root != 0 && load<i32>(at, F_ROOT) != root) return EMPTY;
    if (atomic.cmpxchg<i32>(deque, t, t + 1, DQ_TOP) != t) return RETRY;
    const mine = claim(block, at, item);
    return mine != 0 ? mine : RETRY;
  }
  return takeSpilled(block, victim, root);
}

// The oldest child in the victim's spill ring, as above.
// @ts-ignore: decorator
@inline
export function takeSpilled(block: usize, victim: usize, root: i32): i32 {
  const ring = victim + <usize>header(H_FORK_SPILL);
  const h = atomic.load<i32>(ring, MC_HEAD);
  if (atomic.load<i32>(ring, MC_TAIL) - h <= 0) return EMPTY;
  const item = ringSlot(ring, h);
  const at = recordOf(victim, item);
  if (root != 0 && load<i32>(at, F_ROOT) != root) return EMPTY;
  if (atomic.cmpxchg<i32>(ring, h, h + 1, MC_HEAD) != h) return RETRY;
  atomic.cmpxchg<i32>(at, item, 0, F_SPILLED);
  const mine = claim(block, at, item);
  if (mine != 0) return mine;
  // Its joiner ran it meanwhile.
  leaveLimbo(at, item);
  return RETRY;
}

// The entry that named the record is taken, and its child was claimed by the record. If that has been freed already, it
// was waiting for this.
// @ts-ignore: decorator
@inline
function leaveLimbo(at: usize, item: i32): void {
  const limbo = word(item, NOBODY, LIMBO);
  atomic.cmpxchg<i32>(at, limbo, freeWord(limbo), F_STATE);
}

// Owner. Takes entries of children that no longer wait off its spill ring. Thieves do so too, but there may be none: then
// the records would be lost, and no worker would sleep as long as an entry shows.
export function dropStale(block: usize): void {
  const ring = block + <usize>header(H_FORK_SPILL);
  // Invariant: nothing is held. Each round takes an entry away or has seen a thief do so.
  while (true) {
    const h = atomic.load<i32>(ring, MC_HEAD);
    if (atomic.load<i32>(ring, MC_TAIL) - h <= 0) return;
    const item = ringSlot(ring, h);
    const at = recordOf(block, item);
    if (atomic.load<i32>(at, F_STATE) == word(item, NOBODY, QUEUED)) return;
    if (atomic.cmpxchg<i32>(ring, h, h + 1, MC_HEAD) != h) continue;
    atomic.cmpxchg<i32>(at, item, 0, F_SPILLED);
    leaveLimbo(at, item);
  }
}

/**
 * A child of somebody's, claimed: of `first` (a worker, -1: none) rather than of others, and of the task `root` (0: of
 * any). The address of its record, or 0 when nothing was seen.
 */
export function forkHelp(block: usize, first: i32, root: i32): i32 {
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  const me = load<i32>(block, W_ID);
  // At a task boundary all children of this worker are over.
  if (root == 0) dropStale(block);
  // Invariant: nothing is held. Each round that goes on has seen another thread take something.
  while (true) {
    let again = false;
    if (first >= 0) {
      const found = stealFrom(block, blockOf(first), root);
      if (found > 0) return counted(block, found);
      again = found == RETRY;
    }
    let peer = <i32>(random(block) % <u32>blocks);
    for (let i = 0; i < blocks; i++) {
      if (peer != me && peer != first) {
        const found = stealFrom(block, blockOf(peer), root);
        if (found > 0) return counted(block, found);
        again = again || found == RETRY;
      }
      if (++peer == blocks) peer = 0;
    }
    if (!again) return 0;
  }
}

// @ts-ignore: decorator
@inline
export function counted(block: usize, found: i32): i32 {
  store<i32>(block, load<i32>(block, W_STEALS) + 1, W_STEALS);
  return found;
}

function random(block: usize): u32 {
  let x = <u32>load<i32>(block, W_RANDOM);
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  store<i32>(block, <i32>x, W_RANDOM);
  return x;
}
