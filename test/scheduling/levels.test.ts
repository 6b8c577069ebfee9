import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGE_MS, LEVEL, levelSchedule, WEIGHTS } from '../../src/scheduling/levels.ts';

const LENGTH = 64;
const NONE = [0, 0, 0, 0] as const;

const starts = (table: Uint8Array): number[] =>
  WEIGHTS.map((_, level) => table.filter((l) => l === level).length);
const ages = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 4, maxLength: 4 });

describe('levelSchedule', () => {
  it('gives each level starts in proportion to its weight', () => {
    const total = WEIGHTS.reduce((a, b) => a + b);
    for (const length of [64, 40, 400]) {
      for (const [level, n] of starts(levelSchedule(NONE, length)).entries()) {
        expect(Math.abs(n - (WEIGHTS[level]! * length) / total)).toBeLessThanOrEqual(1);
      }
    }
    expect(starts(levelSchedule(NONE, LENGTH))[LEVEL.critical]).toBe(43);
  });

  it('holds every level, whatever the ages', () => {
    fc.assert(
      fc.property(ages, (ages) => {
        const table = levelSchedule(ages, LENGTH);
        expect(table).toHaveLength(LENGTH);
        expect(new Set(table)).toEqual(new Set([0, 1, 2, 3]));
      }),
    );
  });

  it('is close to the aged weights, a start for the rare apart', () => {
    fc.assert(
      fc.property(ages, (ages) => {
        const weights = WEIGHTS.map((weight, level) => weight * (1 + ages[level]! / AGE_MS));
        const total = weights.reduce((a, b) => a + b);
        for (const [level, n] of starts(levelSchedule(ages, LENGTH)).entries()) {
          // A level may have given starts to each of the others, and smooth rounding is off by one.
          expect(Math.abs(n - (weights[level]! * LENGTH) / total)).toBeLessThan(5);
        }
      }),
    );
  });

  it('never takes starts from the level that waits longer', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2, 3), fc.double({ min: 1, max: 1e6, noNaN: true }), (level, age) => {
        const aged = NONE.map((_, i) => (i === level ? age : 0));
        const before = starts(levelSchedule(NONE, LENGTH))[level]!;
        expect(starts(levelSchedule(aged, LENGTH))[level]!).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('raises what waits: the lowest level overtakes the highest in time', () => {
    const share = (age: number): number => starts(levelSchedule([0, 0, 0, age], LENGTH))[LEVEL.low]!;
    const shares = [0, 1, 5, 20, 60, 300].map((seconds) => share(seconds * 1000));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[0]).toBeLessThanOrEqual(2);
    expect(shares.at(-1)).toBeGreaterThan(LENGTH / 2);
    expect(shares.at(-1)).toBeLessThan(LENGTH);
  });

  it('does not change the shares when all have waited alike', () => {
    for (const age of [100, 5000, 1e8]) {
      expect(starts(levelSchedule([age, age, age, age], LENGTH))).toEqual(
        starts(levelSchedule(NONE, LENGTH)),
      );
    }
  });

  it('spreads the starts of a level evenly', () => {
    const gaps = (level: number): number[] => {
      const table = levelSchedule(NONE, 400);
      const places = [...table].flatMap((l, i) => (l === level ? [i] : []));
      return places.slice(1).map((place, i) => place - places[i]!);
    };
    // Its share is 9 of 40: every 4.4th start.
    expect(Math.max(...gaps(LEVEL.high))).toBeLessThanOrEqual(7);
    expect(Math.max(...gaps(LEVEL.low))).toBe(40);
    expect(Math.max(...gaps(LEVEL.critical))).toBeLessThanOrEqual(3);
  });

  it('takes another policy', () => {
    const table = levelSchedule([0, 0, 0, 0], 8, { weights: [1, 1, 1, 1], ageMs: 1 });
    expect(starts(table)).toEqual([2, 2, 2, 2]);
  });

  it('an age that is missing or negative counts as none', () => {
    expect(levelSchedule([], LENGTH)).toEqual(levelSchedule(NONE, LENGTH));
    expect(levelSchedule([-5, -1, 0, 0], LENGTH)).toEqual(levelSchedule(NONE, LENGTH));
  });
});
