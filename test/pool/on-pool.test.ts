// The algorithms of millrace/parallel on the threads of a pool, beside the array's own methods.
import { on, parallelTasks, range, sharedArray } from 'millrace/parallel';
import { describe, expect, it } from 'vitest';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import { rejection, startPool } from './pools.ts';

const COUNT = 200_000;
const TASKS = [new URL('./fixtures/elements.mjs', import.meta.url), parallelTasks];

/** Integers below 2^20 in no order; sums of them are exact. */
function numbers(): number[] {
  const random = mulberry32(12345);
  return Array.from({ length: COUNT }, () => Math.floor(random() * 2 ** 20));
}

describe.each([1, 2, 3])('on(pool) with %i workers', (workers) => {
  const start = async () => {
    const pool = await startPool({ tasks: TASKS, workers });
    const plain = numbers();
    return {
      parallel: on(pool),
      plain,
      view: sharedArray.from(Float64Array, plain),
    };
  };

  it('maps, and goes through indices and elements', async () => {
    const { parallel, plain, view } = await start();
    expect([...(await parallel.map(view, 'plus', { args: [3] }))]).toEqual(plain.map((x) => x + 3));
    const copy = sharedArray(Float64Array, COUNT);
    await parallel.forEach(view, 'put', { args: [copy] });
    expect([...copy]).toEqual(plain);
    await parallel.parallelFor(10, COUNT, 'scale', { args: [copy, 2] });
    expect([...copy]).toEqual(plain.map((x, i) => (i < 10 ? x : 2 * x)));
    await parallel.parallelRanges(5, COUNT - 5, 'fill', { args: [copy, -1] });
    expect([...copy]).toEqual(plain.map((x, i) => (i < 5 ? x : i < COUNT - 5 ? -1 : 2 * x)));
  });

  it('folds, scans and filters', async () => {
    const { parallel, plain, view } = await start();
    const sum = plain.reduce((a, b) => a + b, 0);
    expect(await parallel.reduce(view, 'add', 0)).toBe(sum);
    expect(await parallel.reduce(view, 'add', 0, { deterministic: true })).toBe(sum);
    expect(await parallel.reduce(range(0, 1000), 'add', 0, { map: 'square' })).toBe(332_833_500);
    expect(await parallel.reduce(view, 'most', 0)).toBe(plain.reduce((a, b) => Math.max(a, b), 0));
    let total = 0;
    const totals = plain.map((x) => (total += x));
    expect([...(await parallel.scan(view, 'add', 0))]).toEqual(totals);
    const before = await parallel.scan(view, 'add', 0, { exclusive: true });
    expect([...before]).toEqual(totals.map((x, i) => x - plain[i]!));
    expect([...(await parallel.filter(view, 'odd'))]).toEqual(plain.filter((x) => x % 2 === 1));
  });

  it('sorts, by comparator and by key, and stably', async () => {
    const { parallel, plain, view } = await start();
    const again = (): void => view.set(plain);
    const ascending = [...plain].sort((a, b) => a - b);
    expect(await parallel.sort(view)).toBe(view);
    expect([...view]).toEqual(ascending);
    again();
    await parallel.sort(view, { compare: 'descending' });
    expect([...view]).toEqual([...ascending].reverse());
    again();
    await parallel.sort(view, { by: 'last' });
    expect([...view]).toEqual([...plain].sort((a, b) => (a % 10) - (b % 10)));
  });

  it('rejects with what a function throws, and goes on', async () => {
    const { parallel, view } = await start();
    view.set([77], 150_000);
    const error = await rejection(parallel.map(view, 'fails'));
    expect([error.name, error.message]).toEqual(['RangeError', 'at 77']);
    expect(await parallel.invoke(['add', 1, 2], ['square', 5])).toEqual([3, 25]);
  });
});
