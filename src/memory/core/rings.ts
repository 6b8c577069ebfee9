// Rings with one producer. States, invariants and the argument: ../rings/README.md.
import {
  DQ_BOTTOM,
  DQ_OWN_BOTTOM,
  DQ_OWN_MASK,
  DQ_SLOTS,
  EMPTY,
  EV_EPOCH,
  EV_WAITERS,
  MC_HEAD,
  MC_MASK,
  MC_OWN_HEAD,
  MC_OWN_MASK,
  MC_OWN_TAIL,
  MC_SLOTS,
  MC_TAIL,
  RETRY,
  SC_HEAD,
  SC_MASK,
  SC_OWN_HEAD,
  SC_OWN_MASK,
  SC_OWN_TAIL,
  SC_SLOTS,
  SC_TAIL,
  SC_TAKEN,
} from '../layout';
import { room, slotOf } from './deque';

// ── One producer, many consumers ────────────────────────────────────────────────────────────────────────────────

export function ringInit(r: usize, mask: i32, start: i32): void {
  atomic.store<i32>(r, start, MC_HEAD);
  store<i32>(r, mask, MC_MASK);
  atomic.store<i32>(r, start, MC_TAIL);
  store<i32>(r, start, MC_OWN_TAIL);
  store<i32>(r, start, MC_OWN_HEAD);
  store<i32>(r, mask, MC_OWN_MASK);
}

/** Producer. Items the ring can still take. */
export function ringRoom(r: usize): i32 {
  const t = load<i32>(r, MC_OWN_TAIL);
  const mask = load<i32>(r, MC_OWN_MASK);
  const h = atomic.load<i32>(r, MC_HEAD);
  store<i32>(r, h, MC_OWN_HEAD);
  return mask + 1 - (t - h);
}

/** Producer. Writes one item that nobody sees before `ringPublish`. 1, or 0 when full. */
export function ringStage(r: usize, x: i32): i32 {
  const t = load<i32>(r, MC_OWN_TAIL);
  const mask = load<i32>(r, MC_OWN_MASK);
  if (t - load<i32>(r, MC_OWN_HEAD) > mask && ringRoom(r) <= 0) return 0;
  store<i32>(r + ((<usize>(t & mask)) << 2), x, MC_SLOTS);
  store<i32>(r, t + 1, MC_OWN_TAIL);
  return 1;
}

/** Producer. Makes all staged items visible in one store. */
export function ringPublish(r: usize): void {
  atomic.store<i32>(r, load<i32>(r, MC_OWN_TAIL), MC_TAIL);
}

/** Producer. 1, or 0 when full. */
export function ringPut(r: usize, x: i32): i32 {
  if (ringStage(r, x) == 0) return 0;
  ringPublish(r);
  return 1;
}

/** What stands in the slot of item `i`. It is that item if head, looked at after this, has not passed it. */
// @ts-ignore: decorator
@inline
export function ringSlot(r: usize, i: i32): i32 {
  return load<i32>(r + ((<usize>(i & load<i32>(r, MC_MASK))) << 2), MC_SLOTS);
}

/** Any consumer. The oldest item, EMPTY, or RETRY when another consumer was faster. */
export function ringTake(r: usize): i32 {
  const h = atomic.load<i32>(r, MC_HEAD);
  const t = atomic.load<i32>(r, MC_TAIL);
  if (t - h <= 0) return EMPTY;
  // Subtle: read before the compare-exchange; the producer reuses the slot only after head has passed it.
  const x = ringSlot(r, h);
  return atomic.cmpxchg<i32>(r, h, h + 1, MC_HEAD) == h ? x : RETRY;
}

/**
 * Consumer that owns the deque `d`. Moves up to `most` items from the ring to the deque with one compare-exchange,
 * oldest on the bottom, so that the owner pops them in ring order. How many, or RETRY.
 */
export function ringClaim(r: usize, d: usize, most: i32): i32 {
  const h = atomic.load<i32>(r, MC_HEAD);
  const t = atomic.load<i32>(r, MC_TAIL);
  const b = load<i32>(d, DQ_OWN_BOTTOM);
  const deque = load<i32>(d, DQ_OWN_MASK);
  const mask = load<i32>(r, MC_MASK);
  let n = min(t - h, most);
  n = min(n, room(d, b, deque));
  if (n <= 0) return 0;
  // Invariant: only slots above own bottom are written, which no thief may read; so giving up here, or dying,
  // leaves both queues as they were. A batch by one compare-exchange is legal here because consumers are the only
  // takers of a FIFO ring; on the deque it would run tasks twice.
  for (let i = 0; i < n; i++) {
    const x = load<i32>(r + ((<usize>((h + i) & mask)) << 2), MC_SLOTS);
    store<i32>(slotOf(d, b + n - 1 - i, deque), x, DQ_SLOTS);
  }
  if (atomic.cmpxchg<i32>(r, h, h + n, MC_HEAD) != h) return RETRY;
  // A death here leaves n items in no queue, all QUEUED: recovery issues every QUEUED task again.
  store<i32>(d, b + n, DQ_OWN_BOTTOM);
  atomic.store<i32>(d, b + n, DQ_BOTTOM);
  return n;
}

/** Anybody: how many items it seems to hold. */
export function ringSize(r: usize): i32 {
  const h = atomic.load<i32>(r, MC_HEAD);
  const n = atomic.load<i32>(r, MC_TAIL) - h;
  return n > 0 ? n : 0;
}

// ── One producer, one consumer ──────────────────────────────────────────────────────────────────────────────────

export function spscInit(r: usize, mask: i32, start: i32): void {
  atomic.store<i32>(r, start, SC_HEAD);
  store<i32>(r, mask, SC_MASK);
  atomic.store<i32>(r, start, SC_TAIL);
  store<i32>(r, start, SC_OWN_TAIL);
  store<i32>(r, start, SC_OWN_HEAD);
  store<i32>(r, mask, SC_OWN_MASK);
  store<i32>(r, start, SC_TAKEN);
}

/** Producer. 1, or 0 when full. */
export function spscPut(r: usize, x: i32): i32 {
  const t = load<i32>(r, SC_OWN_TAIL);
  const mask = load<i32>(r, SC_OWN_MASK);
  if (t - load<i32>(r, SC_OWN_HEAD) > mask) {
    const h = atomic.load<i32>(r, SC_HEAD);
    store<i32>(r, h, SC_OWN_HEAD);
    if (t - h > mask) return 0;
  }
  store<i32>(r + ((<usize>(t & mask)) << 2), x, SC_SLOTS);
  store<i32>(r, t + 1, SC_OWN_TAIL);
  atomic.store<i32>(r, t + 1, SC_TAIL);
  return 1;
}

/** Consumer. The oldest item, or EMPTY. */
export function spscTake(r: usize): i32 {
  const h = load<i32>(r, SC_TAKEN);
  if (atomic.load<i32>(r, SC_TAIL) == h) return EMPTY;
  const x = load<i32>(r + ((<usize>(h & load<i32>(r, SC_MASK))) << 2), SC_SLOTS);
  store<i32>(r, h + 1, SC_TAKEN);
  // Subtle: after the read; from here on the producer may overwrite the slot.
  atomic.store<i32>(r, h + 1, SC_HEAD);
  return x;
}

/** Anybody: how many items it seems to hold. */
export function spscSize(r: usize): i32 {
  const h = atomic.load<i32>(r, SC_HEAD);
  return atomic.load<i32>(r, SC_TAIL) - h;
}

// ── Event count ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Waiter, first: announces itself and returns the key. Then it looks for its condition once more. */
export function eventPrepare(e: usize): i32 {
  atomic.add<i32>(e, 1, EV_WAITERS);
  return atomic.load<i32>(e, EV_EPOCH);
}

/** Waiter, last: found its condition, or was woken. */
export function eventLeave(e: usize): void {
  atomic.sub<i32>(e, 1, EV_WAITERS);
}

/** Notifier, after it has made the condition true. How many were woken. */
export function eventNotify(e: usize, count: i32): i32 {
  atomic.add<i32>(e, 1, EV_EPOCH);
  if (atomic.load<i32>(e, EV_WAITERS) == 0) return 0;
  return atomic.notify(e + EV_EPOCH, count);
}
