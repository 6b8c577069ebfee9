import { describe, expect, it } from 'vitest';
import { median, quantile, ratios, rotated, spread } from '../../native-bench/measure.ts';

describe('median and quantile', () => {
  it('takes the middle value, or the mean of the two middle ones, whatever the order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('orders by size, not as text', () => {
    expect(median([100, 9, 20])).toBe(20);
  });

  it('interpolates between neighbours and reaches both ends', () => {
    const values = [10, 20, 30, 40, 50];
    expect(quantile(values, 0)).toBe(10);
    expect(quantile(values, 1)).toBe(50);
    expect(quantile(values, 0.99)).toBeCloseTo(49.6);
  });

  it('refuses an empty list rather than inventing a value', () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it('leaves its argument as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('spread', () => {
  it('summarizes, and says nothing about nothing', () => {
    expect(spread([2, 9, 4])).toEqual({ median: 4, min: 2, max: 9, count: 3 });
    expect(spread([])).toBeUndefined();
  });
});

describe('ratios', () => {
  it('divides round by round and leaves out rounds only one side has', () => {
    expect(ratios([10, 30, 50], [5, 10])).toEqual([2, 3]);
    expect(ratios([], [1])).toEqual([]);
  });
});

describe('rotated', () => {
  it('lets everybody start equally often', () => {
    const items = ['a', 'b', 'c'];
    const starters = Array.from({ length: 6 }, (_, round) => rotated(items, round)[0]);
    expect(starters).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(rotated(items, 1)).toEqual(['b', 'c', 'a']);
    expect(rotated([], 5)).toEqual([]);
  });
});
