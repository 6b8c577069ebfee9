/**
 * The channel: a ring of bytes that a mutex word guards. Everything a holder of the lock does becomes true by one store
 * (of the tail, of the head), so a thread that dies with the lock leaves a whole ring: the next one takes the lock over
 * and clears the poison. States, and what a death leaves: ../README.md.
 *
 * @module
 */
import { clearPoison, lockFast, lockSlow, unlock } from './mutex-word.ts';
import { ALL, type Alive, ENDED, NONE, type Sleep, TAKEN, TIMED_OUT, type Waiting } from './sleep.ts';

/** Where the words lie. Positions count bytes, in multiples of 8, and wrap at 2^32. */
export interface RingPlace {
  readonly lock: number;
  /** Where the next message goes. The low bit, `CLOSED`, says that there will be none. */
  readonly tail: number;
  /** Where the oldest message is. */
  readonly head: number;
  /** Counts up when there may be something new to receive; how many wait for it. */
  readonly filled: number;
  readonly receivers: number;
  /** The same for room to send. */
  readonly drained: number;
  readonly senders: number;
  /** The first word of the ring, a multiple of 2. */
  readonly data: number;
  /** Bytes in the ring: a power of two. */
  readonly capacity: number;
}

const CLOSED = 1;
/** A message's head: its kind, and its bytes. */
const HEAD_BYTES = 8;
/** Nothing more up to the end of the ring. */
const SKIP = 0;

/** What a message takes in the ring. */
export function roomOf(bytes: number): number {
  return (HEAD_BYTES + bytes + 7) & ~7;
}

/** Copies a message in or out: `at` is its first byte's index in the ring's bytes. */
export type Copy = (at: number, bytes: number, kind: number) => void;

/** `TAKEN`, `ENDED` or `TIMED_OUT`. `kind` is above 0. */
export function* send(
  i32: Int32Array,
  place: RingPlace,
  kind: number,
  bytes: number,
  copy: Copy,
  me: number,
  alive: Alive,
): Waiting {
  let announced = false;
  let last = false;
  for (;;) {
    const drained = Atomics.load(i32, place.drained);
    let how = yield* enter(i32, place, me, alive);
    if (how === TAKEN) {
      how = put(i32, place, kind, bytes, copy);
      unlock(i32, place.lock, me);
    }
    if (how === NONE && !last) {
      if (announced) {
        const sleep: Sleep = { at: place.drained, value: drained, holder: 0, label: 0, own: 0 };
        last = (yield sleep) === 'expired';
      } else {
        announced = true;
        Atomics.add(i32, place.senders, 1);
      }
      continue;
    }
    if (announced) Atomics.sub(i32, place.senders, 1);
    if (how === TAKEN) tell(i32, place.receivers, place.filled, 1);
    return how === NONE ? TIMED_OUT : how;
  }
}

/** `TAKEN`, `ENDED` (closed, and nothing is left) or `TIMED_OUT`. */
export function* receive(i32: Int32Array, place: RingPlace, copy: Copy, me: number, alive: Alive): Waiting {
  let announced = false;
  let last = false;
  for (;;) {
    const filled = Atomics.load(i32, place.filled);
    let how = yield* enter(i32, place, me, alive);
    if (how === TAKEN) {
      how = take(i32, place, copy);
      unlock(i32, place.lock, me);
    }
    if (how === NONE && !last) {
      if (announced) {
        const sleep: Sleep = { at: place.filled, value: filled, holder: 0, label: 0, own: 0 };
        last = (yield sleep) === 'expired';
      } else {
        announced = true;
        Atomics.add(i32, place.receivers, 1);
      }
      continue;
    }
    if (announced) Atomics.sub(i32, place.receivers, 1);
    // Messages are of any size: the one who waits longest may be the one who does not fit.
    if (how === TAKEN) tell(i32, place.senders, place.drained, ALL);
    return how === NONE ? TIMED_OUT : how;
  }
}

/** No lock: the main thread may close a channel whatever has become of the others. */
export function close(i32: Int32Array, place: RingPlace): void {
  if ((Atomics.or(i32, place.tail, CLOSED) & CLOSED) !== 0) return;
  tell(i32, place.receivers, place.filled, ALL);
  tell(i32, place.senders, place.drained, ALL);
}

export function isClosed(i32: Int32Array, place: RingPlace): boolean {
  return (Atomics.load(i32, place.tail) & CLOSED) !== 0;
}

/** Bytes in use, as seen at one instant or the next. */
export function usedOf(i32: Int32Array, place: RingPlace): number {
  return ((Atomics.load(i32, place.tail) & ~CLOSED) - Atomics.load(i32, place.head)) | 0;
}

function* enter(i32: Int32Array, place: RingPlace, me: number, alive: Alive): Waiting {
  if (lockFast(i32, place.lock, me)) return TAKEN;
  const how = yield* lockSlow(i32, place.lock, 0, { me, recover: true, blocking: false }, alive);
  if (how === TAKEN) clearPoison(i32, place.lock);
  return how;
}

function put(i32: Int32Array, place: RingPlace, kind: number, bytes: number, copy: Copy): number {
  const { data, capacity } = place;
  const tail = Atomics.load(i32, place.tail);
  if ((tail & CLOSED) !== 0) return ENDED;
  const used = (tail - Atomics.load(i32, place.head)) | 0;
  const size = roomOf(bytes);
  let at = tail & (capacity - 1);
  const skip = at + size > capacity ? capacity - at : 0;
  if (used + skip + size > capacity) return NONE;
  if (skip > 0) {
    i32[data + at / 4] = SKIP;
    at = 0;
  }
  i32[data + at / 4] = kind;
  i32[data + at / 4 + 1] = bytes;
  copy(at + HEAD_BYTES, bytes, kind);
  // Closing is no business of the lock's holder, so the tail may have changed.
  const seen = Atomics.compareExchange(i32, place.tail, tail, (tail + skip + size) | 0);
  return seen === tail ? TAKEN : ENDED;
}

function take(i32: Int32Array, place: RingPlace, copy: Copy): number {
  const { data, capacity } = place;
  const tail = Atomics.load(i32, place.tail);
  let head = Atomics.load(i32, place.head);
  if ((tail & ~CLOSED) === head) return (tail & CLOSED) !== 0 ? ENDED : NONE;
  let at = head & (capacity - 1);
  if (i32[data + at / 4] === SKIP) {
    head = (head + capacity - at) | 0;
    at = 0;
  }
  const kind = i32[data + at / 4]!;
  const bytes = i32[data + at / 4 + 1]!;
  copy(at + HEAD_BYTES, bytes, kind);
  Atomics.store(i32, place.head, (head + roomOf(bytes)) | 0);
  return TAKEN;
}

/** Wakes those who wait, if any. They announced themselves before they looked for the last time. */
function tell(i32: Int32Array, waiting: number, signal: number, count: number): void {
  if (Atomics.load(i32, waiting) === 0) return;
  Atomics.add(i32, signal, 1);
  Atomics.notify(i32, signal, count);
}
