/**
 * A pool's structures without its threads: tasks are put where a test wants them, and picked one by one.
 *
 * @module
 */
import { expect } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { Plant } from '../../src/memory/plant.ts';

export const [CRITICAL, HIGH, NORMAL, LOW] = [0, 1, 2, 3] as const;

/** Workers without threads, whose queues and rings a test fills, and which pick when it says so. */
export function picking(workers: number) {
  const plant = new Plant(
    {
      workers,
      slotsPerLevel: 256,
      deque: 64,
      spill: 64,
      inbox: 64,
      results: 1024,
      forks: 4,
      children: 8,
      childBytes: 1024,
      start: 2 ** 31 - 2,
    },
    2 ** 26,
  );
  const { core, memory, blocks, shape } = plant;
  let slots = 0;
  /** A task that waits; its slot + 1 is what `next` gives. */
  const task = (): { readonly slot: number; readonly reference: number } => {
    const slot = slots++;
    const generation = 1 << L.SLOT_BITS;
    Atomics.store(
      memory.i32,
      (plant.tasks + slot * L.TASK_BYTES + L.T_STATE) >> 2,
      generation | (L.NOBODY << L.OWNER_SHIFT) | L.QUEUED,
    );
    return { slot, reference: generation | slot };
  };
  const put = (to: (reference: number) => unknown): number => {
    const { slot, reference } = task();
    expect(to(reference)).not.toBe(0);
    return slot;
  };
  return {
    plant,
    next: (worker: number): number => core.next(blocks[worker]!) - 1,
    size: (worker: number): number => core.dequeSize(blocks[worker]! + L.W_DEQUE),
    set: (worker: number, field: number, value: number): void => {
      memory.i32[(blocks[worker]! + field) >> 2] = value;
    },
    word: (worker: number, field: number): number => memory.i32[(blocks[worker]! + field) >> 2]!,
    toDeque: (worker: number): number => put((r) => core.dequePush(blocks[worker]! + L.W_DEQUE, r)),
    toSpill: (worker: number): number => put((r) => core.ringPut(blocks[worker]! + shape.spill, r)),
    toInbox: (worker: number): number => put((r) => core.spscPut(blocks[worker]! + shape.inbox, r)),
    inject: (level: number): number => put((r) => core.inject(level, r)),
    /** Takes everything out again. */
    clear: (): void => {
      for (let worker = 0; worker < workers; worker++) {
        while (core.dequePop(blocks[worker]! + L.W_DEQUE) !== L.EMPTY);
        while (core.ringTake(blocks[worker]! + shape.spill) !== L.EMPTY);
      }
      slots = 0;
    },
  };
}
