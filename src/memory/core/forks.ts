// Children of running tasks: fork, join, steal, and what a death leaves. The protocol and its argument: ../forks/README.md.
import {
  CANCELLED, CLAIMED, DONE, DQ_BOTTOM, DQ_MASK, DQ_OWN_BOTTOM, DQ_OWN_MASK, DQ_OWN_TOP, DQ_SLOTS, DQ_TOP, EMPTY,
  F_ARGS, F_CANCEL, F_FN, F_FRAME, F_META, F_NEXT, F_OWNER, F_RESULT_KIND, F_ROOT, F_SPILLED, F_STATE, F_STUCK, F_UP, FAILED,
  FORK_AWAITED, FORK_ENCODED, FORK_SHARED, FORK_SHIFT, FREE, H_BLOCKS, H_FORK_RECORDS, H_FORK_SLOTS, H_FORK_SPILL, H_FORKS,
  H_JOINING, H_PARKED, H_SEARCHING, H_TASKS, MC_HEAD, MC_MASK, MC_OWN_TAIL, MC_SLOTS, MC_TAIL, META_COUNT, META_IDEMPOTENT, NOBODY,
  OWNER_MASK, OWNER_SHIFT, PENDING, QUEUED, RESULT_CRASHED, RESULT_RETURNED, RETRY, RUNNING, SLOT_MASK, STATE_MASK, T_META,
  T_STATE, TASK_SHIFT, W_FORK_FREE, W_FORK_LISTED, W_FORK_USED, W_ID, W_PARK, W_RANDOM, W_ROOT, W_ROOT_STOP, W_STEALS, W_STOP, W_UP,
} from '../layout';
import { dequeInit, dequePop, dequeSize, dequeSteal, room, slotOf } from './deque';
import { BASE, blockOf, endSearch, header, ping, wakeParked, words } from './idle';
import { ringInit, ringPublish, ringRoom, ringSize, ringStage, ringTake } from './rings';

/** A record with no entry in a queue and no place on the free list, until the last entry that names it is gone. */
const LIMBO = PENDING;
/** The frame of records that nobody will join, and whose threads may still write to them. */
const NO_FRAME = 0;
/** Records listed at a time. */
const LIST_RUN = 64;

// @ts-ignore: decorator
@inline
function recordsOf(block: usize): usize {
  return block + <usize>header(H_FORK_RECORDS);
}

// @ts-ignore: decorator
@inline
function recordOf(block: usize, item: i32): usize {
  return recordsOf(block) + (<usize>(item & SLOT_MASK) << FORK_SHIFT);
}

// @ts-ignore: decorator
@inline
function word(generation: i32, owner: i32, state: i32): i32 {
  return (generation & ~SLOT_MASK) | (owner << OWNER_SHIFT) | state;
}

// @ts-ignore: decorator
@inline
function freeWord(state: i32): i32 {
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
export function fork(block: usize, fn: i32, meta: i32, frame: i32): i32 {
  return publish(block, <usize>load<i32>(block, W_FORK_FREE), fn, meta, frame);
}

// @ts-ignore: decorator
@inline
function publish(block: usize, at: usize, fn: i32, meta: i32, frame: i32): i32 {
  const deque = block + <usize>header(H_FORKS);
  let b = load<i32>(deque, DQ_OWN_BOTTOM);
  const mask = load<i32>(deque, DQ_OWN_MASK);
  if (room(deque, b, mask) <= 0 && spill(block, deque) == 0) return 0;
  store<i32>(at, fn, F_FN);
  store<i32>(at, meta, F_META);
  store<i32>(at, load<i32>(block, W_ROOT), F_ROOT);
  store<i32>(at, load<i32>(block, W_UP), F_UP);
  store<i32>(at, frame, F_FRAME);
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

/**
 * Owner: as `fork`, for a child whose only argument is a number. 0 also when no record is listed, or when a stop word
 * says so.
 */
export function fork1(block: usize, fn: i32, frame: i32, a: f64): i32 {
  if (stopped(block)) return 0;
  const at = <usize>load<i32>(block, W_FORK_FREE);
  if (at == 0) return 0;
  store<f64>(at, a, F_ARGS);
  return publish(block, at, fn, 1, frame);
}

/** Owner: as `fork1`, with two or three numbers. */
export function fork3(block: usize, fn: i32, count: i32, frame: i32, a: f64, b: f64, c: f64): i32 {
  if (stopped(block)) return 0;
  const at = <usize>load<i32>(block, W_FORK_FREE);
  if (at == 0) return 0;
  store<f64>(at, a, F_ARGS);
  store<f64>(at, b, F_ARGS + 8);
  store<f64>(at, c, F_ARGS + 16);
  return publish(block, at, fn, count, frame);
}

// @ts-ignore: decorator
@inline
function stopped(block: usize): bool {
  return (load<i32>(<usize>load<i32>(block, W_ROOT_STOP)) | load<i32>(<usize>load<i32>(block, W_STOP))) != 0;
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
  if (wakeParked(n) != 0) return;
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
  if (moved > 0) ringPublish(ring);
  return i32(room(deque, load<i32>(deque, DQ_OWN_BOTTOM), load<i32>(deque, DQ_OWN_MASK)) > 0);
}

/** Anybody: 1 when a thief would find no child of this worker. */
export function forkHungry(block: usize): i32 {
  return i32(dequeSize(block + <usize>header(H_FORKS)) == 0);
}

/**
 * Owner: takes its newest child back if that is `item`, of this frame. Then it is the caller's, its record is free and
 * keeps its contents until the next fork: function number << 4 | argument count, when all arguments are numbers; else
 * -1. 0: something else is newest, or a thief was faster.
 */
export function take(block: usize, item: i32, frame: i32): i32 {
  const deque = block + <usize>header(H_FORKS);
  const end = load<i32>(deque, DQ_OWN_BOTTOM);
  if (end == load<i32>(deque, DQ_OWN_TOP)) return 0;
  const b = end - 1;
  if (load<i32>(slotOf(deque, b, load<i32>(deque, DQ_OWN_MASK)), DQ_SLOTS) != item) return 0;
  const at = recordOf(block, item);
  if (load<i32>(at, F_FRAME) != frame) return 0;
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
  const meta = load<i32>(at, F_META);
  return meta > META_COUNT ? -1 : (load<i32>(at, F_FN) << 4) | meta;
}

// @ts-ignore: decorator
@inline
function list(block: usize, at: usize): void {
  store<i32>(at, load<i32>(block, W_FORK_FREE), F_NEXT);
  store<i32>(block, <i32>at, W_FORK_FREE);
}

/** Owner: the newest child on its deque if it is of this frame, now RUNNING here; else EMPTY. */
export function forkPop(block: usize, frame: i32): i32 {
  const deque = block + <usize>header(H_FORKS);
  const end = load<i32>(deque, DQ_OWN_BOTTOM);
  if (end == load<i32>(deque, DQ_OWN_TOP)) return EMPTY;
  const newest = load<i32>(slotOf(deque, end - 1, load<i32>(deque, DQ_OWN_MASK)), DQ_SLOTS);
  if (load<i32>(recordOf(block, newest), F_FRAME) != frame) return EMPTY;
  const item = dequePop(deque);
  if (item != EMPTY) atomic.store<i32>(recordOf(block, item), word(item, load<i32>(block, W_ID), RUNNING), F_STATE);
  return item;
}

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
    store<i32>(at, NO_FRAME, F_FRAME);
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
function claim(block: usize, at: usize, item: i32): i32 {
  const queued = word(item, NOBODY, QUEUED);
  // Subtle: META is read before the claim, which succeeds only if it is that of this generation.
  const state = (load<i32>(at, F_META) & (FORK_ENCODED | FORK_SHARED)) != 0 ? CLAIMED : RUNNING;
  const mine = word(item, load<i32>(block, W_ID), state);
  return atomic.cmpxchg<i32>(at, queued, mine, F_STATE) == queued ? <i32>at : 0;
}

// The oldest child of the victim, if it descends from `root` (0: any). Address of its record; EMPTY; RETRY.
function stealFrom(block: usize, victim: usize, root: i32): i32 {
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
  const ring = victim + <usize>header(H_FORK_SPILL);
  const h = atomic.load<i32>(ring, MC_HEAD);
  if (atomic.load<i32>(ring, MC_TAIL) - h <= 0) return EMPTY;
  const item = load<i32>(ring + (<usize>(h & load<i32>(ring, MC_MASK)) << 2), MC_SLOTS);
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
function dropStale(block: usize): void {
  const ring = block + <usize>header(H_FORK_SPILL);
  // Invariant: nothing is held. Each round takes an entry away or has seen a thief do so.
  while (true) {
    const h = atomic.load<i32>(ring, MC_HEAD);
    if (atomic.load<i32>(ring, MC_TAIL) - h <= 0) return;
    const item = load<i32>(ring + (<usize>(h & load<i32>(ring, MC_MASK)) << 2), MC_SLOTS);
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
function counted(block: usize, found: i32): i32 {
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
function joinBit(block: usize): i32 {
  return 1 << (load<i32>(block, W_ID) & 31);
}

// @ts-ignore: decorator
@inline
function joinWord(block: usize): usize {
  return BASE + (<usize>(load<i32>(block, W_ID) >> 5) << 2);
}

// Costs one load when it does not sleep. A late 1 in W_PARK is a wake for nothing, as that of a ping.
function wakeJoiner(block: usize): void {
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

// ── After a death ───────────────────────────────────────────────────────────────────────────────────────────────

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
      if (elsewhere) {
        atomic.store<i32>(at, 1, F_CANCEL);
        // Subtle: a frame of the next owner's must not take it for its child.
        store<i32>(at, NO_FRAME, F_FRAME);
      }
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
