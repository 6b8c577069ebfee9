/** Inputs that sorts go wrong on, of every kind of array. */
import fc from 'fast-check';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import type { View } from '../../src/parallel/index.ts';
import { sharedArray } from '../../src/parallel/index.ts';

type AnyKind = Parameters<typeof sharedArray>[0];

export const KINDS: readonly AnyKind[] = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

/** Bit patterns, so that every kind gets its extremes: infinities, both zeros, denormals, NaN of both signs. */
const SPECIAL: readonly number[] = [
  ...[0, -0, 1, -1, 0.5, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -1022, -(2 ** -1022), 1e-310],
  ...[Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, -Infinity, NaN, 2 ** 31, -(2 ** 31), 2 ** 53],
  ...[2 ** -149, -(2 ** -149), 2 ** -126, 3.4e38, -3.4e38, 127, -128, 32_767, -32_768, 65_535],
];

/** What value an input has at each index, before it is put into an array. */
export const SHAPES: Readonly<Record<string, (n: number, random: () => number) => (i: number) => number>> = {
  random: (_n, random) => () => (random() - 0.5) * 2 ** (random() * 80),
  'uniform in 0 to 1': (_n, random) => random,
  'small integers': (_n, random) => () => Math.floor(random() * 1000) - 500,
  sorted: () => (i) => i - 1000,
  reversed: (n) => (i) => n - i,
  'all equal': () => () => 42,
  'two values': (_n, random) => () => (random() < 0.5 ? 1 : 1 + 2 ** -40),
  'organ pipe': (n) => (i) => Math.min(i, n - i),
  special: (_n, random) => () => SPECIAL[Math.floor(random() * SPECIAL.length)]!,
  'one far out': (n, random) => (i) => (i === n >> 1 ? -1e300 : 1e6 + random()),
  'timestamps in microseconds': (_n, random) => () => 1.7e15 + Math.floor(random() * 1e10),
};

/** An array of that kind and shape in shared memory. */
export function input(kind: AnyKind, shape: string, n: number, seed: number): View {
  const random = mulberry32(seed);
  const valueAt = SHAPES[shape]!(n, random);
  const view = sharedArray(kind, n);
  const big = view instanceof BigInt64Array || view instanceof BigUint64Array;
  const values = Array.from({ length: n }, (_, i) => valueAt(i));
  // At once: stores to every kind of array from one place take ten times as long.
  if (big) view.set(values.map((value) => BigInt(Math.trunc(Number.isFinite(value) ? value : 2 ** 63))));
  else (view as Float64Array).set(values);
  if (shape === 'special') negativeNaN(view, random);
  return view;
}

/** What `0 / 0` is on many processors: a NaN with its sign set, and some payload. */
function negativeNaN(view: View, random: () => number): void {
  const count = Math.ceil(view.length / 20);
  for (let k = 0; k < count && view.length > 0; k++) {
    const at = Math.floor(random() * view.length);
    if (view instanceof Float64Array) new BigInt64Array(view.buffer, view.byteOffset)[at] = -3n;
    if (view instanceof Float32Array) new Int32Array(view.buffer, view.byteOffset)[at] = -3;
  }
}

/** Any kind, shape and size up to 2000. */
export const anyInput: fc.Arbitrary<readonly [AnyKind, string, number, number]> = fc.tuple(
  fc.constantFrom(...KINDS),
  fc.constantFrom(...Object.keys(SHAPES)),
  fc.integer({ min: 0, max: 2000 }),
  fc.integer(),
);

/** The elements, so that `toEqual` tells -0 from 0. */
export function listed(view: View): readonly (number | bigint)[] {
  return [...(view as Iterable<number | bigint>)];
}

/** Whether all elements are the same, -0 apart from 0. A comparison of large arrays by `expect` takes seconds. */
export function same(a: View, b: View): boolean {
  if (a.length !== b.length) return false;
  const bytes = (view: View): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (Buffer.compare(bytes(a), bytes(b)) === 0) return true;
  // One NaN is as good as another.
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
