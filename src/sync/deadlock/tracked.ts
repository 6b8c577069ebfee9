/**
 * A lock, as the detection of deadlocks sees it.
 *
 * @module
 */
import { type Place, WORDS } from '../handle.ts';

export interface Tracked {
  readonly name: string;
  readonly id: bigint;
  readonly i64: BigInt64Array;
  /** Where the table of the order of locks begins, in bytes; 0: there is none. */
  readonly order: number;
  readonly memory: SharedArrayBuffer;
  /** Locks that this thread has taken while it held this one, and that were looked at then. */
  readonly after: WeakSet<Tracked>;
}

export function tracked(place: Place): Tracked {
  const i64 = new BigInt64Array(place.memory, 0, place.memory.byteLength >> 3);
  return {
    name: place.name,
    id: i64[WORDS.id / 2]!,
    i64,
    order: place.i32[WORDS.order]!,
    memory: place.memory,
    after: new WeakSet(),
  };
}
