import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  filter,
  forEach,
  invoke,
  map,
  range,
  reduce,
  scan,
  sharedArray,
  type View,
} from '../../src/parallel/index.ts';
import { inTask, SEQUENTIAL, TestForker, underSchedules } from './forkers.ts';
import { input, type KINDS, listed } from './inputs.ts';

const seed = fc.integer();
const grain = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
const withGrain = (grain: number | undefined): { grain?: number } => (grain === undefined ? {} : { grain });
// Made from a seed: fast-check takes a second for a thousand arrays of a thousand doubles.
const arrays = (kind: (typeof KINDS)[number], longest: number): fc.Arbitrary<View> =>
  fc
    .tuple(fc.constantFrom('random', 'uniform in 0 to 1', 'special'), fc.nat(longest), fc.integer())
    .map(([shape, n, seed]) => input(kind, shape, n, seed));
const doubles = arrays(Float64Array, 2000).map((view) => listed(view) as number[]);
const ints = arrays(Int32Array, 2000).map((view) => listed(view) as number[]);
const bigs = arrays(BigInt64Array, 300).map((view) => listed(view) as bigint[]);
const runs = { numRuns: 80 };

// Registered functions of the tests.
const halve = (x: number, i: number, by: number): number => x / 2 + i * by;
const negate = (x: bigint): bigint => -x;
const toBig = (x: number): bigint => BigInt(x);
const put = (x: number, i: number, out: Float64Array): void => {
  out[i] = x;
};
/** Matrices of 2 by 2 modulo a prime, as one number: associative, not commutative. */
const P = 97;
const times = (a: number, b: number): number => {
  const at = (m: number, k: number): number => Math.floor(m / P ** k) % P;
  const cell = (r: number, c: number): number =>
    (at(a, 2 * r) * at(b, c) + at(a, 2 * r + 1) * at(b, 2 + c)) % P;
  return cell(0, 0) + cell(0, 1) * P + cell(1, 0) * P ** 2 + cell(1, 1) * P ** 3;
};
const UNIT = 1 + P ** 3;
const matrix = (x: number): number => Math.abs(x) % P ** 4;
const append = (a: number[], b: number[]): number[] => [...a, ...b];
const list = (x: number, i: number, k: number): number[] => [x, i, k];
const add = (a: number, b: number): number => a + b;
const addBig = (a: bigint, b: bigint): bigint => BigInt.asIntN(64, a + b);
const odd = (x: number, i: number, k: number): boolean => ((x + i + k) & 1) === 1;
const positive = (x: number): boolean => x > 0;

describe('map', () => {
  it('is what Array.map is, with the index and further arguments', () => {
    fc.assert(
      fc.property(seed, doubles, grain, fc.integer(), (seed, values, grain, by) => {
        const view = sharedArray.from(Float64Array, values);
        const wanted = Float64Array.from(values, (x, i) => halve(x, i, by));
        underSchedules(
          seed,
          () => map(view, halve, { args: [by], ...withGrain(grain) }),
          (out) => expect([...out]).toEqual([...wanted]),
        );
      }),
      runs,
    );
  });

  it('writes into an array of another kind, into itself, and from a range', () => {
    fc.assert(
      fc.property(seed, ints, bigs, (seed, values, bigs) => {
        const view = sharedArray.from(Int32Array, values);
        underSchedules(
          seed,
          () => map(view, toBig, { out: sharedArray(BigInt64Array, values.length + 3) }),
          (out) => expect([...out]).toEqual([...values.map(BigInt), 0n, 0n, 0n]),
        );
        underSchedules(
          seed,
          () => {
            const own = sharedArray.from(BigInt64Array, bigs);
            return map(own, negate, { out: own });
          },
          (out) => expect([...out]).toEqual([...BigInt64Array.from(bigs, negate)]),
        );
        underSchedules(
          seed,
          () =>
            map(range(10, 10 + values.length), halve, {
              args: [1],
              out: sharedArray(Float64Array, values.length),
            }),
          (out) => expect([...out]).toEqual(values.map((_, i) => (10 + i) / 2 + 10 + i)),
        );
      }),
      runs,
    );
  });
});

describe('forEach', () => {
  it('calls once for each element', () => {
    fc.assert(
      fc.property(seed, doubles, (seed, values) => {
        const view = sharedArray.from(Float64Array, values);
        underSchedules(
          seed,
          () => {
            const out = sharedArray(Float64Array, values.length);
            forEach(view, put, { args: [out] });
            return out;
          },
          (out) => expect([...out]).toEqual([...view]),
        );
      }),
      runs,
    );
  });
});

describe('reduce', () => {
  it('combines in the order of the indices, whatever is forked', () => {
    fc.assert(
      fc.property(seed, ints, grain, fc.boolean(), (seed, values, grain, deterministic) => {
        const matrices = sharedArray.from(Float64Array, values.map(matrix));
        const wanted = matrices.reduce(times, UNIT);
        underSchedules(
          seed,
          () => reduce(matrices, times, UNIT, { ...withGrain(grain), deterministic }),
          (got) => expect(got).toBe(wanted),
        );
        underSchedules(
          seed,
          () => reduce(matrices, append, [-1], { map: list, args: [9], ...withGrain(grain), deterministic }),
          (got) => expect(got).toEqual([-1, ...[...matrices].flatMap((x, i) => [x, i, 9])]),
        );
      }),
      runs,
    );
  });

  it('takes ranges', () => {
    fc.assert(
      fc.property(
        seed,
        fc.integer({ min: -1000, max: 1000 }),
        fc.nat(2000),
        fc.boolean(),
        (seed, lo, n, deterministic) => {
          const indices = Array.from({ length: n }, (_, k) => lo + k);
          underSchedules(
            seed,
            () => [
              reduce(range(lo, lo + n), add, 5, { deterministic }),
              reduce(range(lo, lo + n), append, [], { map: list, args: [1], deterministic }),
            ],
            (got) => expect(got).toEqual([indices.reduce(add, 5), indices.flatMap((i) => [i, i, 1])]),
          );
        },
      ),
      runs,
    );
  });

  it('takes bigints', () => {
    const view = sharedArray.from(BigInt64Array, [1n, 2n, 3n]);
    underSchedules(
      1,
      () => reduce(view, addBig, 0n),
      (got) => expect(got).toBe(6n),
    );
  });

  it('gives the same bits on every schedule when deterministic', () => {
    fc.assert(
      fc.property(fc.array(seed, { minLength: 5, maxLength: 5 }), doubles, (seeds, values) => {
        const view = sharedArray.from(Float64Array, values);
        const results = new Set<number>();
        for (const seed of seeds) {
          underSchedules(
            seed,
            () => reduce(view, add, 0, { deterministic: true }),
            (sum) => void results.add(sum),
          );
        }
        expect(results.size).toBe(1);
      }),
      runs,
    );
  });
});

describe('scan', () => {
  it('is a running total of an associative function', () => {
    fc.assert(
      fc.property(
        seed,
        ints,
        grain,
        fc.boolean(),
        fc.boolean(),
        (seed, values, grain, exclusive, inPlace) => {
          const matrices = values.map(matrix);
          let acc = UNIT;
          const wanted = matrices.map((m) => {
            const before = acc;
            acc = times(acc, m);
            return exclusive ? before : acc;
          });
          underSchedules(
            seed,
            () => {
              const view = sharedArray.from(Float64Array, matrices);
              return scan(view, times, UNIT, {
                exclusive,
                ...withGrain(grain),
                ...(inPlace ? { out: view } : {}),
              });
            },
            (out) => expect([...out]).toEqual(wanted),
          );
        },
      ),
      runs,
    );
  });

  it('gives the same bits on every schedule, and takes bigints', () => {
    fc.assert(
      fc.property(fc.array(seed, { minLength: 3, maxLength: 3 }), doubles, bigs, (seeds, values, bigs) => {
        const results = new Set<string>();
        const view = sharedArray.from(Float64Array, values);
        const big = sharedArray.from(BigInt64Array, bigs);
        let acc = 1n;
        const wanted = bigs.map((x) => (acc = addBig(acc, x)));
        for (const seed of seeds) {
          underSchedules(
            seed,
            () => scan(view, add, 0, { grain: 16 }),
            (out) => void results.add(new BigInt64Array(out.buffer).join()),
          );
          underSchedules(
            seed,
            () => scan(big, addBig, 1n, { grain: 7 }),
            (out) => expect([...out]).toEqual(wanted),
          );
        }
        expect(results.size).toBe(1);
      }),
      runs,
    );
  });
});

describe('filter', () => {
  it('keeps what passes, in order', () => {
    fc.assert(
      fc.property(seed, ints, grain, fc.integer(), (seed, values, grain, k) => {
        const view = sharedArray.from(Int32Array, values);
        underSchedules(
          seed,
          () => filter(view, odd, { args: [k], ...withGrain(grain) }),
          (out) => expect([...out]).toEqual(values.filter((x, i) => odd(x, i, k))),
        );
      }),
      runs,
    );
  });

  it('calls the predicate once for each element', () => {
    let calls = 0;
    const counting = (): boolean => calls++ >= 0;
    const view = sharedArray(Uint8Array, 5000);
    inTask(new TestForker(SEQUENTIAL), () => filter(view, counting, { grain: 100 }));
    expect(calls).toBe(5000);
  });
});

describe('invoke', () => {
  it('gives the results in order, whatever runs first', () => {
    fc.assert(
      fc.property(seed, fc.integer(), (seed, n) => {
        underSchedules(
          seed,
          () => invoke([add, n, 1], [list, 1, 2, n], [positive, n]),
          (got) => expect(got).toEqual([n + 1, [1, 2, n], n > 0]),
        );
      }),
      runs,
    );
    expect(inTask(new TestForker(SEQUENTIAL), () => invoke())).toEqual([]);
  });

  it('runs in the order given when nobody helps', () => {
    const seen: number[] = [];
    const see = (n: number): void => void seen.push(n);
    inTask(new TestForker(SEQUENTIAL), () => invoke([see, 1], [see, 2], [see, 3], [see, 4]));
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

describe('arguments', () => {
  const inside =
    (code: () => unknown): (() => unknown) =>
    () =>
      inTask(new TestForker(SEQUENTIAL), code);
  const view = sharedArray(Float64Array, 4);

  it('of the wrong kind are refused at once', () => {
    const shared =
      'to be a typed array over shared memory (`sharedArray.from(Float64Array, values)` makes one)';
    expect(inside(() => map([1, 2] as unknown as Float64Array, halve, { args: [1] }))).toThrow(
      `Expected \`over\` ${shared}, got an array`,
    );
    expect(inside(() => forEach(new Float64Array(3), put, { args: [view] }))).toThrow(
      `Expected \`view\` ${shared}`,
    );
    expect(
      inside(() => reduce(new DataView(new SharedArrayBuffer(8)) as unknown as Float64Array, add, 0)),
    ).toThrow(shared);
    expect(inside(() => scan(new Float64Array(3), add, 0))).toThrow(shared);
    expect(inside(() => filter(null as unknown as Float64Array, positive))).toThrow(shared);
    expect(inside(() => scan(view, add, 0n as never))).toThrow('Expected `identity` to be a number');
    expect(inside(() => scan(view, add, 0, { exclusive: 1 as never }))).toThrow('`options.exclusive`');
    expect(inside(() => reduce(view, add, 0, { deterministic: 1 as never }))).toThrow(
      '`options.deterministic`',
    );
    expect(inside(() => reduce(view, 3 as never, 0))).toThrow('Expected `combine` to be a function');
    expect(inside(() => map(range(0, 3), halve, { args: [1] } as never))).toThrow(
      `Expected \`options.out\` ${shared}`,
    );
    expect(inside(() => invoke(add as never))).toThrow('Expected `calls[0]` to be an array');
    expect(inside(() => invoke(...([[3]] as unknown as [])))).toThrow(
      'Expected `calls[0][0]` to be a function',
    );
    expect(() => range(1, 2 ** 60)).toThrow('Expected `hi` to be a safe integer');
  });

  it('`out` is long enough, and lies upon the input or apart from it', () => {
    const ones = { args: [1] as [number] };
    const short = sharedArray(Float64Array, 3);
    expect(inside(() => map(view, halve, { ...ones, out: short }))).toThrow('`out.length` to be at least 4');
    const shifted = new Float64Array(new SharedArrayBuffer(40), 8, 4);
    const start = new Float64Array(shifted.buffer, 0, 4);
    expect(inside(() => map(start, halve, { ...ones, out: shifted }))).toThrow(
      'memory that does not overlap it',
    );
    const narrow = new Float32Array(view.buffer);
    expect(inside(() => map(view, halve, { ...ones, out: narrow }))).toThrow(
      'memory that does not overlap it',
    );
    const same = new Float64Array(view.buffer);
    expect(inside(() => map(view, halve, { ...ones, out: same }))).not.toThrow();
  });
});

describe('sharedArray', () => {
  it('makes every kind, of a length or of values', () => {
    const kinds = [
      ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
      ...[Float32Array, Float64Array],
    ] as const;
    for (const kind of kinds) {
      const made = sharedArray(kind as Float64ArrayConstructor, 3);
      expect(made).toBeInstanceOf(kind);
      expect(made.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect([...sharedArray.from(kind as Float64ArrayConstructor, new Set([1, 2]))]).toEqual([1, 2]);
    }
    expect([...sharedArray.from(BigUint64Array, [1n, -1n])]).toEqual([1n, 2n ** 64n - 1n]);
    expect([...sharedArray(BigInt64Array, 1)]).toEqual([0n]);
  });

  it('refuses what is no kind, no length, no values', () => {
    expect(() => sharedArray(Array as never, 3)).toThrow('Expected `kind` to be');
    expect(() => sharedArray('Float64Array' as never, 3)).toThrow('Expected `kind` to be');
    expect(() => sharedArray(Float64Array, -1)).toThrow('Expected `length` to be');
    expect(() => sharedArray.from(Float64Array, 3 as never)).toThrow('Expected `values` to be');
  });
});
