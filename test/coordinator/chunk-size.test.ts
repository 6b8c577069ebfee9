import { describe, expect, it } from 'vitest';
import { ChunkSize, MOST_ITEMS } from '../../src/coordinator/map/chunk-size.ts';
import * as L from '../../src/memory/layout.ts';

/** Chunks as a virtual worker would run them: each item takes what the clock says. */
function run(size: ChunkSize, chunks: number, us: (item: number) => number): number[] {
  const sizes: number[] = [];
  let item = 0;
  for (let i = 0; i < chunks; i++) {
    const items = size.size;
    sizes.push(items);
    let ms = 0;
    for (let j = 0; j < items; j++) ms += us(item++) / 1000;
    size.answered({ items, ms, why: L.WHY_ALL, lacked: 0 });
  }
  return sizes;
}

describe('the size of chunks', () => {
  it('begins with one and grows by four at most', () => {
    const sizes = run(new ChunkSize(2, undefined), 12, () => 0.1);
    expect(sizes.slice(0, 5)).toEqual([1, 4, 16, 64, 256]);
    expect(sizes.at(-1)).toBe(MOST_ITEMS);
  });

  it.each([
    [0.3, 300, 340],
    [5, 19, 20],
    [20, 4, 5],
    [60, 1, 1],
    [5000, 1, 1],
  ])('items of %d us: about 100 us of work, from %d to %d', (us, from, to) => {
    const last = run(new ChunkSize(2, undefined), 12, () => us).at(-1)!;
    expect(last).toBeGreaterThanOrEqual(from);
    expect(last).toBeLessThanOrEqual(to);
  });

  it('believes at once that items are longer, and step by step that they are shorter', () => {
    const size = new ChunkSize(2, undefined);
    run(size, 8, () => 1);
    expect(size.size).toBeGreaterThanOrEqual(99);
    expect(run(size, 2, () => 50)[1]).toBe(2);
    const back = run(size, 10, () => 1);
    for (const [i, n] of back.entries()) if (i > 0) expect(n).toBeLessThanOrEqual(back[i - 1]! * 4);
    expect(size.size).toBeGreaterThan(90);
  });

  it.each([1, 2, 7, 64, 1024])('%d workers: the window holds two chunks for each', (workers) => {
    for (const window of [undefined, 1, 16, 1000, 1_000_000]) {
      const size = new ChunkSize(workers, window);
      for (let i = 0; i < 12; i++) {
        expect(size.size).toBeGreaterThanOrEqual(1);
        if (size.size > 1) expect(size.size * 2 * workers).toBeLessThanOrEqual(size.window);
        if (window !== undefined) expect(size.window).toBe(window);
        else {
          expect(size.window).toBeGreaterThanOrEqual(Math.max(16, 4 * workers));
          expect(size.window).toBeLessThanOrEqual(Math.max(8192, 4 * workers));
        }
        run(size, 1, () => 0.1);
      }
    }
  });

  it('items that take long go alone, and a few of them are measured', () => {
    const size = new ChunkSize(2, undefined);
    expect(size.goesAlone()).toBe(false);
    run(size, 1, () => 3000);
    const alone = Array.from({ length: 160 }, () => size.goesAlone());
    expect(alone.filter((is) => !is)).toHaveLength(10);
    run(size, 12, () => 1);
    expect(size.goesAlone()).toBe(false);
    expect(size.size).toBeGreaterThan(1);
  });

  it('items that return promises always do', () => {
    const size = new ChunkSize(2, undefined);
    run(size, 6, () => 1);
    size.answered({ items: 1, ms: 0, why: L.WHY_PROMISE, lacked: 0 });
    run(size, 6, () => 1);
    expect(Array.from({ length: 100 }, () => size.goesAlone())).toEqual(new Array(100).fill(true));
  });

  it('makes room for outcomes, except large ones', () => {
    const size = new ChunkSize(2, undefined);
    run(size, 6, () => 1);
    size.answered({ items: 1, ms: 0, why: L.WHY_ROOM, lacked: 700 });
    expect(size.outcomeBytes).toBe(700);
    expect(size.size).toBeGreaterThan(1);
    size.answered({ items: 1, ms: 0, why: L.WHY_ROOM, lacked: 100_000 });
    expect(size.outcomeBytes).toBe(700);
    expect(size.size).toBe(1);
    expect(size.goesAlone()).toBe(true);
  });

  it('takes no more than fit into the bytes of a chunk', () => {
    const size = new ChunkSize(2, undefined);
    run(size, 8, () => 0.1);
    size.filled(30);
    expect(size.size).toBe(30);
    expect(size.window).toBe(4 * 2 * 30);
    size.filled(undefined);
    expect(size.size).toBe(60);
  });
});
