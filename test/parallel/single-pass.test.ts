import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { scan, sharedArray } from '../../src/parallel/index.ts';
import { scanLaneOf } from '../../src/parallel/lanes.ts';
import { adversary, inTask, type Schedule, SEQUENTIAL, TestForker, ticking } from './forkers.ts';

const P = 97;
/** The map of `t` to `a t + b` modulo a prime, as `a * P + b`: first `f`, then `g`. Associative, not commutative. */
const compose = (f: number, g: number): number => {
  const a = Math.floor(g / P);
  return ((a * Math.floor(f / P)) % P) * P + ((a * (f % P) + (g % P)) % P);
};
const IDENTITY = P;

/** The oldest child runs as soon as this holds. */
function stolenIf(stealable: () => boolean): Schedule {
  return { hungry: () => true, stolen: (waiting) => (stealable() && waiting > 0 ? 0 : undefined) };
}

/** Has `before` called before any access to shared words. */
function beforeAccesses(before: () => void): void {
  vi.restoreAllMocks();
  for (const name of ['load', 'store', 'add', 'compareExchange'] as const) {
    const access = Atomics[name] as (...args: unknown[]) => unknown;
    vi.spyOn(Atomics, name).mockImplementation(((...args: unknown[]) => {
      before();
      return access(...args);
    }) as never);
  }
}

/** Children begin in the middle of sums, folds and scans of others, and before any access to shared words. */
function interrupted(seed: number, workers: number): { forker: TestForker; combine: typeof compose } {
  const forker = new TestForker(adversary(seed), workers);
  beforeAccesses(() => forker.interrupt());
  return {
    forker,
    combine: (a, b) => {
      forker.interrupt();
      return compose(a, b);
    },
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a scan in a single pass', () => {
  it('is right wherever a thread falls behind', () => {
    const workers = fc.integer({ min: 2, max: 6 });
    const length = fc.nat(900);
    const grain = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 80 }));
    fc.assert(
      fc.property(
        fc.integer(),
        workers,
        length,
        grain,
        fc.boolean(),
        (seed, workers, length, grain, exclusive) => {
          const values = Array.from({ length }, (_, i) => P + ((i * 7919) % (P * (P - 1))));
          let acc = IDENTITY;
          const wanted = values.map((x) => {
            const before = acc;
            acc = compose(acc, x);
            return exclusive ? before : acc;
          });
          const { forker, combine } = interrupted(seed, workers);
          const view = sharedArray.from(Float64Array, values);
          const out = inTask(forker, () => scan(view, combine, IDENTITY, { grain, exclusive, out: view }));
          expect([...out]).toEqual(wanted);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is right whatever access of one thread another comes before', () => {
    const length = 100;
    const plain = Array.from({ length }, (_, i) => P + i);
    let acc = IDENTITY;
    const wanted = plain.map((x) => (acc = compose(acc, x)));
    let accesses = Number.POSITIVE_INFINITY;
    for (let last = 0; last < accesses; last++) {
      let seen = 0;
      const forker = new TestForker(
        stolenIf(() => seen > last),
        2,
      );
      beforeAccesses(() => {
        seen++;
        forker.interrupt();
      });
      const view = sharedArray.from(Float64Array, plain);
      const out = inTask(forker, () => scan(view, compose, IDENTITY, { grain: 5 }));
      expect([...out], `a thread before access ${last}`).toEqual(wanted);
      accesses = seen;
    }
    expect(accesses).toBeGreaterThan(100);
  });

  it.each([1_048_577, 1_300_000, 12_900_000])('scans %i elements, in longer blocks', (length) => {
    const forker = new TestForker(adversary(length, 100), 2);
    const view = sharedArray(Int32Array, length);
    for (let i = 0; i < length; i++) view[i] = i % 3;
    const out = inTask(forker, () => scan(view, (a, b) => a + b, 0, { out: view }));
    let sum = 0;
    let wrong = 0;
    for (let i = 0; i < length; i++) if (out[i] !== (sum += i % 3)) wrong++;
    expect(wrong).toBe(0);
  });

  it('asks nobody while what is left is short, and the others as soon as it is not', () => {
    const view = sharedArray.from(
      Int32Array,
      Array.from({ length: 100_000 }, (_, i) => i % 3),
    );
    // By this clock: ms an addition.
    const forks = (workers: number, each: (sums: number) => number): number => {
      const forker = new TestForker(SEQUENTIAL, workers);
      let time = 0;
      let sums = 0;
      const add = (a: number, b: number): number => {
        time += each(++sums);
        return a + b;
      };
      const out = inTask(
        forker,
        () => scan(view, add, 0),
        () => time,
      );
      let sum = 0;
      expect(out.every((x, i) => x === (sum += i % 3))).toBe(true);
      return forker.forks;
    };
    expect(forks(4, () => 0)).toBe(0);
    // 200,000 additions, about: 0.1 ms and 0.2 ms.
    expect(forks(4, () => 5e-7)).toBe(0);
    expect(forks(4, () => 1e-6)).toBe(3);
    expect(forks(1, () => 1)).toBe(0);
    // Those of the last runs are dear, and those of the very last.
    expect(forks(4, (sums) => (sums > 190_000 ? 1 : 0))).toBe(3);
  });

  it('is right whenever the others are asked', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 40_000 }),
        (seed, workers, length) => {
          const values = Array.from({ length }, (_, i) => P + ((i * 7919) % (P * (P - 1))));
          let acc = IDENTITY;
          const wanted = values.map((x) => (acc = compose(acc, x)));
          const forker = new TestForker(adversary(seed, 100), workers);
          beforeAccesses(() => forker.interrupt());
          const view = sharedArray.from(Float64Array, values);
          const out = inTask(forker, () => scan(view, compose, IDENTITY), ticking(seed));
          expect(out.every((x, i) => x === wanted[i])).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves to the caller what a thread could not scan in its turn', () => {
    // The child begins when the caller has claimed the first run and not summed it: it can sum all others, and scan none.
    let stealable = false;
    const forker = new TestForker(
      stolenIf(() => stealable),
      2,
    );
    const depths: number[] = [];
    let depth = 0;
    const add = (a: number, b: number): number => {
      stealable = depths.length === 0;
      depths.push(++depth);
      forker.interrupt();
      depth--;
      return a + b;
    };
    const view = sharedArray.from(
      Float64Array,
      Array.from({ length: 400 }, () => 1),
    );
    const out = inTask(forker, () => scan(view, add, 0, { grain: 10 }));
    expect([...out]).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
    // Nine additions for the sum of each block of other runs, and none for a scan, within the first of the caller.
    expect(depths.filter((depth) => depth === 2)).toHaveLength(39 * 9);
  });

  it('is over for all when the function throws', () => {
    let stealable = false;
    const forker = new TestForker(
      stolenIf(() => stealable),
      4,
    );
    let calls = 0;
    const fails = (): number => {
      if (++calls === 25) throw new Error('no sum');
      return 0;
    };
    const view = sharedArray.from(
      Float64Array,
      Array.from({ length: 4000 }, () => 1),
    );
    let failure: unknown;
    const code = (): void => {
      try {
        scan(view, fails, 0, { grain: 10 });
      } catch (error) {
        failure = error;
      }
      stealable = true;
      while (forker.waiting > 0) forker.interrupt();
      forker.forget();
    };
    inTask(forker, code);
    expect(failure).toEqual(new Error('no sum'));
    expect(calls).toBe(25);
  });

  it('looks whether it is to stop at every block', () => {
    const forker = new TestForker(SEQUENTIAL, 1);
    forker.chunksUntilAsked = 5;
    const view = sharedArray.from(
      Float64Array,
      Array.from({ length: 1000 }, () => 1),
    );
    expect(() => inTask(forker, () => scan(view, (a, b) => a + b, 0, { grain: 10 }))).toThrow(
      'asked to stop',
    );
  });

  it('cuts into lanes where the loop can compute with 32-bit integers, and nowhere else', () => {
    expect(scanLaneOf(0, 2048)).toBe(512);
    expect(scanLaneOf(100, 139)).toBe(8);
    expect(scanLaneOf(0, 31)).toBe(0);
    expect(scanLaneOf(2 ** 31 - 1 - 2048, 2 ** 31 - 1)).toBe(512);
    expect(scanLaneOf(2 ** 31 - 2048, 2 ** 31)).toBe(0);
    expect(scanLaneOf(2 ** 32, 2 ** 32 + 2048)).toBe(0);
  });
});
