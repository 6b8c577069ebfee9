// `signal`, `timeout` and `deadline` of a task reach all of its descendants.
import type { Pool, RunOptions } from 'millrace';
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';
import { abortedOnce, expectNothingLeft, sharedWords, startForks } from './forks.ts';

const CANCEL = 'cancel.mjs';
const [BEGUN, STOPPED, ROOT_OVER, ALL_BEGUN] = [0, 1, 2, 3] as const;
const PATIENT = { graceMs: 20_000 };

type Limit = readonly [name: string, (begun: () => Promise<void>, ms: number) => RunOptions, code: string];
const LIMITS: readonly Limit[] = [
  ['signal', (begun) => abortedOnce(begun()), 'ENOUGH'],
  ['timeout', (_, timeout) => ({ timeout }), 'ERR_TIMEOUT'],
  ['deadline', (_, deadline) => ({ deadline }), 'ERR_DEADLINE'],
];

const rows = <T extends readonly unknown[]>(
  first: readonly T[],
  rest: readonly T[],
): [string, Limit, ...T][] =>
  LIMITS.flatMap((limit, i) =>
    (i === 0 ? first : rest).map((row): [string, Limit, ...T] => [limit[0], limit, ...row]),
  );

/** Spreads children over all workers but one, and ends them by a limit: by a longer one if not all had begun by then. */
async function limited(pool: Pool, how: string, [, options, code]: Limit): Promise<Int32Array> {
  for (let ms = 200; ; ms *= 2) {
    const words = sharedWords(8);
    const begun = (): Promise<void> => until('all children run', () => words[ALL_BEGUN] === 1);
    const task = pool.run('spread', [pool.workers - 1, how, words], options(begun, ms));
    expect(await rejection(task)).toMatchObject({ code });
    if (words[ALL_BEGUN] === 1) return words;
    await expectNothingLeft(pool);
  }
}

it.each(
  rows<[string, number]>(
    [
      ['untilCancelled', 2],
      ['untilSignal', 2],
      ['untilForkThrows', 2],
      ['untilSlowForkThrows', 2],
      ['untilDeepCancelled', 2],
      ['untilCancelled', 3],
      ['untilDeepCancelled', 8],
    ],
    [
      ['untilForkThrows', 2],
      ['untilDeepCancelled', 3],
    ],
  ),
)('%s is seen by stolen children', async (_, limit, how, workers) => {
  const { pool, crashes } = await startForks(CANCEL, { workers, ...PATIENT });
  const words = await limited(pool, how, limit);
  await until('the task is over', () => words[ROOT_OVER] === 1);
  await expectNothingLeft(pool);
  expect([words[BEGUN], words[STOPPED]]).toEqual([workers - 1, workers - 1]);
  expect(crashes).toEqual([]);
  expect(await pool.run('cancelled')).toBe(false);
  expect(await pool.run('fib', [15])).toBe(610);
});

it.each(rows<[number]>([[2], [3], [8]], [[2]]))(
  '%s kills the threads of children that go on',
  async (_, limit, workers) => {
    const { pool, crashes } = await startForks(CANCEL, { workers, graceMs: 50 });
    const words = await limited(pool, 'forever', limit);
    await expectNothingLeft(pool);
    const after = words[5];
    expect(await pool.run('fib', [15])).toBe(610);
    expect(words[5]).toBe(after);
    expect(crashes.length).toBeGreaterThanOrEqual(workers - 1);
  },
);

describe('a task that was cancelled', () => {
  it('cannot fork any more, and its children that wait never run', async () => {
    const { pool } = await startForks(CANCEL, { workers: 2, ...PATIENT });
    for (const n of [1, 100, 3000, 6000]) {
      const words = sharedWords(8);
      const controller = new AbortController();
      // The other worker is held, so that nobody takes the children.
      const holders = pool.run('hold', [words]);
      await until('a worker is held', () => words[6] === 1);
      const task = pool.run('waits', [n, words], { signal: controller.signal });
      await until('the children wait', () => words[3] === 1);
      controller.abort(new Error('enough'));
      expect(await rejection(task)).toMatchObject({ message: 'enough' });
      const before = words[STOPPED];
      expect(before).toBe(0);
      Atomics.store(words, 4, 1);
      await holders;
      await expectNothingLeft(pool);
      // The worker that was held may take some once it is free, and before the parent has dropped them.
      expect(await pool.run('cancelled')).toBe(false);
    }
  });

  it('leaves the children of other tasks alone', async () => {
    const { pool } = await startForks(CANCEL, { workers: 3, ...PATIENT });
    const words = sharedWords(8);
    const controller = new AbortController();
    const task = pool.run('spread', [1, 'untilCancelled', words], { signal: controller.signal });
    await until('it runs', () => words[ALL_BEGUN] === 1);
    const others = [1, 2, 3, 4].map(() => pool.run('fib', [16]));
    controller.abort(new Error('enough'));
    expect(await rejection(task)).toMatchObject({ message: 'enough' });
    expect(await Promise.all(others)).toEqual(others.map(() => 987));
    await expectNothingLeft(pool);
  });
});
