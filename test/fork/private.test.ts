// Children stay with their worker until thieves want them, and only if they are short.
import { Latch } from 'millrace/sync';
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';
import { expectNothingLeft, forksOf, onEach, startForks } from './forks.ts';

const PRIVATE = 'private.mjs';
const sumTo = (n: number): number => (n * (n - 1)) / 2;

describe('children are private', () => {
  it('all of them where there are no thieves', async () => {
    const { pool } = await forksOf(PRIVATE, 1);
    expect(await pool.run('keeps', [100])).toEqual([100, 100, sumTo(100), sumTo(100)]);
    await expectNothingLeft(pool);
  });

  it.each([2, 3])('when those before them were short, among %i workers', async (workers) => {
    const { pool } = await forksOf(PRIVATE, workers);
    const [before, after, ...sums] = (await pool.run('keeps', [64])) as number[];
    expect(before).toBe(0);
    expect(after).toBeGreaterThan(0);
    expect(sums).toEqual([sumTo(64), sumTo(64)]);
    await expectNothingLeft(pool);
  });

  it.each([2, 3])('and what is long after all is run by %i workers', async (workers) => {
    const { pool, words } = await forksOf(PRIVATE, workers);
    expect(await pool.run('longAfterShort', [64])).toBe(64);
    expect(words[1]).toBe(64);
    expect(pool.stats().workers.reduce((sum, { steals }) => sum + steals, 0)).toBeGreaterThan(0);
    await expectNothingLeft(pool);
  });

  it('until their parent waits for another: then all are for everybody', async () => {
    const { pool } = await forksOf(PRIVATE, 3);
    let keeps = 0;
    for (let i = 0; i < 50; i++) {
      const words = new Int32Array(new SharedArrayBuffer(256));
      await onEach(pool, 'give', [words]);
      const [kept, ...ends] = (await pool.run('outOfOrder')) as number[];
      // A turn may have fallen on one of them.
      keeps += kept!;
      expect(ends).toEqual([10, 3]);
    }
    expect(keeps).toBeGreaterThan(50);
    await expectNothingLeft(pool);
  });

  it('until their parent sleeps in `millrace/sync`', async () => {
    const { pool } = await forksOf(PRIVATE, 2);
    let keeps = 0;
    for (let i = 0; i < 50; i++) {
      await onEach(pool, 'giveLatch', [new Latch({ count: 1 }).handle]);
      const [kept, end] = (await pool.run('sleeps')) as number[];
      keeps += kept!;
      expect(end).toBe(1);
    }
    expect(keeps).toBeGreaterThan(10);
    await expectNothingLeft(pool);
  });
});

describe('a task that was asked to stop', () => {
  it.each([
    [1, 0],
    [1, 2],
    [3, 0],
    [3, 2],
  ])('cannot fork any more, with %i workers and children of %i ms', async (workers, ms) => {
    const { pool, words, crashes } = await startForks(PRIVATE, { workers, graceMs: 60_000 });
    const controller = new AbortController();
    const task = rejection(pool.run('forksOn', [ms], { signal: controller.signal }));
    await until('it forks', () => words[5] === 1);
    controller.abort();
    expect(await task).toMatchObject({ name: 'AbortError' });
    await until('it has ended', () => words[6] === 1);
    await expectNothingLeft(pool);
    expect(crashes).toEqual([]);
  });
});

describe('numbers of every kind and count', () => {
  it('reach a child that nobody steals', async () => {
    const { pool } = await forksOf(PRIVATE, 2);
    expect(await pool.run('counts', [false])).toEqual([]);
    await expectNothingLeft(pool);
  });

  it('reach a child that is stolen', async () => {
    const { pool } = await forksOf(PRIVATE, 2);
    expect(await pool.run('counts', [true])).toEqual([]);
    await expectNothingLeft(pool);
  });
});

describe('hungry()', () => {
  it.each([1, 2, 3, 8])(
    'lets a task fork only when somebody would come, with %i workers',
    async (workers) => {
      const { pool } = await forksOf(PRIVATE, workers);
      for (let i = 0; i < 10; i++) expect(await pool.run('lazy', [24])).toBe(46_368);
      await expectNothingLeft(pool);
    },
  );

  it('is false in a pool of one worker', async () => {
    const { pool } = await forksOf(PRIVATE, 1);
    expect(await pool.run('isHungryBeside', [10])).toEqual([false, false]);
  });

  it('is true as long as nothing was forked', async () => {
    const { pool } = await forksOf(PRIVATE, 2);
    expect(await pool.run('isHungry')).toBe(true);
    const [first] = (await pool.run('isHungryBeside', [10])) as boolean[];
    expect(first).toBe(true);
  });
});
