/**
 * What locks of `millrace/sync` ask, on the main thread, about the thread that holds them.
 *
 * @module
 */
import { liveness } from '../../workers/one-per-thread.ts';
import { isAlive, type SharedMemory } from '../memory/shared-memory.ts';

/** Node's number of the main thread, which is 0, + 1. */
const MAIN = 1;

const pools = new Set<SharedMemory>();

liveness.isAlive = (id) => {
  if (id === MAIN) return true;
  for (const { i32 } of pools) {
    const known = isAlive(i32, id);
    if (known !== undefined) return known;
  }
  return undefined;
};

/** From now on this pool's threads are known here. */
export function knowThreads(memory: SharedMemory): void {
  pools.add(memory);
}

/** The pool is over: all its threads have ended. */
export function forgetThreads(memory: SharedMemory): void {
  pools.delete(memory);
}
