// Who sleeps, who searches, who is woken. States, invariants and the argument: ../idle/README.md.
import {
  H_ARMED, H_BLOCKS, H_CALLED, H_COMPLETIONS, H_DIRECTORY, H_FORK_SPILL, H_FORKS, H_INBOX, H_INJECTOR, H_LEVEL_STRIDE, H_LOOPING,
  H_PARKED, H_SEARCHING, H_SPILL,
  H_WORKERS, HEADER, LEVELS, SC_HEAD, SC_TAIL,W_COMMAND, W_DEQUE, W_ID, W_PARK, W_PARKS, W_PING, W_PONG, W_TOKEN,
} from '../layout';
import { dequeSize } from './deque';
import { ringSize, spscSize } from './rings';

/** The header's address, as a pointer. */
export const BASE: usize = <usize>HEADER;

// @ts-ignore: decorator
@inline
export function header(field: i32): i32 {
  return load<i32>(BASE + <usize>field);
}

// @ts-ignore: decorator
@inline
export function blockOf(worker: i32): usize {
  return <usize>load<i32>(BASE + H_DIRECTORY + (<usize>worker << 2));
}

// @ts-ignore: decorator
@inline
export function words(): i32 {
  return (atomic.load<i32>(BASE, H_BLOCKS) + 31) >> 5;
}

/** Is any task visible that any worker may take? */
export function anyShared(): i32 {
  let level = <usize>header(H_INJECTOR);
  const stride = <usize>header(H_LEVEL_STRIDE);
  for (let i = 0; i < LEVELS; i++) {
    if (ringSize(level) > 0) return 1;
    level += stride;
  }
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  const spill = <usize>header(H_SPILL);
  const forks = <usize>header(H_FORKS);
  const forkSpill = <usize>header(H_FORK_SPILL);
  for (let i = 0; i < blocks; i++) {
    const block = blockOf(i);
    if (dequeSize(block + W_DEQUE) > 0 || ringSize(block + spill) > 0) return 1;
    if (dequeSize(block + forks) > 0 || ringSize(block + forkSpill) > 0) return 1;
  }
  return 0;
}

/** Is there anything this worker must not sleep over? */
export function anyWork(block: usize): i32 {
  if (atomic.load<i32>(block, W_COMMAND) != 0) return 1;
  if (spscSize(block + <usize>header(H_INBOX)) > 0) return 1;
  return anyShared();
}

// Only the worker itself writes W_PONG.
// @ts-ignore: decorator
@inline
function pinged(block: usize): i32 {
  return i32(atomic.load<i32>(block, W_PING) != load<i32>(block, W_PONG));
}

// The parked bit is cleared by whoever wins it; only the winner goes on to wake the worker. 0: it has been woken, or
// found dead, meanwhile.
// @ts-ignore: decorator
@inline
function rouse(worker: i32): i32 {
  const block = blockOf(worker);
  const word = BASE + (<usize>(worker >> 5) << 2);
  const bit = 1 << (worker & 31);
  // Subtle: a worker with its event loop alive may run seconds of a task's code before it comes. A searching bit would
  // silence all publishers for as long.
  const loops = atomic.load<i32>(word, H_LOOPING) & bit;
  if (loops == 0) atomic.or<i32>(word, bit, H_SEARCHING);
  if (atomic.xchg<i32>(block, 1, W_PARK) != 0) {
    // Subtle: the coordinator, after a death, was here between the winning of the bit and now. The worker may run a
    // task by now, or be dead: nobody would take this searching bit away again, and it would silence all publishers.
    atomic.and<i32>(word, ~bit, H_SEARCHING);
    return 0;
  }
  atomic.notify(block + W_PARK, -1);
  if (loops != 0) atomic.store<i32>(BASE, 1, H_CALLED);
  return 1;
}

/**
 * Coordinator, after every publication: wakes one parked worker, unless somebody is searching already. 1 when it woke one.
 * The only cost while everyone is busy: one load per 32 workers, twice.
 */
export function wakeIdle(): i32 {
  const n = words();
  for (let i = 0; i < n; i++) {
    if (atomic.load<i32>(BASE + (<usize>i << 2), H_SEARCHING) != 0) return 0;
  }
  return wakeParked(n);
}

/** As `wakeIdle`, for workers. */
export function wakeOne(): i32 {
  if (wakeIdle() == 0) return 0;
  tellCalled();
  return 1;
}

/** Worker, after it woke another: the coordinator, which may be asleep, looks after one that may not come. */
// @ts-ignore: decorator
@inline
export function tellCalled(): void {
  if (atomic.load<i32>(BASE, H_CALLED) != 0) ringBell();
}

/** Wakes one parked worker, one that keeps its event loop alive only when there is no other. 1 when it woke one. */
export function wakeParked(n: i32): i32 {
  // The second round is for those that keep their event loop alive, if the first has met any.
  let rounds = n;
  for (let i = 0; i < rounds; i++) {
    const w = i < n ? i : i - n;
    const word = BASE + (<usize>w << 2);
    let parked = atomic.load<i32>(word, H_PARKED);
    // Invariant: `parked` was loaded from this word after the caller's publication.
    while (parked != 0) {
      const which = i < n ? parked & ~atomic.load<i32>(word, H_LOOPING) : parked;
      if (which == 0) {
        rounds = 2 * n;
        break;
      }
      const bit = ctz(which);
      const seen = atomic.cmpxchg<i32>(word, parked, parked & ~(1 << bit), H_PARKED);
      if (seen == parked) {
        if (rouse((w << 5) + bit) != 0) return 1;
        // Publishers may have kept silent for a moment on account of a bit that meant nothing: all are asked again.
        i = -1;
        break;
      }
      parked = seen;
    }
  }
  return 0;
}

/** Coordinator, after publishing several tasks: wakes up to `most` workers. How many. */
export function wakeSome(most: i32): i32 {
  const n = words();
  let woken = 0;
  while (woken < most && wakeParked(n) != 0) woken++;
  return woken;
}

/** Wakes this worker if it is parked (work that only it can do). */
export function wakeWorker(block: usize): void {
  const worker = load<i32>(block, W_ID);
  const bit = 1 << (worker & 31);
  const word = BASE + (<usize>(worker >> 5) << 2);
  if ((atomic.and<i32>(word, ~bit, H_PARKED) & bit) != 0 && rouse(worker) == 0) wakeOne();
}

/**
 * Coordinator: wakes every worker, parked or not; after a death, because a dying waiter swallows a notify.
 * Searching bits go first: a dying waker may have set one for a worker that does not search, and who does search
 * finds what is there without it.
 */
export function wakeAll(): void {
  const n = words();
  for (let i = 0; i < n; i++) atomic.store<i32>(BASE + (<usize>i << 2), 0, H_SEARCHING);
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  for (let i = 0; i < blocks; i++) {
    const block = blockOf(i);
    atomic.store<i32>(block, 1, W_PARK);
    atomic.notify(block + W_PARK, -1);
  }
}

/**
 * Coordinator: asks this worker to let its event loop turn and to look at its words, whatever it waits for. It answers
 * by copying W_PING to W_PONG.
 */
export function ping(block: usize): void {
  // Subtle: the question first. `park` takes the park word back, and then looks for a question.
  atomic.add<i32>(block, 1, W_PING);
  atomic.store<i32>(block, 1, W_PARK);
  atomic.notify(block + W_PARK, -1);
}

/** Takes a search token; 0 when half of the workers search already. */
export function beginSearch(block: usize): i32 {
  if (load<i32>(block, W_TOKEN) != 0) return 1;
  const n = words();
  let searching = 0;
  for (let i = 0; i < n; i++) searching += popcnt(atomic.load<i32>(BASE + (<usize>i << 2), H_SEARCHING));
  if (searching * 2 >= header(H_WORKERS)) return 0;
  const worker = load<i32>(block, W_ID);
  store<i32>(block, 1, W_TOKEN);
  atomic.or<i32>(BASE + (<usize>(worker >> 5) << 2), 1 << (worker & 31), H_SEARCHING);
  return 1;
}

/**
 * Gives the token back because work was found. The last searcher passes the torch: publishers kept silent on its
 * account, so it must look once more for them and wake a successor if anything is left.
 */
export function endSearch(block: usize): void {
  const worker = load<i32>(block, W_ID);
  store<i32>(block, 0, W_TOKEN);
  atomic.and<i32>(BASE + (<usize>(worker >> 5) << 2), ~(1 << (worker & 31)), H_SEARCHING);
  if (anyShared() != 0) wakeOne();
}

/**
 * Announces that this worker is about to sleep. 1: sleep on W_PARK while it is 0, then call `unpark`.
 * 0: something turned up: a task, a command, or a ping. Go on picking, as a searcher, and answer a ping before the next
 * `park`.
 */
export function park(block: usize): i32 {
  const worker = load<i32>(block, W_ID);
  const bit = 1 << (worker & 31);
  const word = BASE + (<usize>(worker >> 5) << 2);
  atomic.store<i32>(block, 0, W_PARK);
  atomic.or<i32>(word, bit, H_PARKED);
  store<i32>(block, 0, W_TOKEN);
  atomic.and<i32>(word, ~bit, H_SEARCHING);
  // Subtle: the Dekker pair. Publish then load the masks; set the mask, then look. One of the two sees the other.
  // A ping stores 1 in W_PARK, which may have been before the 0 above: so it is looked for here like work.
  if ((anyWork(block) | pinged(block)) != 0 && (atomic.and<i32>(word, ~bit, H_PARKED) & bit) != 0) {
    // Subtle: publishers may have kept silent on account of the searching bit cleared above, and this worker is about
    // to take one task, not all. It searches on, so that `endSearch` looks once more for the others.
    atomic.or<i32>(word, bit, H_SEARCHING);
    store<i32>(block, 1, W_TOKEN);
    return 0;
  }
  // Either nothing is there, or a waker has taken the bit already: then W_PARK is 1 or about to be.
  store<i32>(block, load<i32>(block, W_PARKS) + 1, W_PARKS);
  return 1;
}

/** As `park`, of a worker that sleeps with its event loop alive. */
export function parkLooping(block: usize): i32 {
  const worker = load<i32>(block, W_ID);
  const bit = 1 << (worker & 31);
  const word = BASE + (<usize>(worker >> 5) << 2);
  atomic.or<i32>(word, bit, H_LOOPING);
  if (park(block) != 0) return 1;
  stopLooping(word, bit);
  return 0;
}

/**
 * Coordinator, a while after it has taken `H_CALLED` back. When a worker with its event loop alive was woken and has not
 * come, and something is visible that nobody searches for: wakes another one. 1: it has not come, look again in a while.
 */
export function recall(): i32 {
  const n = words();
  let called = 0;
  let searching = 0;
  for (let i = 0; i < n; i++) {
    const word = BASE + (<usize>i << 2);
    called |= atomic.load<i32>(word, H_LOOPING) & ~atomic.load<i32>(word, H_PARKED);
    searching |= atomic.load<i32>(word, H_SEARCHING);
  }
  if (called == 0 || anyShared() == 0) return 0;
  if (searching == 0) wakeParked(n);
  return 1;
}

/** After the sleep. Idempotent, so that a waker that died half-way leaves nothing behind. */
export function unpark(block: usize): void {
  const worker = load<i32>(block, W_ID);
  const bit = 1 << (worker & 31);
  const word = BASE + (<usize>(worker >> 5) << 2);
  atomic.or<i32>(word, bit, H_SEARCHING);
  atomic.and<i32>(word, ~bit, H_PARKED);
  store<i32>(block, 1, W_TOKEN);
  stopLooping(word, bit);
}

// @ts-ignore: decorator
@inline
function stopLooping(word: usize, bit: i32): void {
  if ((atomic.load<i32>(word, H_LOOPING) & bit) != 0) atomic.and<i32>(word, ~bit, H_LOOPING);
}

/** Looks for work up to `rounds` times without a system call. 1 when something is visible. */
export function spin(block: usize, rounds: i32): i32 {
  // Invariant: nothing is held and nothing was changed; ending the thread here is harmless.
  for (let i = 0; i < rounds; i++) {
    if (anyWork(block) != 0) return 1;
  }
  return 0;
}

/** Coordinator, for a dead worker: takes its bits away. */
export function forget(block: usize): void {
  const worker = load<i32>(block, W_ID);
  const bit = 1 << (worker & 31);
  const word = BASE + (<usize>(worker >> 5) << 2);
  // Subtle: first, so that a waker that has won the parked bit and is still about to set the searching bit sees it.
  atomic.store<i32>(block, 1, W_PARK);
  atomic.and<i32>(word, ~bit, H_SEARCHING);
  atomic.and<i32>(word, ~bit, H_PARKED);
  stopLooping(word, bit);
  store<i32>(block, 0, W_TOKEN);
}

// ── The bell ────────────────────────────────────────────────────────────────────────────────────────────────────

// @ts-ignore: decorator
@inline
function anyCompletion(): i32 {
  const blocks = atomic.load<i32>(BASE, H_BLOCKS);
  const offset = <usize>header(H_COMPLETIONS);
  for (let i = 0; i < blocks; i++) {
    const ring = blockOf(i) + offset;
    if (atomic.load<i32>(ring, SC_TAIL) != atomic.load<i32>(ring, SC_HEAD)) return 1;
  }
  return 0;
}

/**
 * Coordinator, before it sleeps on H_ARMED (expecting 1). 0: a completion is there already, or a worker was called, do
 * not sleep.
 */
export function arm(): i32 {
  atomic.store<i32>(BASE, 1, H_ARMED);
  if (anyCompletion() == 0 && atomic.load<i32>(BASE, H_CALLED) == 0) return 1;
  atomic.store<i32>(BASE, 0, H_ARMED);
  return 0;
}

/** Coordinator, awake: looks up to `rounds` times without a system call. 1 when a completion is there. */
export function completed(rounds: i32): i32 {
  for (let i = 0; i < rounds; i++) {
    if (anyCompletion() != 0) return 1;
  }
  return 0;
}

/** Worker, after it published a completion. Costs one load while the coordinator is awake. */
// @ts-ignore: decorator
@inline
export function ringBell(): void {
  if (atomic.load<i32>(BASE, H_ARMED) != 0 && atomic.cmpxchg<i32>(BASE, 1, 0, H_ARMED) == 1) {
    // A death here leaves the coordinator asleep and disarmed; the dead thread's own exit wakes it.
    atomic.notify(BASE + H_ARMED, -1);
  }
}
