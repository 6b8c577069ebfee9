/**
 * Semaphores in circles of threads: who waits for a permit is stuck only if the holders of all of them are.
 *
 * @module
 */
import type { PermitsPlace } from '../protocols/permits.ts';
import { ME } from '../thread.ts';
import { type Awaited, JOINED, type LookAt } from './cycle.ts';

/** A wait for a permit shows a label only if the holders of all others do: then none of them goes on before its thread. */
export function labelOfPermits(i32: Int32Array, place: PermitsPlace): LookAt {
  const i64 = new BigInt64Array(i32.buffer, 0, i32.length >> 1);
  return ({ value }): Awaited => {
    let joined = 0n;
    let first = 0n;
    let largest = 0n;
    let agree = true;
    for (let permit = 0; permit < place.count; permit++) {
      const holder = Atomics.load(i32, place.permits + permit);
      // A sleeper releases none of its own.
      if (holder === ME) continue;
      const shown = holder === 0 ? 0n : Atomics.load(i64, (place.labels >> 1) + permit);
      if (shown === 0n) return { who: value, label: 0n, largest: 0n };
      const label = shown & ~JOINED;
      joined |= shown & JOINED;
      if (first === 0n) first = label;
      if (label !== first) agree = false;
      if (label > largest) largest = label;
    }
    return { who: value, label: agree ? first | joined : 0n, largest };
  };
}
