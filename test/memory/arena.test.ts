import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, classOf, sizeOf } from '../../src/memory/arena.ts';
import * as L from '../../src/memory/layout.ts';
import { SharedMemory } from '../../src/memory/shared-memory.ts';

const MIB = 2 ** 20;

function arena(limit: number): Arena {
  const memory = SharedMemory.create(limit);
  memory.reserve(L.LINE);
  return new Arena(memory);
}

describe('size classes', () => {
  const bytes = fc.oneof(
    fc.integer({ min: 1, max: 2 ** 32 }),
    fc.integer({ min: 1, max: 5000 }),
    // Both sides of the edges of classes.
    fc
      .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: -1, max: 1 }))
      .map(([klass, by]) => Math.min(sizeOf(klass) + by, 2 ** 32)),
  );

  it('hold what is asked for, in the smallest class that does, with at most a fifth unused', () => {
    fc.assert(
      fc.property(bytes, (n) => {
        const klass = classOf(n);
        const size = sizeOf(klass);
        expect(size).toBeGreaterThanOrEqual(n);
        if (klass > 0) {
          expect(sizeOf(klass - 1)).toBeLessThan(n);
          expect((size - n) / size).toBeLessThan(0.2);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('are multiples of 16 bytes, so that float64 can lie in them', () => {
    for (let klass = 0; klass <= 104; klass++) expect(sizeOf(klass) % 16).toBe(0);
    expect([1, 64, 65, 80, 81, 128, 129].map(classOf)).toEqual([0, 0, 1, 1, 2, 4, 5]);
  });
});

describe('the arena', () => {
  it('says 0 at the limit, and goes on with what was freed', () => {
    const a = arena(2 * MIB);
    const blocks: number[] = [];
    for (let at = a.allocate(5000); at !== 0; at = a.allocate(5000)) blocks.push(at);
    expect(blocks.length).toBeGreaterThan(300);
    expect([a.allocate(5000), a.allocate(2 * MIB)]).toEqual([0, 0]);
    const live = a.live;
    for (const at of blocks) a.release(at, 5000);
    expect(a.live).toBe(0);
    const again = blocks.map(() => a.allocate(5000));
    expect(new Set(again)).toEqual(new Set(blocks));
    expect([a.allocate(5000), a.live]).toEqual([0, live]);
  });

  it('never hands out a byte twice, nor one beyond the limit', () => {
    const limit = 4 * MIB;
    const step = fc.oneof(
      fc.record({ bytes: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 500_000 })) }),
      fc.record({ free: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const a = arena(limit);
        const held: { readonly at: number; readonly bytes: number }[] = [];
        for (const s of steps) {
          if ('bytes' in s) {
            const at = a.allocate(s.bytes);
            if (at !== 0) held.push({ at, bytes: s.bytes });
          } else if (held.length > 0) {
            const [block] = held.splice(s.free % held.length, 1);
            a.release(block!.at, block!.bytes);
          }
        }
        const sorted = held.toSorted((x, y) => x.at - y.at);
        sorted.forEach(({ at, bytes }, i) => {
          expect(at % 16).toBe(0);
          expect(at + bytes).toBeLessThanOrEqual(sorted[i + 1]?.at ?? limit);
        });
        expect(a.live).toBe(held.reduce((sum, { bytes }) => sum + sizeOf(classOf(bytes)), 0));
      }),
      { numRuns: 200 },
    );
  });
});
