import { describe, expect, it } from 'vitest';
import { drawnOrders } from '../../native-bench/order.ts';
import { mulberry32 } from '../../native-bench/statistics/random.ts';

const named = (count: number): string[] => Array.from({ length: count }, (_, at) => `c${at}`);

describe('drawn orders', () => {
  it.each([1, 2, 3, 4, 7, 8, 13, 14])('give each of %i every place equally often', (count) => {
    const items = named(count);
    const orders = drawnOrders(items, 2 * count, mulberry32(count));
    expect(orders).toHaveLength(2 * count);
    for (let place = 0; place < count; place++) {
      const there = orders.map((order) => order[place]);
      for (const item of items) expect(there.filter((each) => each === item)).toHaveLength(2);
    }
    for (const order of orders) expect(order.toSorted()).toEqual(items.toSorted());
  });

  it.each([2, 4, 8, 14])('let each of %i follow each other once', (count) => {
    const orders = drawnOrders(named(count), count, mulberry32(3));
    const neighbours = orders.flatMap((order) => order.slice(1).map((item, at) => `${order[at]} ${item}`));
    expect(new Set(neighbours).size).toBe(count * (count - 1));
  });

  it('prefer nobody in a single round', () => {
    const items = named(5);
    const firsts = Array.from({ length: 2_000 }, (_, seed) => drawnOrders(items, 1, mulberry32(seed))[0]);
    for (let place = 0; place < 5; place++) {
      for (const item of items) {
        const share = firsts.filter((order) => order?.[place] === item).length / firsts.length;
        expect(share).toBeGreaterThan(0.16);
        expect(share).toBeLessThan(0.24);
      }
    }
  });

  it('are those of their seed, and others for another', () => {
    const orders = (seed: number): string[][] => drawnOrders(named(9), 12, mulberry32(seed));
    expect(orders(4)).toEqual(orders(4));
    expect(orders(4)).not.toEqual(orders(5));
  });

  it('of nobody are empty', () => {
    expect(drawnOrders([], 2, mulberry32(1))).toEqual([[], []]);
  });
});
