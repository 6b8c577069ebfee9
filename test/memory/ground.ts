/**
 * Bare structures in a fresh shared memory, without a pool: what the tests of the core work on.
 *
 * @module
 */

import { compileCore } from '../../src/memory/compile.ts';
import * as L from '../../src/memory/layout.ts';
import { attachCore, type Core, SharedMemory } from '../../src/memory/shared-memory.ts';

/** Where indices start: in the middle, at both sides of the change of sign, and at the change from -1 to 0. */
export const STARTS: readonly number[] = [0, 5, 2 ** 31 - 2, -(2 ** 31), -2];
export const CAPACITIES: readonly number[] = [1, 2, 4];

/** Every capacity with every start. */
export const SHAPES: readonly (readonly [capacity: number, start: number])[] = CAPACITIES.flatMap(
  (capacity) => STARTS.map((start) => [capacity, start] as const),
);

export interface Ground {
  readonly core: Core;
  readonly memory: SharedMemory;
  deque(capacity: number, start?: number): number;
  ring(capacity: number, start?: number): number;
  spsc(capacity: number, start?: number): number;
  event(): number;
}

export function ground(): Ground {
  const memory = SharedMemory.create(2 ** 24);
  const core = attachCore(compileCore(), memory.memory);
  memory.reserve(L.LINE);
  return {
    core,
    memory,
    deque(capacity, start = 0) {
      const at = memory.reserve(L.DQ_SLOTS + 4 * capacity);
      core.dequeInit(at, capacity - 1, start);
      return at;
    },
    ring(capacity, start = 0) {
      const at = memory.reserve(L.MC_SLOTS + 4 * capacity);
      core.ringInit(at, capacity - 1, start);
      return at;
    },
    spsc(capacity, start = 0) {
      const at = memory.reserve(L.SC_SLOTS + 4 * capacity);
      core.spscInit(at, capacity - 1, start);
      return at;
    },
    event: () => memory.reserve(L.EV_BYTES),
  };
}

/** Calls `take` until it gives EMPTY; alone, nobody can be faster. */
export function drain(take: () => number): readonly number[] {
  const items: number[] = [];
  for (let item = take(); item !== L.EMPTY; item = take()) {
    if (item === L.RETRY) throw new Error('RETRY, with nobody to lose against.');
    items.push(item);
  }
  return items;
}

export function range(count: number, from = 1): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
