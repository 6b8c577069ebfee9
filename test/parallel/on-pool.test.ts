import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Pool } from '../../src/index.ts';
import * as entries from '../../src/parallel/entries.ts';
import { on, range, sharedArray } from '../../src/parallel/index.ts';
import { adversary, inTask, TestForker } from './forkers.ts';

const tasks = {
  add: (a: number, b: number): number => a + b,
  addBig: (a: bigint, b: bigint): bigint => a + b,
  scale: (i: number, view: Float64Array, by: number): void => {
    view[i]! *= by;
  },
  scaleAll: (lo: number, hi: number, view: Float64Array): void => {
    for (let i = lo; i < hi; i++) view[i]! *= 2;
  },
  plus: (x: number, _i: number, by: number): number => x + by,
  square: (x: number): number => x * x,
  put: (x: number, i: number, out: Float64Array): void => {
    out[i] = x;
  },
  odd: (x: number): boolean => x % 2 === 1,
  descending: (a: number, b: number): number => b - a,
  text: (s: string, n: number): string => s.repeat(n),
};

interface Run {
  readonly name: string;
  readonly options: unknown;
}

/** What a pool does of all this: copies the arguments, runs one function in a worker, copies the result. */
function poolOf(runs: Run[] = []): Pool<typeof tasks> {
  const run = async (name: string, args: readonly unknown[], options: unknown): Promise<unknown> => {
    runs.push({ name, options });
    const forker = new TestForker(adversary(7));
    for (const [name, fn] of Object.entries(tasks)) forker.named.set(name, fn);
    const entry = (entries as Record<string, unknown>)[name] as (...args: unknown[]) => unknown;
    return structuredClone(inTask(forker, () => entry(...structuredClone(args))));
  };
  return { run } as unknown as Pool<typeof tasks>;
}

const numbers = (): Float64Array<SharedArrayBuffer> => sharedArray.from(Float64Array, [5, 3, 1, 4, 2]);

describe('on(pool)', () => {
  it('runs each algorithm as one task, with functions by name', async () => {
    const runs: Run[] = [];
    const parallel = on(poolOf(runs), { priority: 'low' });
    const view = numbers();
    await parallel.parallelFor(0, 5, 'scale', { args: [view, 10] });
    await parallel.parallelRanges(0, 2, 'scaleAll', { args: [view] });
    expect([...view]).toEqual([100, 60, 10, 40, 20]);
    expect([...(await parallel.map(view, 'plus', { args: [1] }))]).toEqual([101, 61, 11, 41, 21]);
    expect([...(await parallel.map(view, 'square'))]).toEqual([10_000, 3600, 100, 1600, 400]);
    const squares = sharedArray(Int32Array, 3);
    expect(await parallel.map(range(2, 5), 'square', { out: squares })).toBe(squares);
    expect([...squares]).toEqual([4, 9, 16]);
    const copy = sharedArray(Float64Array, 5);
    await parallel.forEach(view, 'put', { args: [copy] });
    expect([...copy]).toEqual([...view]);
    expect(await parallel.reduce(view, 'add', 0)).toBe(230);
    expect(await parallel.reduce(range(0, 4), 'add', 0, { map: 'square', deterministic: true })).toBe(14);
    expect([...(await parallel.scan(view, 'add', 0))]).toEqual([100, 160, 170, 210, 230]);
    expect(await parallel.scan(view, 'add', 0, { exclusive: true, out: copy })).toBe(copy);
    expect([...copy]).toEqual([0, 100, 160, 170, 210]);
    expect([...(await parallel.filter(numbers(), 'odd'))]).toEqual([5, 3, 1]);
    expect(await parallel.sort(view)).toBe(view);
    expect([...view]).toEqual([10, 20, 40, 60, 100]);
    await parallel.sort(view, { compare: 'descending' });
    expect([...view]).toEqual([100, 60, 40, 20, 10]);
    await parallel.sort(view, { by: 'square' });
    expect([...view]).toEqual([10, 20, 40, 60, 100]);
    expect(await parallel.invoke(['add', 1, 2], ['text', 'ab', 2])).toEqual([3, 'abab']);
    expect(runs.map(({ name }) => name)).toEqual(
      ['parallelFor', 'parallelRanges', 'map', 'map', 'map', 'forEach', 'reduce', 'reduce', 'scan', 'scan']
        .concat('filter', 'sort', 'sort', 'sort', 'invoke')
        .map((name) => `millrace:${name}`),
    );
    expect(runs.every(({ options }) => JSON.stringify(options) === '{"priority":"low"}')).toBe(true);
  });

  it('rejects for a name that is not there', async () => {
    const reduced = on(poolOf() as unknown as Pool).reduce(numbers(), 'ad', 0);
    await expect(reduced).rejects.toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_FUNCTION' }));
  });

  it('refuses bad arguments at once, before anything runs', () => {
    const runs: Run[] = [];
    const parallel = on(poolOf(runs));
    const shared = 'typed array over shared memory (`sharedArray.from(Float64Array, values)` makes one)';
    const plain = [1, 2] as unknown as Float64Array;
    expect(() => on({} as Pool)).toThrow('Expected `pool` to be a pool');
    expect(() => parallel.sort(plain)).toThrow(shared);
    expect(() => parallel.map(plain, 'square')).toThrow(shared);
    expect(() => parallel.forEach(new Float64Array(2), 'square')).toThrow(shared);
    expect(() => parallel.reduce(plain, 'add', 0)).toThrow(shared);
    expect(() => parallel.scan(plain, 'add', 0)).toThrow(shared);
    expect(() => parallel.filter(plain, 'odd')).toThrow(shared);
    expect(() => parallel.map(range(0, 2), 'square', {} as never)).toThrow(shared);
    expect(() => parallel.parallelFor(0, 0.5, 'square')).toThrow('Expected `hi` to be a safe integer');
    expect(() => parallel.parallelFor(0, 1, tasks.square as unknown as 'square')).toThrow(
      'Expected `body` to be the name',
    );
    expect(() => parallel.sort(numbers(), { by: tasks.square as never })).toThrow(
      '`options.by` to be the name',
    );
    expect(() => parallel.sort(numbers(), { by: 'square', compare: 'descending' })).toThrow('not both');
    expect(() => parallel.map(numbers(), 'square', { out: sharedArray(Int8Array, 2) })).toThrow(
      '`out.length`',
    );
    expect(() => parallel.invoke(3 as never)).toThrow('Expected `calls[0]`');
    expect(runs).toEqual([]);
  });

  it('is typed by the task module', () => {
    const parallel = on(poolOf());
    const view = numbers();
    const never = (): void => {
      // @ts-expect-error: no such function
      void parallel.parallelFor(0, 1, 'scald', { args: [view, 1] });
      // @ts-expect-error: it needs arguments
      void parallel.parallelFor(0, 1, 'scale');
      // @ts-expect-error: of these types
      void parallel.parallelFor(0, 1, 'scale', { args: [view, 'x'] });
      // @ts-expect-error: it takes a string
      void parallel.map(view, 'text');
      // @ts-expect-error: bigints are not numbers
      void parallel.reduce(view, 'addBig', 0);
      // @ts-expect-error: it returns a boolean
      void parallel.sort(view, { by: 'odd' });
      // @ts-expect-error: it takes numbers
      void parallel.invoke(['add', 1, 'x']);
      expectTypeOf(parallel.invoke(['add', 1, 2], ['text', 'a', 1])).resolves.toEqualTypeOf<
        [number, string]
      >();
      expectTypeOf(parallel.filter(view, 'odd')).resolves.toEqualTypeOf<Float64Array<SharedArrayBuffer>>();
      expectTypeOf(parallel.reduce(view, 'add', 0)).resolves.toEqualTypeOf<number>();
      void on({} as Pool).parallelFor(0, 1, 'anything', { args: [1, 'x'] });
      void on({} as Pool).map(view, 'anything');
    };
    expect(never).toBeTypeOf('function');
  });
});
