import { expect, it } from 'vitest';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import {
  filter,
  map,
  parallelFor,
  range,
  reduce,
  scan,
  sharedArray,
  sort,
} from '../../src/parallel/index.ts';
import { adversary, inTask, type Schedule, TestForker, ticking } from './forkers.ts';

// Registered functions of the tests.
const mark = (i: number, marks: Uint8Array): void => {
  marks[i]!++;
};
const add = (a: number, b: number): number => a + b;
const negated = (x: number): number => -x;
const third = (_x: number, i: number): boolean => i % 3 === 0;

/** Few children, for there are many sizes. */
function schedule(seed: number): Schedule {
  const random = mulberry32(seed);
  return { hungry: () => random() < 0.01, stolen: adversary(seed).stolen };
}

it('every algorithm takes every size from 0 to 2000', { timeout: 60_000 }, () => {
  const wrong: unknown[] = [];
  for (let n = 0; n <= 2000; n++) {
    const view = sharedArray(Int32Array, n);
    for (let i = 0; i < n; i++) view[i] = (i * 7919) % 101;
    const sum = view.reduce(add, 0);
    inTask(
      new TestForker(schedule(n)),
      () => {
        const check = (what: string, ok: boolean): void => void (ok || wrong.push([what, n]));
        const marks = sharedArray(Uint8Array, n);
        parallelFor(0, n, mark, { args: [marks] });
        check(
          'parallelFor',
          marks.every((k) => k === 1),
        );
        const deterministic = n % 2 === 0;
        check('reduce', reduce(view, add, 0, { deterministic }) === sum);
        check('reduce of a range', reduce(range(0, n), add, 0, { deterministic }) === (n * (n - 1)) / 2);
        const grain = 1 + (n % 97);
        const totals = scan(view, add, 0, { grain });
        const before = scan(view, add, 0, { grain, exclusive: true });
        check(
          'scan',
          totals.every((x, i) => x - before[i]! === view[i]),
        );
        check('the end of scan', n === 0 || totals[n - 1] === sum);
        const kept = filter(view, third, { grain });
        check('filter', kept.length === Math.ceil(n / 3) && kept.every((x, k) => x === view[3 * k]));
        const mapped = map(view, negated);
        check(
          'map',
          mapped.every((x, i) => x === 0 - view[i]!),
        );
        const wanted = mapped.slice().sort();
        check(
          'sort',
          sort(mapped).every((x, i) => x === wanted[i]),
        );
        const down = sort(view, { by: negated });
        check(
          'sort by a key',
          down.every((x, i) => x === 0 - wanted[i]!),
        );
      },
      ticking(n),
    );
  }
  expect(wrong).toEqual([]);
});
