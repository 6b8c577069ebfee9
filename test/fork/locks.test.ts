// What a task may rely on that forks and joins while it holds a lock.
import { Mutex } from 'millrace/sync';
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, forksOf } from './forks.ts';

const LOCKS = 'locks.mjs';

describe('a join under a lock', () => {
  it.each([1, 2, 3])('runs no newer child, with %i workers', async (workers) => {
    const { pool, words } = await forksOf(LOCKS, workers);
    for (let i = 1; i <= 20; i++) {
      const { handle } = new Mutex({ name: 'one' });
      expect(await pool.run('olderFirst', [handle])).toEqual([7, 9, 8, 1, 1, 1, 10]);
      expect(words[0]).toBe(3 * i);
    }
    await expectNothingLeft(pool);
  });

  it.each([1, 2, 3])('nor what is forked under it, or left over, with %i workers', async (workers) => {
    const { pool } = await forksOf(LOCKS, workers);
    for (let i = 1; i <= 20; i++) {
      const { handle } = new Mutex({ name: 'one' });
      expect(await pool.run('underTheLock', [handle])).toEqual([5, 'mine', 4, 5]);
    }
    await expectNothingLeft(pool);
  });
});
