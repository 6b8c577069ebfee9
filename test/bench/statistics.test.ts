import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairedRatio, unpairedRatio } from '../../native-bench/statistics/bootstrap.ts';
import { holm } from '../../native-bench/statistics/correction.ts';
import { findLeak } from '../../native-bench/statistics/leak.ts';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import { mannWhitney, smallestP } from '../../native-bench/statistics/rank-test.ts';
import { mannKendall, theilSen } from '../../native-bench/statistics/trend.ts';
import { disturbed, lognormal, type Noise, normal } from './series.ts';

const TRIALS = 400;

function draw(count: number, seed: number, noise: Noise): number[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => noise(random));
}

/** All ways to choose `size` of `items`. */
function choices<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    choices(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}

describe('the generator', () => {
  it('gives the numbers of mulberry32', () => {
    const random = mulberry32(1);
    // Known values for the seed 1: 0.6270739405881613, 0.002735721180215478, 0.5274470399599522.
    expect([random(), random(), random()].map((value) => value * 2 ** 32)).toEqual([
      2693262067, 11749833, 2265367787,
    ]);
  });

  it('fills the interval evenly', () => {
    const counts = new Array<number>(10).fill(0);
    for (const value of draw(20_000, 7, (random) => random())) counts[Math.floor(value * 10)]!++;
    const chiSquared = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chiSquared).toBeLessThan(27.9); // 99.9 % of a fair generator's, 9 degrees of freedom
  });
});

describe('the Mann-Whitney test', () => {
  it('gives published values', () => {
    // Hollander and Wolfe (1973), permeability of the human chorioamnion; the example of R's wilcox.test: U = 35, and
    // two-sided p = 0.2544.
    const atTerm = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const earlier = [1.15, 0.88, 0.9, 0.74, 1.21];
    expect(mannWhitney(atTerm, earlier)).toMatchObject({ u: 35, method: 'exact' });
    expect(mannWhitney(atTerm, earlier).p).toBeCloseTo(0.254412, 6);
    // Mann and Whitney (1947), table I: for n = m = 4, P(U <= 1) = 0.029 on one side.
    expect((mannWhitney([1, 2, 3, 5], [4, 6, 7, 8]).p / 2).toFixed(3)).toBe('0.029');
  });

  it('gives what counting out all arrangements gives, with ties and without', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    const samples = sizes.chain(([n, m]) =>
      fc.tuple(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: n, maxLength: n }),
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: m, maxLength: m }),
      ),
    );
    const uOf = (first: readonly number[], second: readonly number[]): number =>
      first.reduce(
        (sum, a) => sum + second.reduce((more, b) => more + (a > b ? 1 : a === b ? 0.5 : 0), 0),
        0,
      );
    fc.assert(
      fc.property(samples, ([first, second]) => {
        const pooled = [...first, ...second];
        const distance = (u: number): number => Math.abs(u - (first.length * second.length) / 2);
        const seen = distance(uOf(first, second));
        const all = choices(
          pooled.map((_, index) => index),
          first.length,
        ).map((chosen) =>
          uOf(
            chosen.map((index) => pooled[index]!),
            pooled.filter((_, index) => !chosen.includes(index)),
          ),
        );
        const wanted = all.filter((u) => distance(u) >= seen - 1e-9).length / all.length;
        const found = mannWhitney(first, second);
        expect(found.u).toBeCloseTo(uOf(first, second), 9);
        expect(found.p).toBeCloseTo(wanted, 9);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('approximates as R does, with correction for ties and continuity', () => {
    // By hand, by the formula of R's wilcox.test: two values tie at 2, three at 4.
    const found = mannWhitney([1, 2, 2, 3, 4], [4, 4, 5, 6, 7], 'normal');
    expect(found).toMatchObject({ u: 1, method: 'normal' });
    const variance = (25 / 12) * (11 - (2 ** 3 - 2 + 3 ** 3 - 3) / 90);
    const z = (12.5 - 1 - 0.5) / Math.sqrt(variance);
    expect(z).toBeCloseTo(2.33345, 4);
    expect(found.p).toBeCloseTo(0.019625, 5);
  });

  it('approximates what it counts out, where both can be had', () => {
    for (let seed = 0; seed < 20; seed++) {
      const first = draw(20, seed, lognormal(1));
      const second = draw(20, seed + 1000, lognormal(1)).map((value) => value * 1.6);
      expect(Math.abs(mannWhitney(first, second).p - mannWhitney(first, second, 'normal').p)).toBeLessThan(
        0.006,
      );
    }
    expect(mannWhitney(draw(21, 1, lognormal(1)), [1]).method).toBe('normal');
  });

  it('is symmetric, and does not change when all values go through a rising function', () => {
    const values = fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(values, values, (first, second) => {
        const { u, p } = mannWhitney(first, second);
        const back = mannWhitney(second, first);
        expect(u + back.u).toBeCloseTo(first.length * second.length, 9);
        expect(back.p).toBeCloseTo(p, 9);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        const scaled = mannWhitney(
          first.map((value) => 8 * value),
          second.map((value) => 8 * value),
        );
        expect(scaled.p).toBe(p);
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it('knows the smallest p-value of a size', () => {
    expect(smallestP(7, 7)).toBeCloseTo(2 / 3432, 12);
    expect(smallestP(3, 5)).toBeCloseTo(mannWhitney([1, 2, 3], [4, 5, 6, 7, 8]).p, 12);
    expect(mannWhitney([3, 3, 3], [3, 3]).p).toBe(1);
  });

  it('refuses what has no rank', () => {
    expect(() => mannWhitney([], [1])).toThrow(RangeError);
    expect(() => mannWhitney([1], [Number.NaN])).toThrow(RangeError);
  });
});

describe('Holm', () => {
  it('gives what p.adjust of R gives', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it('never lowers a p-value, keeps their order, and is at most Bonferroni', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (p) => {
        const corrected = holm(p);
        for (const [i, one] of p.entries()) {
          expect(corrected[i]).toBeGreaterThanOrEqual(one);
          expect(corrected[i]).toBeLessThanOrEqual(Math.min(1, one * p.length));
          for (const [j, other] of p.entries()) {
            if (one < other) expect(corrected[i]).toBeLessThanOrEqual(corrected[j]!);
          }
        }
      }),
      { numRuns: 100, seed: 3 },
    );
  });
});

describe('the bootstrap', () => {
  it('gives the same interval for the same seed, and the ratio as it is', () => {
    const [ours, theirs] = [draw(41, 1, lognormal(0.1)), draw(41, 2, lognormal(0.1))];
    const once = unpairedRatio(ours, theirs, { random: mulberry32(5) });
    expect(unpairedRatio(ours, theirs, { random: mulberry32(5) })).toEqual(once);
    expect(unpairedRatio(ours, theirs, { random: mulberry32(6) })).not.toEqual(once);
    expect(unpairedRatio([1, 2, 9], [4], { random: mulberry32(5) }).estimate).toBe(0.5);
    expect(pairedRatio([1, 2, 9], [1, 4, 3], { random: mulberry32(5) }).estimate).toBe(1);
  });

  it('has no width when nothing varies', () => {
    const options = { random: mulberry32(1) };
    expect(unpairedRatio([6, 6], [3, 3, 3], options)).toEqual({ estimate: 2, low: 2, high: 2 });
    expect(pairedRatio([2, 4, 8], [1, 2, 4], options)).toEqual({ estimate: 2, low: 2, high: 2 });
  });

  // 15 rounds, 5 % noise, true ratio 1.2, 95 % intervals: small samples cover a little less than they say.
  it.each([
    ['paired', pairedRatio],
    ['unpaired', unpairedRatio],
  ])('holds the true ratio in about 95 of 100 intervals, %s', (_name, ratio) => {
    let [held, wider] = [0, 0];
    for (let seed = 0; seed < TRIALS; seed++) {
      const ours = draw(15, 2 * seed, lognormal(0.05)).map((value) => 1.2 * value);
      const theirs = draw(15, 2 * seed + 1, lognormal(0.05));
      const { low, high, estimate } = ratio(ours, theirs, { random: mulberry32(seed), resamples: 300 });
      if (low <= 1.2 && high >= 1.2) held++;
      if (low <= estimate && estimate <= high) wider++;
    }
    expect(held / TRIALS).toBeGreaterThan(0.91);
    expect(held / TRIALS).toBeLessThan(0.995);
    expect(wider).toBe(TRIALS);
  });

  it('sees through a drift that is the same for both sides of a round, if paired', () => {
    const drift = Array.from({ length: 15 }, (_, round) => 1 + round / 10);
    const ours = draw(15, 1, lognormal(0.005)).map((value, round) => 1.1 * value * drift[round]!);
    const theirs = draw(15, 2, lognormal(0.005)).map((value, round) => value * drift[round]!);
    const paired = pairedRatio(ours, theirs, { random: mulberry32(1) });
    const unpaired = unpairedRatio(ours, theirs, { random: mulberry32(1) });
    expect(paired.high - paired.low).toBeLessThan(0.03);
    expect(unpaired.high - unpaired.low).toBeGreaterThan(0.2);
  });

  it('refuses values that have no ratio', () => {
    const options = { random: mulberry32(1) };
    expect(() => unpairedRatio([], [1], options)).toThrow('at least one value');
    expect(() => unpairedRatio([1], [0], options)).toThrow('above zero, got 0');
    expect(() => pairedRatio([1, 2], [1], options)).toThrow('as many values');
    expect(() => pairedRatio([1], [1], { ...options, level: 95 })).toThrow('A level');
  });
});

describe('the trend test', () => {
  it('gives published values', () => {
    // Kendall (1975), table of S: P(S >= 6) = 0.042 for n = 4, P(S >= 8) = 0.042 for n = 5.
    expect(mannKendall([1, 2, 3, 4])).toEqual({ s: 6, p: 2 / 24 });
    expect(mannKendall([1, 2, 3, 5, 4]).s).toBe(8);
    expect(mannKendall([1, 2, 3, 5, 4]).p).toBeCloseTo(10 / 120, 12);
    // By the formula: variance 11 * 10 * 27 / 18 = 165, z = (55 - 1) / sqrt(165) = 4.2039, p = 2.62e-5.
    expect(mannKendall([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).p).toBeCloseTo(2.62e-5, 6);
  });

  it('gives what counting out all orders gives', () => {
    const orders = permutations([1, 2, 3, 4, 5, 6]).map((order) => mannKendall(order));
    for (const { s, p } of orders) {
      const wanted = orders.filter((other) => Math.abs(other.s) >= Math.abs(s)).length / orders.length;
      expect(p).toBeCloseTo(wanted, 12);
    }
  });

  it('finds nothing where nothing moves', () => {
    expect(mannKendall([4, 4, 4, 4, 4])).toEqual({ s: 0, p: 1 });
    expect(theilSen([4, 4, 4])).toBe(0);
  });

  it('has the slope of a line, whatever a few wild values say', () => {
    const line = Array.from({ length: 30 }, (_, i) => 3 + 2 * i);
    expect(theilSen(line)).toBe(2);
    expect(theilSen(line.map((value, i) => (i % 7 === 3 ? 1000 : value)))).toBeCloseTo(2, 0);
    expect(() => mannKendall([1, 2])).toThrow(RangeError);
    expect(() => theilSen([1])).toThrow(RangeError);
  });

  it('calls noise a trend as rarely as it says', () => {
    const alarms = Array.from({ length: 1000 }, (_, seed) => mannKendall(draw(12, seed, disturbed)).p);
    expect(alarms.filter((p) => p <= 0.05).length).toBeLessThan(70);
    expect(alarms.filter((p) => p <= 0.05).length).toBeGreaterThan(20);
  });
});

/** 120 values, say one every 5 seconds of 10 minutes. */
const WATCHED = 120;
const watched = (
  seed: number,
  value: (i: number, noise: number, random: () => number) => number,
): number[] => {
  const random = mulberry32(seed);
  return Array.from({ length: WATCHED }, (_, i) => value(i, normal(random), random));
};

/** MB: a heap of 40 that grows by 1.5 between two values, and falls back every eighth, with noise. */
const sawtooth = (i: number, noise: number): number => 40 + 1.5 * (i % 8) + 0.3 * noise;

describe('the search for leaks', () => {
  const found = (series: (seed: number) => number[]): number =>
    Array.from({ length: TRIALS }, (_, seed) => findLeak(series(seed)).leaking).filter(Boolean).length /
    TRIALS;

  it.each([
    [
      '0.05 MB a value under a sawtooth of 10.5 MB',
      (i: number, noise: number) => sawtooth(i, noise) + 0.05 * i,
    ],
    ['8 % over the run in RSS with 1 % noise', (i: number, noise: number) => 100 + (8 * i) / WATCHED + noise],
    ['one handle in ten values', (i: number) => 12 + Math.floor(i / 10)],
    ['slots lost at random, one in six values', undefined],
  ])('finds %s', (_name, value) => {
    const series = (seed: number): number[] => {
      if (value !== undefined) return watched(seed, value);
      let slots = 0;
      return watched(seed, (_i, _noise, random) => (slots += random() < 1 / 6 ? 1 : 0));
    };
    expect(found(series)).toBeGreaterThanOrEqual(0.95);
  });

  it.each([
    ['noise', (_i: number, noise: number) => 100 + noise],
    ['a sawtooth', sawtooth],
    ['a constant', () => 12],
    ['handles that come and go', (_i: number, noise: number) => 12 + Math.round(noise)],
    [
      'a cache that fills up',
      (i: number, noise: number) => 100 + 50 * (1 - Math.exp(-i / 15)) + 0.05 * noise,
    ],
    ['something that shrinks', (i: number, noise: number) => 100 - 0.2 * i + noise],
  ])('does not take %s for one', (_name, value) => {
    expect(found((seed) => watched(seed, value))).toBeLessThan(0.01);
  });

  it('says how fast it grows, and lets what is tolerated pass', () => {
    const series = watched(1, (i, noise) => sawtooth(i, noise) + 0.05 * i);
    const { slope, growth } = findLeak(series);
    expect(slope).toBeGreaterThan(0.04);
    expect(slope).toBeLessThan(0.06);
    expect(growth).toBeGreaterThan(0.04 * 96);
    expect(findLeak(series, { tolerated: 10 }).leaking).toBe(false);
    expect(findLeak(series, { tolerated: 1 }).leaking).toBe(true);
  });

  it('refuses a series too short to say', () => {
    expect(() => findLeak([1, 2, 3])).toThrow('12 stretches need as many values after the warm-up, got 2');
    expect(() =>
      findLeak(
        watched(1, () => 1),
        { stretches: 3 },
      ),
    ).toThrow('At least 8 stretches');
    expect(() =>
      findLeak(
        watched(1, () => 1),
        { warmUp: 1 },
      ),
    ).toThrow('A share');
  });
});
