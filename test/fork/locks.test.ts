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

const mutexes = (...names: string[]) => names.map((name) => new Mutex({ name }).handle);

describe('a lock held over a join of a child that wants it', () => {
  it.each([2, 3])('is told to the child, with %i workers', async (workers) => {
    const { pool, words } = await forksOf(LOCKS, workers);
    const [handle] = mutexes('mine');
    const said = await pool.run('lockOverJoin', [handle]);
    expect(said).toMatch(/^ERR_DEADLOCK: .*the mutex "mine".*`join`/);
    expect(words[0]).toBe(0);
    await expectNothingLeft(pool);
  });

  it.each([false, true])('also over two joins (one of them under a lock: %s)', async (locked) => {
    const { pool } = await forksOf(LOCKS, 3);
    const [handle, between] = mutexes('mine', 'between');
    const said = await pool.run('lockOverJoins', [handle, locked ? between : undefined]);
    expect(said).toMatch(/^ERR_DEADLOCK: .*the mutex "mine".*`join`/);
    await expectNothingLeft(pool);
  });

  it('also over another lock: one of the two that wait for locks is told', async () => {
    const { pool } = await forksOf(LOCKS, 3);
    const [handle, other] = mutexes('mine', 'other');
    const said = await Promise.all([
      pool.run('crosses', [handle, other]),
      pool.run('lockAndJoinAfter', [handle, other]),
    ]);
    const codes = said.map((text) => String(text).split(':')[0]);
    expect([...codes].sort()).toEqual(['ERR_DEADLOCK', 'none']);
    expect(said.find((text) => text !== 'none')).toMatch(/"(mine|other)".*`join`/);
    await expectNothingLeft(pool);
  });

  it('is none when somebody lets go by itself', async () => {
    const { pool } = await forksOf(LOCKS, 3);
    const [handle, other] = mutexes('mine', 'other');
    expect(
      await Promise.all([pool.run('keepsLong', [other, 400]), pool.run('patient', [handle, other])]),
    ).toEqual(['kept', 'none']);
    await expectNothingLeft(pool);
  });

  it('is none for a wait with a timeout', async () => {
    const { pool } = await forksOf(LOCKS, 2);
    const [handle] = mutexes('mine');
    expect(await pool.run('shortOfIt', [handle])).toMatch(/^ERR_WAIT_TIMEOUT/);
    await expectNothingLeft(pool);
  });
});
