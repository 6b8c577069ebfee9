/**
 * The semaphore: a word for each permit, 0 or the holder's id, and a word that counts releases, for sleeping on. A
 * permit is taken by one compare-exchange, so a dead thread's permit is never in between. Beside that, 64 bits for each
 * permit, in which its holder shows its label (`../deadlock/cycle.ts`).
 *
 * @module
 */
import { type Alive, OWN, type Sleep, TIMED_OUT, type Waiting } from './sleep.ts';

export interface PermitsPlace {
  readonly releases: number;
  readonly permits: number;
  readonly labels: number;
  readonly count: number;
}

/** A free permit, looked for from `hint` on; -1 when there is none. */
export function takeFree(i32: Int32Array, place: PermitsPlace, hint: number, me: number): number {
  for (let i = 0; i < place.count; i++) {
    const permit = (hint + i) % place.count;
    if (Atomics.compareExchange(i32, place.permits + permit, 0, me) === 0) return permit;
  }
  return -1;
}

/** The permit of a thread that is dead; -1 when there is none. */
function takeDead(i32: Int32Array, place: PermitsPlace, me: number, alive: Alive): number {
  for (let permit = 0; permit < place.count; permit++) {
    const holder = Atomics.load(i32, place.permits + permit);
    if (holder === 0 || alive(holder) !== false) continue;
    if (Atomics.compareExchange(i32, place.permits + permit, holder, me) !== holder) continue;
    // The dead may have shown a label, which is not the heir's.
    Atomics.store(i32, place.labels + 2 * permit, 0);
    Atomics.store(i32, place.labels + 2 * permit + 1, 0);
    return permit;
  }
  return -1;
}

/** Only this thread writes its own id, and takes it away. */
function allMine(i32: Int32Array, place: PermitsPlace, me: number): boolean {
  for (let permit = 0; permit < place.count; permit++)
    if (Atomics.load(i32, place.permits + permit) !== me) return false;
  return true;
}

/** The permit taken, `TIMED_OUT`, or `OWN`: `blocking`, as of a lock, and without a limit. */
export function* acquire(
  i32: Int32Array,
  place: PermitsPlace,
  hint: number,
  me: number,
  blocking: boolean,
  alive: Alive,
): Waiting {
  let last = false;
  for (;;) {
    const releases = Atomics.load(i32, place.releases);
    const free = takeFree(i32, place, hint, me);
    if (free >= 0) return free;
    const dead = takeDead(i32, place, me, alive);
    if (dead >= 0) return dead;
    if (last) return TIMED_OUT;
    if (blocking && allMine(i32, place, me)) return OWN;
    const sleep: Sleep = { at: place.releases, value: releases, holder: 0, label: 0, own: 0 };
    last = (yield sleep) === 'expired';
  }
}

export function release(i32: Int32Array, place: PermitsPlace, permit: number): void {
  Atomics.store(i32, place.permits + permit, 0);
  Atomics.add(i32, place.releases, 1);
  Atomics.notify(i32, place.releases, 1);
}
