// Chase-Lev deque, bounded, 32-bit indices. States, invariants and the argument: ../deque/README.md.
// Sources: Chase & Lev, SPAA 2005 (proved under sequential consistency, which wasm atomics give); the owner-private
// lower bound of top is Saturn's `top_cache`.
import {
  DQ_BOTTOM, DQ_MASK, DQ_OWN_BOTTOM, DQ_OWN_MASK, DQ_OWN_TOP, DQ_SLOTS, DQ_TOP, EMPTY, RETRY,
} from '../layout';
import { ringPublish, ringRoom, ringStage } from './rings';

// @ts-ignore: decorator
@inline
export function slotOf(d: usize, index: i32, mask: i32): usize {
  return d + (<usize>(index & mask) << 2);
}

/** `start` is where the indices begin: any int32, so that tests can begin next to wrap-around. */
export function dequeInit(d: usize, mask: i32, start: i32): void {
  atomic.store<i32>(d, start, DQ_TOP);
  store<i32>(d, mask, DQ_MASK);
  atomic.store<i32>(d, start, DQ_BOTTOM);
  store<i32>(d, start, DQ_OWN_BOTTOM);
  store<i32>(d, start, DQ_OWN_TOP);
  store<i32>(d, mask, DQ_OWN_MASK);
}

// Room for one more at own bottom? Subtle: OWN_TOP may lag behind top, never run ahead, so a stale value can only
// say "full" too early; then, and only then, the shared top is loaded.
// @ts-ignore: decorator
@inline
export function room(d: usize, b: i32, mask: i32): i32 {
  let n = mask + 1 - (b - load<i32>(d, DQ_OWN_TOP));
  if (n > 0) return n;
  const t = atomic.load<i32>(d, DQ_TOP);
  store<i32>(d, t, DQ_OWN_TOP);
  return mask + 1 - (b - t);
}

/** Owner. 1, or 0 when full. */
export function dequePush(d: usize, x: i32): i32 {
  const b = load<i32>(d, DQ_OWN_BOTTOM);
  const mask = load<i32>(d, DQ_OWN_MASK);
  if (room(d, b, mask) <= 0) return 0;
  store<i32>(slotOf(d, b, mask), x, DQ_SLOTS);
  store<i32>(d, b + 1, DQ_OWN_BOTTOM);
  // The publication: a thief that loads this bottom sees the slot.
  atomic.store<i32>(d, b + 1, DQ_BOTTOM);
  return 1;
}

/** Owner. The newest item, or EMPTY. */
export function dequePop(d: usize): i32 {
  const end = load<i32>(d, DQ_OWN_BOTTOM);
  // OWN_TOP <= top <= bottom: equality proves empty without touching a shared word.
  if (end == load<i32>(d, DQ_OWN_TOP)) return EMPTY;
  const b = end - 1;
  const mask = load<i32>(d, DQ_OWN_MASK);
  // Subtle: reserve, then look. With the load first, a thief and the owner could both take item b.
  atomic.store<i32>(d, b, DQ_BOTTOM);
  const t = atomic.load<i32>(d, DQ_TOP);
  const x = load<i32>(slotOf(d, b, mask), DQ_SLOTS);
  if (b - t > 0) {
    store<i32>(d, b, DQ_OWN_BOTTOM);
    return x;
  }
  // The last item, or one too few: thieves can reach b, so it is taken as they take it.
  const won = b == t && atomic.cmpxchg<i32>(d, t, t + 1, DQ_TOP) == t;
  // Subtle: top advances past b, and bottom goes back up to it. Resetting both would let a thief that still
  // holds the old top succeed on a reused index.
  atomic.store<i32>(d, end, DQ_BOTTOM);
  store<i32>(d, end, DQ_OWN_TOP);
  return won ? x : EMPTY;
}

/** Thief. The oldest item, EMPTY, or RETRY when another taker was faster. */
export function dequeSteal(d: usize): i32 {
  // Subtle: top BEFORE bottom. The other way round a stale bottom and a fresh top reach an item the owner has
  // already popped without a compare-exchange.
  const t = atomic.load<i32>(d, DQ_TOP);
  const b = atomic.load<i32>(d, DQ_BOTTOM);
  if (b - t <= 0) return EMPTY;
  // Subtle: read before the compare-exchange; after it the owner may reuse the slot. Garbage until it succeeds.
  const x = load<i32>(slotOf(d, t, load<i32>(d, DQ_MASK)), DQ_SLOTS);
  return atomic.cmpxchg<i32>(d, t, t + 1, DQ_TOP) == t ? x : RETRY;
}

/** Anybody: how many items it seems to hold. A hint, never proof. */
export function dequeSize(d: usize): i32 {
  const n = atomic.load<i32>(d, DQ_BOTTOM) - atomic.load<i32>(d, DQ_TOP);
  return n > 0 ? n : 0;
}

/**
 * Owner. Moves the older half to the ring `r` (of which the caller is the producer) and publishes it in one batch.
 * How many moved. Each item is taken as a thief takes it, so peers may go on stealing meanwhile.
 */
export function dequeSpill(d: usize, r: usize): i32 {
  const most = min((dequeSize(d) + 1) >> 1, ringRoom(r));
  let moved = 0;
  // Invariant: `moved` items are staged and not yet visible; a death here leaves them QUEUED, and recovery
  // issues every QUEUED task again.
  while (moved < most) {
    const x = dequeSteal(d);
    if (x == EMPTY) break;
    if (x == RETRY) continue;
    ringStage(r, x);
    moved++;
  }
  if (moved > 0) ringPublish(r);
  return moved;
}
