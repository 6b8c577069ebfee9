import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import { sharedArray, sort, type View } from '../../src/parallel/index.ts';
import { sortByBits } from '../../src/parallel/sort/by-bits.ts';
import { sortByCounting } from '../../src/parallel/sort/counting.ts';
import { ORDER_OF } from '../../src/parallel/sort/order.ts';
import { type Stride, sortRecords } from '../../src/parallel/sort/radix.ts';
import { adversary, inTask, SEQUENTIAL, TestForker, ticking, underSchedules } from './forkers.ts';
import { anyInput, input, KINDS, listed, SHAPES, same } from './inputs.ts';

const sorted = (view: View): View => (view.slice() as Float64Array).sort();

// Registered functions of the tests.
const descending = (a: number | bigint, b: number | bigint): number => (a < b ? 1 : a > b ? -1 : 0);
const lastDigit = (x: number): number => Math.floor(x) % 10;
const distance = (x: number, _i: number, from: number): number => Math.abs(x - from);
const byRemainder = (a: number, b: number, of: number): number => (a % of) - (b % of);
const chaos = mulberry32(5);
const contradictory = (): number => chaos() - 0.5;
const failing = (): number => {
  throw new RangeError('no order');
};

describe('sort', () => {
  it('does what TypedArray.prototype.sort does, for any kind, shape and size to 2000', () => {
    fc.assert(
      fc.property(anyInput, ([kind, shape, n, seed]) => {
        const wanted = sorted(input(kind, shape, n, seed));
        underSchedules(
          seed,
          () => sort(input(kind, shape, n, seed)),
          (view) => expect(same(view, wanted)).toBe(true),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('by bits or counting does too at small sizes, which `sort` leaves to the engine', () => {
    fc.assert(
      fc.property(anyInput, ([kind, shape, n, seed]) => {
        const view = input(kind, shape, n % 200, seed);
        const wanted = listed(sorted(view));
        const order = ORDER_OF[view[Symbol.toStringTag] as keyof typeof ORDER_OF];
        inTask(new TestForker(SEQUENTIAL), () =>
          order === undefined ? sortByCounting(view as never, 4) : sortByBits(view as never, order, 4),
        );
        expect(listed(view)).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  describe.each(KINDS.map((kind) => [kind] as const))('of large arrays of %o', (kind) => {
    it.each(Object.keys(SHAPES))('%s', (shape) => {
      // Both just above the length from which arrays are cut, and with buckets that need a second digit.
      for (const [n, workers] of [
        [33_000, 2],
        [100_001, 16],
      ] as const) {
        const view = input(kind, shape, n, n);
        const wanted = sorted(view);
        inTask(new TestForker(adversary(n, 500), workers), () => sort(view), ticking(n));
        expect(same(view, wanted)).toBe(true);
      }
    });
  });

  it('cuts large arrays into all the buckets there are', () => {
    const n = 2 ** 21;
    const view = input(Float64Array, 'random', n, 1);
    const wanted = sorted(view);
    inTask(new TestForker(SEQUENTIAL, 16), () => sort(view));
    expect(same(view, wanted)).toBe(true);
  });

  it('leaves what lies around the view alone', () => {
    const buffer = new SharedArrayBuffer(8 * 40_002);
    const all = new Float64Array(buffer).fill(-7);
    const view = new Float64Array(buffer, 8, 40_000).map((_, i) => 40_000 - i);
    const middle = all.subarray(1, 40_001);
    middle.set(view);
    inTask(new TestForker(SEQUENTIAL), () => sort(middle));
    expect([all[0], all[1], all[40_000], all[40_001]]).toEqual([-7, 1, 40_000, -7]);
  });
});

describe('sort by a key', () => {
  it('is stable, and keeps elements as they are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS.slice(0, 9)), fc.nat(2000), fc.integer(), (kind, n, seed) => {
        const plain = listed(input(kind, 'small integers', n, seed)) as number[];
        const wanted = plain.toSorted((a, b) => lastDigit(a) - lastDigit(b));
        underSchedules(
          seed,
          () => sort(input(kind, 'small integers', n, seed) as Float64Array, { by: lastDigit }),
          (view) => expect(listed(view)).toEqual(wanted),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('takes large arrays, bigints and further arguments', () => {
    for (const n of [40_000, 100_000]) {
      const plain = listed(input(Float32Array, 'small integers', n, 3)) as number[];
      const wanted = Float32Array.from(plain.toSorted((a, b) => distance(a, 0, 7) - distance(b, 0, 7)));
      underSchedules(
        n,
        () => sort(input(Float32Array, 'small integers', n, 3) as Float32Array, { by: distance, args: [7] }),
        (view) => expect(same(view, wanted)).toBe(true),
      );
    }
    const big = sharedArray.from(BigInt64Array, [30n, -5n, 12n]);
    const toNumber = (x: bigint): number => Number(x);
    inTask(new TestForker(SEQUENTIAL), () => sort(big, { by: toNumber }));
    expect([...big]).toEqual([-5n, 12n, 30n]);
  });

  it('takes -0 for 0 beside keys that share all other bits', () => {
    const n = 40_000;
    const own = (x: number): number => x;
    for (const others of [-5e-324, 5e-324, -1, 0]) {
      const values = Array.from({ length: n }, (_, i) => [-0, 0, others][(i * 7) % 3]!);
      const view = sharedArray.from(Float64Array, values);
      inTask(new TestForker(SEQUENTIAL), () => sort(view, { by: own }));
      expect(
        same(
          view,
          sharedArray.from(
            Float64Array,
            values.toSorted((a, b) => a - b),
          ),
        ),
      ).toBe(true);
    }
  });

  it('puts NaN keys last, and takes -0 for 0', () => {
    const keys = sharedArray.from(Float64Array, [NaN, 0, -0, -Infinity, 5, -5e-324]);
    const ids = sharedArray.from(Uint8Array, [0, 1, 2, 3, 4, 5]);
    const key = (id: number, _i: number, keys: Float64Array): number => keys[id]!;
    inTask(new TestForker(SEQUENTIAL), () => sort(ids, { by: key, args: [keys] }));
    expect([...ids]).toEqual([3, 5, 1, 2, 4, 0]);
  });
});

describe('sort by comparison', () => {
  it('is stable, for any kind', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer(),
        (kind, n, seed) => {
          const wanted = listed(input(kind, 'small integers', n, seed)).toSorted(descending);
          underSchedules(
            seed,
            () => sort(input(kind, 'small integers', n, seed) as Float64Array, { compare: descending }),
            (view) => expect(listed(view)).toEqual(wanted),
          );
        },
      ),
      { numRuns: 20 },
    );
    const n = 30_000;
    const plain = listed(input(Int32Array, 'small integers', n, 1)) as number[];
    const wanted = plain.toSorted((a, b) => byRemainder(a, b, 10));
    underSchedules(
      9,
      () =>
        sort(input(Int32Array, 'small integers', n, 1) as Int32Array, { compare: byRemainder, args: [10] }),
      (view) => expect(listed(view)).toEqual(wanted),
    );
  });

  it('loses nothing with a comparison that contradicts itself', () => {
    for (let seed = 0; seed < 4; seed++) {
      underSchedules(
        seed,
        () => sort(input(Float64Array, 'sorted', 20_000, seed) as Float64Array, { compare: contradictory }),
        (view) => expect(same(sorted(view), input(Float64Array, 'sorted', 20_000, seed))).toBe(true),
      );
    }
  });

  it('throws what the comparison throws', () => {
    for (const n of [10, 30_000]) {
      const view = sharedArray(Float64Array, n);
      expect(() => inTask(new TestForker(SEQUENTIAL), () => sort(view, { compare: failing }))).toThrow(
        'no order',
      );
      expect(() => inTask(new TestForker(SEQUENTIAL), () => sort(view, { by: failing }))).toThrow('no order');
    }
  });
});

describe('records', () => {
  it.each<Stride>([1, 2, 3])('of %i words are sorted by their bits, and stably', (stride) => {
    fc.assert(
      fc.property(fc.nat(600), fc.nat(64), fc.nat(64), fc.integer(), (count, from, bits, seed) => {
        const random = mulberry32(seed);
        const words = new Int32Array(5 + count * stride);
        const keys: bigint[] = [];
        const width = stride === 1 ? 32 : 64;
        for (let k = 0; k < count; k++) {
          const any =
            (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32));
          keys.push(BigInt.asUintN(width, BigInt.asUintN(bits, any) << BigInt(from)));
        }
        const put = (at: number, key: bigint): void => {
          if (stride === 1) words[at] = Number(BigInt.asIntN(32, key));
          else words.set(new Int32Array(BigUint64Array.of(key).buffer), at);
        };
        for (const [k, key] of keys.entries()) {
          put(5 + k * stride, key);
          if (stride === 3) words[5 + 3 * k + 2] = k;
        }
        const order = keys
          .map((key, k) => [key, k] as const)
          .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]));
        const wanted = new Int32Array(count * stride);
        const got = sortRecords(words, 5, count, stride);
        const result = got.words.slice(got.at, got.at + count * stride);
        for (const [k, [key, index]] of order.entries()) {
          put(5, key);
          wanted.set(words.subarray(5, 5 + Math.min(stride, 2)), k * stride);
          if (stride === 3) wanted[3 * k + 2] = index;
        }
        expect(result).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });
});

describe('arguments of sort', () => {
  it('are checked', () => {
    const view = sharedArray(Float64Array, 3);
    const inside = (code: () => unknown) => () => inTask(new TestForker(SEQUENTIAL), code);
    expect(inside(() => sort([3, 1] as unknown as Float64Array))).toThrow('typed array over shared memory');
    expect(inside(() => sort(view, { by: 3 as never }))).toThrow('Expected `options.by` to be a function');
    expect(inside(() => sort(view, { compare: 'x' as never }))).toThrow(
      'Expected `options.compare` to be a function',
    );
    expect(inside(() => sort(view, { by: lastDigit, compare: descending } as never))).toThrow('not both');
    expect(inside(() => sort(view, descending as never))).toThrow('Expected `options` to be');
    expect(() => sort(view)).toThrow(expect.objectContaining({ code: 'ERR_NO_CONTEXT' }));
  });
});
