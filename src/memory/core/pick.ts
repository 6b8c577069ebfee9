// A worker's next task, in one call. The order and its reasons: ../pick/README.md.
import {
  DQ_OWN_MASK, EMPTY, H_BLOCKS, H_EPOCH, H_INBOX, H_INJECTOR, H_LEVEL_STRIDE, H_OVERFLOWED, H_SCHEDULE, H_SPILL, H_WORKERS, LEVELS, LINE_SHIFT,
  RETRY, SCHEDULE_LENGTH, W_BATCH, W_DEQUE, W_ID, W_RANDOM, W_SEEN, W_STEALS, W_TICK, W_TOKEN,
} from '../layout';
import { dequePop, dequePush, dequeSize, dequeSpill, dequeSteal } from './deque';
import { forkHelp, forkOwn } from './fork-steals';
import { BASE, blockOf, endSearch, header, wakeOne } from './idle';
import { overflowed } from './overflow';
import { ringClaim, ringSize, ringTake, spscTake } from './rings';
import { claim, finish } from './tasks';

/** Up to this many workers a thief looks at all of them; beyond, at two and then at the first that has something. */
const SCAN_ALL = 16;
/** Every so many picks the injector comes before the own deque, so that nothing submitted waits for ever. */
const INJECTOR_TICK = 61;
/** Every so many picks, a power of two, the level the schedule names comes before everything: no stream starves it. */
const FAIR_TICK = 16;
/** Most single steals in a row from one victim. */
const STEAL_RUN = 8;

/**
 * The slot + 1 of a task this worker has claimed; below 0: less the number of `LINE`s at which the record of a
 * child it has claimed begins; 0: nothing. Called at a task boundary only.
 */
export function next(block: usize): i32 {
  // A task boundary: this thread holds no reference from before, which is what grace periods wait for.
  const epoch = atomic.load<i32>(BASE, H_EPOCH);
  if (epoch != load<i32>(block, W_SEEN)) atomic.store<i32>(block, epoch, W_SEEN);
  // Invariant: nothing taken is unclaimed, so a death here loses nothing. Each round takes a reference away or
  // has seen another thread take one.
  while (true) {
    const tick = load<i32>(block, W_TICK) + 1;
    store<i32>(block, tick, W_TICK);
    // What async tasks that have begun here wait for comes before what has not begun, but keeps it from nothing.
    if ((tick & (FAIR_TICK - 1)) != 0) {
      let at = forkOwn(block);
      if (at == 0 && atomic.load<i32>(BASE, H_OVERFLOWED) != 0) {
        at = overflowed(block, tick, scheduled(tick), i32(tick % INJECTOR_TICK == 0));
      }
      if (at != 0) return found(block, at);
    }
    const ref = pick(block, tick);
    if (ref == EMPTY) return child(block);
    if (ref == RETRY) continue;
    const mine = claim(block, ref);
    if (mine != 0) {
      if (load<i32>(block, W_TOKEN) != 0) endSearch(block);
      return mine;
    }
  }
}

// With no task to be had, a child of one that runs elsewhere, as `next` gives it.
function child(block: usize): i32 {
  let at = forkOwn(block);
  if (at == 0) at = forkHelp(block, -1, 0);
  return at == 0 ? 0 : found(block, at);
}

function found(block: usize, at: i32): i32 {
  if (load<i32>(block, W_TOKEN) != 0) endSearch(block);
  return -(at >> LINE_SHIFT);
}

/** The end of one task and the next one. */
export function finishNext(block: usize, slot: i32, from: i32, to: i32): i32 {
  finish(block, slot, from, to);
  return next(block);
}

function pick(block: usize, tick: i32): i32 {
  const injector = <usize>header(H_INJECTOR);
  let ref = EMPTY;
  if ((tick & (FAIR_TICK - 1)) == 0) {
    ref = ringTake(injector + <usize>scheduled(tick / FAIR_TICK) * <usize>header(H_LEVEL_STRIDE));
    if (ref != EMPTY) return ref;
  }
  ref = spscTake(block + <usize>header(H_INBOX));
  if (ref != EMPTY) return ref;
  // Level 0 is critical: it comes before what the worker holds already.
  ref = ringTake(injector);
  if (ref != EMPTY) return ref;
  if (tick % INJECTOR_TICK == 0) {
    ref = fromInjector(block, tick, injector);
    if (ref != EMPTY) return ref;
  }
  ref = dequePop(block + W_DEQUE);
  if (ref != EMPTY) return ref;
  ref = fromInjector(block, tick, injector);
  if (ref != EMPTY) return ref;
  ref = ringTake(block + <usize>header(H_SPILL));
  if (ref != EMPTY) return ref;
  return fromPeers(block);
}

// Levels in weight order: the schedule says where to start, the rest follow from the most urgent on.
function fromInjector(block: usize, tick: i32, injector: usize): i32 {
  const stride = <usize>header(H_LEVEL_STRIDE);
  const first = scheduled(tick);
  let ref = fromLevel(block, injector + <usize>first * stride);
  if (ref != EMPTY) return ref;
  for (let i = 0; i < LEVELS; i++) {
    if (i == first) continue;
    ref = fromLevel(block, injector + <usize>i * stride);
    if (ref != EMPTY) return ref;
  }
  return EMPTY;
}

// @ts-ignore: decorator
@inline
function scheduled(tick: i32): i32 {
  return <i32>load<u8>(BASE + H_SCHEDULE + <usize>(tick & (SCHEDULE_LENGTH - 1)));
}

// One item when few are there or tasks are long, else a batch, of which the peers can steal what we do not run.
function fromLevel(block: usize, ring: usize): i32 {
  const size = ringSize(ring);
  if (size == 0) return EMPTY;
  const workers = header(H_WORKERS);
  const most = min(load<i32>(block, W_BATCH), (size + workers - 1) / workers);
  if (most <= 1) return ringTake(ring);
  const deque = block + W_DEQUE;
  const n = ringClaim(ring, deque, most);
  if (n <= 0) return n == RETRY ? RETRY : ringTake(ring);
  const ref = dequePop(deque);
  // What was claimed and is not run at once is a publication like any other.
  if (n > 1) wakeOne();
  return ref == EMPTY ? RETRY : ref;
}

function random(block: usize): u32 {
  let x = <u32>load<i32>(block, W_RANDOM);
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  store<i32>(block, <i32>x, W_RANDOM);
  return x;
}

// @ts-ignore: decorator
@inline
function weight(block: usize, spill: usize): i32 {
  return dequeSize(block + W_DEQUE) + ringSize(block + spill);
}

// The heaviest peer; ties go to the first from a random start, so that thieves do not herd.
function fromPeers(block: usize): i32 {
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  const me = load<i32>(block, W_ID);
  const spill = <usize>header(H_SPILL);
  if (blocks < 2) return EMPTY;
  const start = <i32>(random(block) % <u32>blocks);
  let victim: usize = 0;
  let heaviest = 0;
  if (blocks > SCAN_ALL) {
    const other = <i32>(random(block) % <u32>blocks);
    if (start != me) { victim = blockOf(start); heaviest = weight(victim, spill); }
    if (other != me) {
      const b = blockOf(other);
      const w = weight(b, spill);
      if (w > heaviest) { victim = b; heaviest = w; }
    }
  }
  if (heaviest == 0) {
    for (let i = 0; i < blocks; i++) {
      let peer = start + i;
      if (peer >= blocks) peer -= blocks;
      if (peer == me) continue;
      const b = blockOf(peer);
      const w = weight(b, spill);
      if (w > heaviest) {
        victim = b;
        heaviest = w;
        if (blocks > SCAN_ALL) break;
      }
    }
  }
  return heaviest == 0 ? EMPTY : rob(block, victim, spill, heaviest);
}

// Single steals in a row: a batch by one compare-exchange on a LIFO deque runs tasks twice. A run of them only when
// tasks are short (W_BATCH > 1); the first is returned, the others go to the own deque.
function rob(block: usize, victim: usize, spill: usize, size: i32): i32 {
  let first = dequeSteal(victim + W_DEQUE);
  if (first == RETRY) return RETRY;
  if (first == EMPTY) {
    first = ringTake(victim + spill);
    if (first != EMPTY && first != RETRY) count(block, 1);
    return first;
  }
  let taken = 1;
  const deque = block + W_DEQUE;
  // The own deque is empty here, so its capacity is its room.
  const most = min(min(min(load<i32>(block, W_BATCH), STEAL_RUN), (size + 1) >> 1), load<i32>(deque, DQ_OWN_MASK) + 1);
  // Invariant: `first` and nothing else is held; what was moved before is in the own deque, published.
  while (taken < most) {
    const x = dequeSteal(victim + W_DEQUE);
    if (x == EMPTY || x == RETRY) break;
    dequePush(deque, x);
    taken++;
  }
  count(block, taken);
  if (taken > 1) wakeOne();
  return first;
}

// @ts-ignore: decorator
@inline
function count(block: usize, n: i32): void {
  store<i32>(block, load<i32>(block, W_STEALS) + n, W_STEALS);
}

/** Worker. Puts a reference on the own deque; when that is full, half of it goes to the spill ring in one batch. 0: no room. */
export function offer(block: usize, ref: i32): i32 {
  const deque = block + W_DEQUE;
  if (dequePush(deque, ref) == 0) {
    dequeSpill(deque, block + <usize>header(H_SPILL));
    if (dequePush(deque, ref) == 0) return 0;
  }
  wakeOne();
  return 1;
}
