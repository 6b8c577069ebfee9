import { describe, expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { ceilPowerOfTwo, DEFAULT_SIZES, Plant, type PlantSizes } from '../../src/memory/plant.ts';

const SMALL: PlantSizes = {
  workers: 3,
  slotsPerLevel: 10,
  deque: 4,
  spill: 8,
  inbox: 2,
  results: 1024,
  forks: 4,
  children: 8,
  childBytes: 1024,
  start: 2 ** 31 - 2,
};
const LIMIT = 2 ** 24;

describe('the plant', () => {
  const plant = new Plant(SMALL, LIMIT);
  const { core, memory, shape, blocks } = plant;
  const header = (field: number): number => memory.i32[(L.HEADER + field) >> 2]!;

  it('writes down where everything is', () => {
    expect([header(L.H_VERSION), header(L.H_WORKERS), header(L.H_BLOCKS)]).toEqual([L.VERSION, 3, 3]);
    expect([header(L.H_TASKS), header(L.H_COLD), header(L.H_SLOTS)]).toEqual([plant.tasks, plant.cold, 40]);
    expect([header(L.H_SPILL), header(L.H_INBOX), header(L.H_COMPLETIONS), header(L.H_RESULTS)]).toEqual([
      shape.spill,
      shape.inbox,
      shape.completions,
      shape.results,
    ]);
    expect(blocks.map((_, i) => header(L.H_DIRECTORY + 4 * i))).toEqual(blocks);
    expect(blocks.map((at) => memory.i32[(at + L.W_ID) >> 2])).toEqual([0, 1, 2]);
  });

  it('lets no two structures overlap, each on lines of its own', () => {
    const parts: [at: number, bytes: number][] = [
      [L.HEADER, L.HEADER_BYTES],
      [plant.tasks, plant.slots * L.TASK_BYTES],
      [plant.cold, plant.slots * L.COLD_BYTES],
    ];
    for (let level = 0; level < L.LEVELS; level++) {
      parts.push([header(L.H_INJECTOR) + level * header(L.H_LEVEL_STRIDE), L.MC_SLOTS + 32 * 4]);
    }
    for (const at of blocks) {
      parts.push([at, L.W_DEQUE]);
      parts.push([at + L.W_DEQUE, L.DQ_SLOTS + SMALL.deque * 4]);
      parts.push([at + shape.spill, L.MC_SLOTS + SMALL.spill * 4]);
      parts.push([at + shape.inbox, L.SC_SLOTS + SMALL.inbox * 4]);
      parts.push([at + shape.completions, L.SC_SLOTS + 64 * 4]);
      parts.push([at + shape.results, L.RB_BYTES + SMALL.results]);
    }
    parts.forEach(([at, bytes], i) => {
      expect(at % L.LINE).toBe(0);
      expect(at + bytes).toBeLessThanOrEqual(parts[i + 1]?.[0] ?? memory.used);
    });
  });

  it('makes every queue of a block usable to its last place, across wrap-around', () => {
    for (const at of blocks) {
      for (const [put, size, capacity] of [
        [core.dequePush, core.dequeSize, SMALL.deque],
        [core.ringPut, core.ringSize, SMALL.spill],
        [core.spscPut, core.spscSize, SMALL.inbox],
        [core.spscPut, core.spscSize, 64],
      ] as const) {
        const offset =
          put === core.dequePush
            ? L.W_DEQUE
            : put === core.ringPut
              ? shape.spill
              : capacity === 64
                ? shape.completions
                : shape.inbox;
        for (let i = 1; i <= capacity; i++) expect(put(at + offset, i)).toBe(1);
        expect([put(at + offset, 1), size(at + offset)]).toEqual([0, capacity]);
      }
    }
  });

  it('gives each level twice the room of its records', () => {
    for (let level = 0; level < L.LEVELS; level++) {
      const ring = header(L.H_INJECTOR) + level * header(L.H_LEVEL_STRIDE);
      expect(core.ringRoom(ring)).toBe(32);
    }
  });

  it('writes the schedule where picks look for it', () => {
    const levels = Uint8Array.from({ length: L.SCHEDULE_LENGTH }, (_, i) => i & 3);
    plant.setSchedule(levels);
    const at = L.HEADER + L.H_SCHEDULE;
    expect(memory.u8.slice(at, at + L.SCHEDULE_LENGTH)).toEqual(levels);
  });

  it('adds blocks, and says so when memory has reached its limit', () => {
    const small = new Plant({ ...SMALL, results: 2 ** 20 }, 2 ** 22);
    expect(() => {
      for (let i = 0; i < 10; i++) expect(small.addBlock()).toBe(3 + i);
    }).toThrow(
      expect.objectContaining({ code: 'ERR_NO_MEMORY', message: expect.stringContaining('`maxMemory`') }),
    );
    expect(small.memory.i32[(L.HEADER + L.H_BLOCKS) >> 2]).toBe(small.blocks.length);
  });

  it('has at most as many records as a slot number can name', () => {
    const plant = new Plant({ ...DEFAULT_SIZES, workers: 1 }, LIMIT);
    expect(plant.slots).toBe(L.MAX_SLOTS);
  });

  it('writes blocks that lie above 2 GiB', () => {
    const large = new Plant({ ...SMALL, workers: 1 }, 2 ** 32);
    // Only the pages that are touched cost memory.
    expect(large.memory.reserve(2 ** 31)).toBeGreaterThan(0);
    const worker = large.addBlock();
    const at = large.blocks[worker]!;
    expect(at).toBeGreaterThan(2 ** 31);
    expect(large.memory.i32[(at + L.W_ID) / 4]).toBe(worker);
    expect(large.core.dequePush(at + L.W_DEQUE, 5)).toBe(1);
    expect(large.core.dequeSteal(at + L.W_DEQUE)).toBe(5);
  });
});

it('rounds up to powers of two', () => {
  expect([0, 1, 2, 3, 4, 5, 1000, 16383].map(ceilPowerOfTwo)).toEqual([1, 1, 2, 4, 4, 8, 1024, 16384]);
});

describe('as many workers as a pool may have', () => {
  const plant = new Plant({ ...SMALL, workers: 1024, start: 0 }, 2 ** 28);
  const { core, memory, blocks } = plant;

  it('leave blocks for those that take the place of threads that have not ended', () => {
    while (blocks.length < L.MAX_BLOCKS) plant.addBlock();
    expect(() => plant.addBlock()).toThrow(`All ${L.MAX_BLOCKS} worker blocks are in use.`);
  });

  it('the last of them sleeps, is woken, and claims a task in its own name', () => {
    const last = L.MAX_BLOCKS - 1;
    const at = blocks[last]!;
    expect(core.park(at)).toBe(1);
    expect(memory.i32[((L.HEADER + L.H_PARKED) >> 2) + (last >> 5)]! >>> (last & 31)).toBe(1);
    const [slot, generation] = [5, 1 << L.SLOT_BITS];
    expect(core.inject(0, generation | slot)).toBe(1);
    expect(memory.i32[(at + L.W_PARK) >> 2]).toBe(1);
    core.unpark(at);
    expect(core.next(at)).toBe(slot + 1);
    const word = memory.i32[(plant.tasks + slot * L.TASK_BYTES) >> 2]!;
    expect([(word >> L.OWNER_SHIFT) & L.OWNER_MASK, word & ~L.SLOT_MASK]).toEqual([last, generation]);
    expect(last).toBeLessThan(L.NOBODY);
  });
});
