// What the coordinator does to children when a thread has ended, or does not end. The protocol: ../forks/README.md.
import {
  CANCELLED, CLAIMED, DQ_BOTTOM, DQ_OWN_BOTTOM, DQ_OWN_TOP, DQ_TOP, EMPTY, F_CANCEL, F_META, F_RESULT_KIND,
  F_ROOT, F_SPILLED, F_STATE, F_STUCK, FAILED, FORK_AWAITED, FORK_SHIFT, FREE, H_BLOCKS, H_FORK_SPILL, H_FORKS,
  H_JOINING, H_TASKS, MC_OWN_TAIL, MC_TAIL, META_IDEMPOTENT, NOBODY, OWNER_MASK, OWNER_SHIFT, PENDING, QUEUED,
  RESULT_CRASHED, RESULT_RETURNED, RUNNING, SLOT_MASK, STATE_MASK, T_META, T_STATE, TASK_SHIFT, W_FORK_FREE,
  W_FORK_USED, W_ID, W_ROOT, W_UP,
} from '../layout';
import { dequeSteal } from './deque';
import { BASE, blockOf, header, ping } from './idle';
import { ringTake } from './rings';
import { freeWord, recordsOf, word } from './forks';
import { joinBit, joinWord, wakeJoiner } from './joins';

// @ts-ignore: decorator
@inline
function isIdempotent(root: i32): bool {
  const task = <usize>header(H_TASKS) + (<usize>(root & SLOT_MASK) << TASK_SHIFT);
  if (((atomic.load<i32>(task, T_STATE) ^ root) & ~SLOT_MASK) != 0) return false;
  return (load<i32>(task, T_META) & META_IDEMPOTENT) != 0;
}

// Ends an attempt whose thread lives, unless that has ended it.
function giveUp(at: usize, seen: i32): bool {
  // Subtle: in two steps. The first takes the attempt from its thread, whose every step on it compares. Before that
  // nothing may be written here: the thread may have ended it, and the record may be another child's.
  const taken = (seen & ~STATE_MASK) | ((seen & STATE_MASK) == PENDING ? RUNNING : PENDING);
  if (atomic.cmpxchg<i32>(at, seen, taken, F_STATE) != seen) return false;
  const failed = (seen & ~STATE_MASK) | FAILED;
  store<i32>(at, failed, F_STUCK);
  atomic.store<i32>(at, failed, F_STATE);
  return true;
}

/**
 * Coordinator: the thread of `dead` is gone (`stuck` 0), or does not go (1). What it ran for others: its code has not
 * started, or may start again: it waits again, and its joiner, which is woken, claims it by the record; else it has
 * failed. How many have failed.
 */
export function forkMend(dead: i32, stuck: i32): i32 {
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  let failed = 0;
  for (let i = 0; i < blocks; i++) {
    if (i == dead) continue;
    const block = blockOf(i);
    const slots = atomic.load<i32>(block, W_FORK_USED);
    let touched = false;
    // Invariant: the records before `slot` name `dead` no more. Nobody but `dead` could make one name it again.
    for (let slot = 1; slot <= slots; slot++) {
      const at = recordsOf(block) + (<usize>slot << FORK_SHIFT);
      const seen = atomic.load<i32>(at, F_STATE);
      if (((seen >> OWNER_SHIFT) & OWNER_MASK) != dead) continue;
      const state = seen & STATE_MASK;
      if (state == CANCELLED && stuck == 0) {
        atomic.cmpxchg<i32>(at, seen, freeWord(seen), F_STATE);
        continue;
      }
      if (state < CLAIMED || state > PENDING) continue;
      let again = false;
      if (stuck != 0) {
        if (!giveUp(at, seen)) continue;
      } else {
        again = state == CLAIMED || isIdempotent(load<i32>(at, F_ROOT));
        store<i32>(at, again ? RESULT_RETURNED : RESULT_CRASHED, F_RESULT_KIND);
        const to = again ? word(seen, NOBODY, QUEUED) : (seen & ~STATE_MASK) | FAILED;
        if (atomic.cmpxchg<i32>(at, seen, to, F_STATE) != seen) continue;
      }
      if (!again) failed++;
      touched = true;
      if ((load<i32>(at, F_META) & FORK_AWAITED) != 0) ping(block);
    }
    if (touched) wakeJoiner(block);
  }
  return failed;
}

/**
 * Coordinator: the thread of this block is gone, and with it every frame that could join the children it had forked.
 * Those that wait are dropped; those that run elsewhere are asked to stop, and keep their records until they end.
 */
export function forkAdopt(block: usize): void {
  const me = load<i32>(block, W_ID);
  const slots = atomic.load<i32>(block, W_FORK_USED);
  for (let slot = 1; slot <= slots; slot++) {
    const at = recordsOf(block) + (<usize>slot << FORK_SHIFT);
    let seen = atomic.load<i32>(at, F_STATE);
    // Invariant: `seen` is the word last read; each round that goes on has seen another thread change it.
    while ((seen & STATE_MASK) != FREE) {
      const state = seen & STATE_MASK;
      const owner = (seen >> OWNER_SHIFT) & OWNER_MASK;
      if (state == CANCELLED && owner != me) break;
      const runs = state >= CLAIMED && state <= PENDING && owner != NOBODY;
      const stuck = state == FAILED && load<i32>(at, F_STUCK) == seen;
      const elsewhere = owner != me && (runs || stuck);
      if (elsewhere) atomic.store<i32>(at, 1, F_CANCEL);
      const was = atomic.cmpxchg<i32>(at, seen, elsewhere ? (seen & ~STATE_MASK) | CANCELLED : freeWord(seen), F_STATE);
      if (was == seen) break;
      seen = was;
    }
    atomic.store<i32>(at, 0, F_SPILLED);
    store<i32>(at, 0, F_STUCK);
  }
  const deque = block + <usize>header(H_FORKS);
  // As `adopt` does with the other deque.
  atomic.store<i32>(deque, load<i32>(deque, DQ_OWN_BOTTOM), DQ_BOTTOM);
  while (dequeSteal(deque) != EMPTY) {}
  const top = atomic.load<i32>(deque, DQ_TOP);
  store<i32>(deque, top, DQ_OWN_BOTTOM);
  store<i32>(deque, top, DQ_OWN_TOP);
  atomic.store<i32>(deque, top, DQ_BOTTOM);
  const ring = block + <usize>header(H_FORK_SPILL);
  store<i32>(ring, atomic.load<i32>(ring, MC_TAIL), MC_OWN_TAIL);
  while (ringTake(ring) != EMPTY) {}
  atomic.and<i32>(joinWord(block), ~joinBit(block), H_JOINING);
  store<i32>(block, 0, W_FORK_FREE);
  store<i32>(block, 0, W_ROOT);
  store<i32>(block, 0, W_UP);
}
