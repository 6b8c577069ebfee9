/**
 * Which threads of a pool live, by Node's number of a thread + 1, as their blocks and the bits of the ended ones say.
 * Node never uses a number again.
 *
 * @module
 */
import * as L from './layout.ts';

/** Coordinator: this thread has ended. 0: none. */
export function markEnded(i32: Int32Array, id: number): void {
  if (id > 0 && id < L.ENDED_THREADS) Atomics.or(i32, wordOf(i32, id), 1 << (id & 31));
}

/** Undefined: it is not, and was not, one of this pool's. */
export function isAlive(i32: Int32Array, id: number): boolean | undefined {
  const blocks = Atomics.load(i32, (L.HEADER + L.H_BLOCKS) >> 2);
  for (let i = 0; i < blocks; i++) {
    const block = i32[(L.HEADER + L.H_DIRECTORY + i * 4) >> 2]!;
    if (Atomics.load(i32, (block + L.W_THREAD) >> 2) === id) return true;
  }
  if (id <= 0 || id >= L.ENDED_THREADS) return undefined;
  return (Atomics.load(i32, wordOf(i32, id)) & (1 << (id & 31))) !== 0 ? false : undefined;
}

function wordOf(i32: Int32Array, id: number): number {
  return (i32[(L.HEADER + L.H_ENDED) >> 2]! >> 2) + (id >> 5);
}
