// What the coordinator does to the memory of a worker whose thread has exited, and grace periods.
// The protocol and its argument: ../recovery/README.md.
import {
  DQ_BOTTOM,
  DQ_OWN_BOTTOM,
  DQ_OWN_TOP,
  DQ_TOP,
  EMPTY,
  H_BLOCKS,
  H_COMPLETIONS,
  H_EPOCH,
  H_INBOX,
  H_PARKED,
  H_SPILL,
  MC_OWN_TAIL,
  MC_TAIL,
  SC_HEAD,
  SC_OWN_TAIL,
  SC_TAIL,
  SC_TAKEN,
  W_DEQUE,
  W_SEEN,
} from '../layout';
import { dequeSteal } from './deque';
import { BASE, blockOf, forget, header, wakeAll } from './idle';

/**
 * Empties the deque of a dead owner as a thief (peers may be stealing from it) and leaves it ready for a new owner:
 * indices go on, they are never reset. What it held is dropped: every QUEUED task is issued again anyway.
 */
export function adopt(block: usize): void {
  const deque = block + W_DEQUE;
  // Subtle: a death inside pop leaves bottom on top of the last item and top not moved. A thief that read bottom
  // before may still move top, whenever it likes: the item is shown again, so that it must be taken for the deque to
  // be empty, and whoever takes it makes every older compare-exchange fail. What is above bottom and below own
  // bottom was written (push, ringClaim).
  atomic.store<i32>(deque, load<i32>(deque, DQ_OWN_BOTTOM), DQ_BOTTOM);
  // Invariant: only top moves; each round takes one item away or sees a peer do so.
  while (dequeSteal(deque) != EMPTY) {}
  const top = atomic.load<i32>(deque, DQ_TOP);
  store<i32>(deque, top, DQ_OWN_BOTTOM);
  store<i32>(deque, top, DQ_OWN_TOP);
  atomic.store<i32>(deque, top, DQ_BOTTOM);
  const spill = block + <usize>header(H_SPILL);
  store<i32>(spill, atomic.load<i32>(spill, MC_TAIL), MC_OWN_TAIL);
  const inbox = block + <usize>header(H_INBOX);
  // The coordinator is the inbox's producer, and its consumer is dead: drop what is left.
  const end = atomic.load<i32>(inbox, SC_TAIL);
  store<i32>(inbox, end, SC_TAKEN);
  atomic.store<i32>(inbox, end, SC_HEAD);
  const completions = block + <usize>header(H_COMPLETIONS);
  store<i32>(completions, atomic.load<i32>(completions, SC_TAIL), SC_OWN_TAIL);
  forget(block);
  wakeAll();
}

/** Starts a grace period; `graceOver` says when every worker has passed a task boundary since. */
export function graceBegin(): i32 {
  return atomic.add<i32>(BASE, 1, H_EPOCH) + 1;
}

/** 1 when each worker has passed a task boundary after `epoch` began, or sleeps, or its thread is gone (`W_SEEN` set by the coordinator). */
export function graceOver(epoch: i32): i32 {
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  for (let i = 0; i < blocks; i++) {
    if (atomic.load<i32>(blockOf(i), W_SEEN) - epoch >= 0) continue;
    // A parked worker holds no reference, and passes a boundary before it takes the next.
    const word = BASE + ((<usize>(i >> 5)) << 2);
    if ((atomic.load<i32>(word, H_PARKED) & (1 << (i & 31))) == 0) return 0;
  }
  return 1;
}
