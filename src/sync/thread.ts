/**
 * This thread, as locks know it: its id, who tells it which threads live, and what it holds. One record for all copies
 * of this package in the thread.
 *
 * @module
 */
import { threadId } from 'node:worker_threads';
import { liveness, onePerThread } from '../../workers/one-per-thread.ts';
import { MillraceError } from '../errors.ts';
import type { Tracked } from './deadlock/tracked.ts';
import type { Alive } from './protocols/sleep.ts';

/** The slots of readers have 24 bits for a thread. */
const MOST_THREADS = 2 ** 24;

/** Node never gives a thread's number to another thread of the process. 0 stands for nobody. */
export const ME: number = threadId + 1;
if (ME >= MOST_THREADS) {
  throw new MillraceError(
    'ERR_UNSUPPORTED',
    `This process has started ${ME} threads, and locks can tell ${MOST_THREADS} apart. Start it anew.`,
  );
}

/** Asks whoever starts threads. Until somebody puts a better answer there, nobody is known to be dead. */
export const alive: Alive = (id) => (id === ME ? true : liveness.isAlive(id));

/** How many locks and permits this thread holds. The runtime reads it. */
const held: { count: number } = onePerThread('held', () => ({ count: 0 }));

interface OfThread {
  /** Counts the locks made here. */
  made: number;
  /** The highest count of a label seen or made here. */
  labels: number;
  /** The locks and permits held, oldest first, and where in each this thread shows its label. */
  readonly locks: Tracked[];
  readonly labelsAt: number[];
  /** Locks open here, by id, for the order of locks. */
  readonly open: Map<bigint, WeakRef<Tracked>>;
  /** Pairs of locks whose order was warned of. */
  readonly warned: Set<string>;
}

export const ofThread: OfThread = onePerThread('sync', () => ({
  made: 0,
  labels: 0,
  locks: [],
  labelsAt: [],
  open: new Map(),
  warned: new Set(),
}));

export function holdLock(lock: Tracked, labelAt: number): void {
  held.count++;
  ofThread.locks.push(lock);
  ofThread.labelsAt.push(labelAt);
}

export function letGoOfLock(lock: Tracked, labelAt: number): void {
  held.count--;
  const { locks, labelsAt } = ofThread;
  let i = locks.length - 1;
  // Locks are mostly released in the reverse order.
  if (locks[i] === lock && labelsAt[i] === labelAt) {
    locks.pop();
    labelsAt.pop();
    return;
  }
  while (i >= 0 && !(locks[i] === lock && labelsAt[i] === labelAt)) i--;
  if (i < 0) return;
  locks.splice(i, 1);
  labelsAt.splice(i, 1);
}
