// The life of a task: claim, begin, suspend, finish, cancel. The protocol and its argument: ../tasks/README.md.
import {
  CANCELLED, CLAIMED, H_COMPLETIONS, H_INBOX, H_INJECTOR, H_LEVEL_STRIDE, H_TASKS, META_INLINE, NOBODY, OWNER_SHIFT, PENDING,
  QUEUED, RUNNING, SLOT_MASK, STATE_MASK, T_META, T_STATE, TASK_SHIFT, W_EXECUTED, W_ID,
} from '../layout';
import { header, ringBell, wakeIdle, wakeWorker } from './idle';
import { ringPublish, ringStage, spscPut } from './rings';

// @ts-ignore: decorator
@inline
function record(slot: i32): usize {
  return <usize>header(H_TASKS) + (<usize>slot << TASK_SHIFT);
}

// @ts-ignore: decorator
@inline
function word(generation: i32, owner: i32, state: i32): i32 {
  return (generation & ~SLOT_MASK) | (owner << OWNER_SHIFT) | state;
}

/**
 * Worker. One compare-exchange that checks the generation and names the taker. The slot + 1, or 0 when the
 * reference is stale: a duplicate, a cancelled task, an earlier generation.
 */
// @ts-ignore: decorator
@inline
export function claim(block: usize, ref: i32): i32 {
  const slot = ref & SLOT_MASK;
  const at = record(slot);
  const queued = word(ref, NOBODY, QUEUED);
  // A task that carries its arguments starts in the same step: nothing stands between the claim and its code.
  // Subtle: META is read before the claim. If the claim succeeds, it is the META of this generation, because the
  // coordinator wrote it before it published this reference and rewrites it only after this generation has ended.
  const state = (load<i32>(at, T_META) & META_INLINE) != 0 ? RUNNING : CLAIMED;
  return atomic.cmpxchg<i32>(at, queued, word(ref, load<i32>(block, W_ID), state), T_STATE) == queued ? slot + 1 : 0;
}

/** Worker: the arguments are decoded, the code starts. 0: it was cancelled meanwhile, and is to be handed back. */
export function begin(block: usize, slot: i32): i32 {
  const at = record(slot);
  const mine = word(load<i32>(at, T_STATE), load<i32>(block, W_ID), CLAIMED);
  return atomic.cmpxchg<i32>(at, mine, (mine & ~STATE_MASK) | RUNNING, T_STATE) == mine ? 1 : 0;
}

/** Worker: the function returned a promise. `running` is the state word read when the code started. */
export function suspend(slot: i32, running: i32): i32 {
  return atomic.cmpxchg<i32>(record(slot), running, (running & ~STATE_MASK) | PENDING, T_STATE) == running ? 1 : 0;
}

/**
 * Worker: publishes the end of a task and wakes the coordinator. `from` is the whole state word the attempt had, so
 * that a late result of an abandoned attempt cannot win. 0: it was abandoned.
 */
export function finish(block: usize, slot: i32, from: i32, to: i32): i32 {
  if (atomic.cmpxchg<i32>(record(slot), from, (from & ~STATE_MASK) | to, T_STATE) != from) return 0;
  store<i32>(block, load<i32>(block, W_EXECUTED) + 1, W_EXECUTED);
  announce(block, (from & ~SLOT_MASK) | slot);
  return 1;
}

/** Worker: hands a task back that was cancelled while its arguments were being decoded. */
export function handBack(block: usize, slot: i32): void {
  announce(block, (load<i32>(record(slot), T_STATE) & ~SLOT_MASK) | slot);
}

// The ring has one place for each slot, and a slot is announced once before the coordinator takes it out: it is
// never full. A death between the state and this entry is mended by the scan for the dead worker's tasks.
// @ts-ignore: decorator
@inline
function announce(block: usize, ref: i32): void {
  spscPut(block + <usize>header(H_COMPLETIONS), ref);
  ringBell();
}

/** Coordinator: makes a filled record visible at a level. `generation` is shifted already. 0 when the ring is full. */
export function inject(level: i32, ref: i32): i32 {
  const ring = <usize>header(H_INJECTOR) + <usize>level * <usize>header(H_LEVEL_STRIDE);
  if (stage(ring, ref) == 0) return 0;
  ringPublish(ring);
  wakeIdle();
  return 1;
}

/** Coordinator: as `inject`, but visible only after `publish`, and nobody is woken. */
export function injectQuiet(level: i32, ref: i32): i32 {
  return stage(<usize>header(H_INJECTOR) + <usize>level * <usize>header(H_LEVEL_STRIDE), ref);
}

// @ts-ignore: decorator
@inline
function stage(ring: usize, ref: i32): i32 {
  if (ringStage(ring, ref) == 0) return 0;
  // Subtle: before the entry shows. A worker that met it first would take it for stale.
  atomic.store<i32>(record(ref & SLOT_MASK), word(ref, NOBODY, QUEUED), T_STATE);
  return 1;
}

/** Coordinator: shows what was injected quietly at a level. The caller wakes. */
export function publish(level: i32): void {
  ringPublish(<usize>header(H_INJECTOR) + <usize>level * <usize>header(H_LEVEL_STRIDE));
}

/** Coordinator: puts a reference to a task that is QUEUED already into a level again. 0 when the ring is full. */
export function reissue(level: i32, ref: i32): i32 {
  return ringStage(<usize>header(H_INJECTOR) + <usize>level * <usize>header(H_LEVEL_STRIDE), ref);
}

/** Coordinator: a task only this worker may run. 0 when its inbox is full. */
export function injectTo(block: usize, ref: i32): i32 {
  const at = record(ref & SLOT_MASK);
  const before = atomic.load<i32>(at, T_STATE);
  atomic.store<i32>(at, word(ref, NOBODY, QUEUED), T_STATE);
  if (spscPut(block + <usize>header(H_INBOX), ref) == 0) {
    atomic.store<i32>(at, before, T_STATE);
    return 0;
  }
  wakeWorker(block);
  return 1;
}

/**
 * Coordinator: cancels a task whose code has not started. Returns the state it was in (without generation and
 * owner): QUEUED - it never runs and its slot is free; CLAIMED - it never runs and its taker hands it back;
 * anything else - too late.
 */
export function cancel(ref: i32): i32 {
  const at = record(ref & SLOT_MASK);
  let seen = atomic.load<i32>(at, T_STATE);
  // Invariant: `seen` is the word last read; each round that goes on has seen another thread change it.
  while (((seen ^ ref) & ~SLOT_MASK) == 0) {
    const state = seen & STATE_MASK;
    if (state != QUEUED && state != CLAIMED) return state;
    const was = atomic.cmpxchg<i32>(at, seen, (seen & ~STATE_MASK) | CANCELLED, T_STATE);
    if (was == seen) return state;
    seen = was;
  }
  return 0;
}
