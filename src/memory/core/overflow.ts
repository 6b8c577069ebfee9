// Children that overflowed their worker's deque, by the level of the task they descend from. Why: ../pick/README.md.
import {
  F_ROOT, H_BLOCKS, H_FORK_SPILL, H_INBOX, H_INJECTOR, H_LEVEL_STRIDE, H_OVERFLOWED, H_TASKS, LEVELS, MC_HEAD, MC_TAIL,
  META_LEVEL, META_LEVEL_SHIFT, SLOT_MASK, T_META, TASK_SHIFT, W_DEQUE, W_ID,
} from '../layout';
import { dequeSize } from './deque';
import { counted, takeSpilled } from './fork-steals';
import { recordOf } from './forks';
import { BASE, blockOf, header } from './idle';
import { ringSize, ringSlot, spscSize } from './rings';

/**
 * Instead of the task that pick number `tick` would take from the injector: the address of a child that waits at the same
 * level or is due before it, claimed. `first`: the level that pick begins with; `early`: whether it comes before the own
 * deque. 0: there is none, or something else comes first.
 */
export function overflowed(block: usize, tick: i32, first: i32, early: i32): i32 {
  if (anySpilled() == 0) return 0;
  if (spscSize(block + <usize>header(H_INBOX)) != 0) return 0;
  // Critical is looked at before the own deque, all other levels after it.
  let at = atLevel(block, 0, tick);
  if (at != 0) return max(0, at);
  if (early == 0 && dequeSize(block + W_DEQUE) != 0) return 0;
  if (first != 0) at = atLevel(block, first, tick);
  for (let level = 1; level < LEVELS && at == 0; level++) {
    if (level != first) at = atLevel(block, level, tick);
  }
  return max(0, at);
}

// A child of this level; -1: it is a task's turn; 0: nothing waits at this level. Of both there is one, then the other.
function atLevel(block: usize, level: i32, tick: i32): i32 {
  const ring = <usize>header(H_INJECTOR) + <usize>level * <usize>header(H_LEVEL_STRIDE);
  const tasks = ringSize(ring) != 0;
  if (tasks && (tick & 1) == 0) return -1;
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  const me = load<i32>(block, W_ID);
  let peer = me;
  for (let i = 1; i < blocks; i++) {
    if (++peer == blocks) peer = 0;
    const victim = blockOf(peer);
    if (levelOf(victim) != level) continue;
    const at = takeSpilled(block, victim, 0);
    if (at > 0) return counted(block, at);
  }
  return tasks ? -1 : 0;
}

// Of the oldest child in the worker's spill ring; LEVELS: there is none. What is read may be another child's by now, or
// no child's: it only says who is asked first.
function levelOf(victim: usize): i32 {
  const ring = victim + <usize>header(H_FORK_SPILL);
  const h = atomic.load<i32>(ring, MC_HEAD);
  if (atomic.load<i32>(ring, MC_TAIL) - h <= 0) return LEVELS;
  const item = ringSlot(ring, h);
  const root = load<i32>(recordOf(victim, item), F_ROOT);
  const task = <usize>header(H_TASKS) + (<usize>(root & SLOT_MASK) << TASK_SHIFT);
  return (load<i32>(task, T_META) & META_LEVEL) >> META_LEVEL_SHIFT;
}

// Whether a spill ring shows a child. If none does, nobody looks again until a worker says so.
function anySpilled(): i32 {
  if (shown() != 0) return 1;
  atomic.store<i32>(BASE, 0, H_OVERFLOWED);
  // Subtle: a worker shows its children and then sets the word. One of the two sees the other.
  if (shown() == 0) return 0;
  atomic.store<i32>(BASE, 1, H_OVERFLOWED);
  return 1;
}

function shown(): i32 {
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  const ring = <usize>header(H_FORK_SPILL);
  for (let i = 0; i < blocks; i++) if (ringSize(blockOf(i) + ring) != 0) return 1;
  return 0;
}
