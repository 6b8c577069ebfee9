// Fork/join beside plain tasks, `map`, priorities; the end of a pool.
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';
import { expectNothingLeft, sharedWords, startForks } from './forks.ts';

const TRAFFIC = 'traffic.mjs';

describe.each([1, 2, 3, 8])('with %i workers', (workers) => {
  it('plain tasks, async tasks, map and priorities go on beside tasks that fork', async () => {
    const { pool, strays, crashes } = await startForks(TRAFFIC, { workers });
    const trees = Array.from({ length: 30 }, (_, i) =>
      pool.run('fib', [10 + (i % 5)], { priority: (['critical', 'high', 'normal', 'low'] as const)[i % 4]! }),
    );
    const plain = Array.from({ length: 2000 }, (_, i) => pool.run('add', [i, 1]));
    const async = Array.from({ length: 100 }, (_, i) => pool.run('later', [i]));
    const mapped: unknown[] = [];
    for await (const value of pool.map('fib', [12, 13, 14, 3, 2, 1, 0])) mapped.push(value);
    expect(mapped).toEqual([144, 233, 377, 2, 1, 1, 0]);
    expect(await Promise.all(trees)).toEqual(trees.map((_, i) => [55, 89, 144, 233, 377][i % 5]));
    expect(await Promise.all(plain)).toEqual(plain.map((_, i) => i + 1));
    expect(await Promise.all(async)).toEqual(async.map((_, i) => i));
    await expectNothingLeft(pool);
    const { submitted, completed, failed, cancelled } = pool.stats();
    expect([completed + failed + cancelled, failed, cancelled]).toEqual([submitted, 0, 0]);
    expect([strays, crashes]).toEqual([[], []]);
  });
});

describe.each([2, 3, 8])('a task that forks without end, on one of %i workers', (workers) => {
  it('does not keep plain tasks from running', async () => {
    const { pool } = await startForks(TRAFFIC, { workers });
    const words = sharedWords(4);
    const tree = pool.run('busyTree', [words]);
    await until('it forks', () => words[0] === 1);
    for (let i = 0; i < 200; i++) expect(await pool.run('add', [i, 1])).toBe(i + 1);
    const many = Array.from({ length: 2000 }, (_, i) => pool.run('add', [i, 1], { priority: 'low' }));
    expect(await Promise.all(many)).toEqual(many.map((_, i) => i + 1));
    Atomics.store(words, 1, 1);
    expect(await tree).toBeGreaterThan(0);
    await expectNothingLeft(pool);
  });
});

describe('the end of a pool', () => {
  it.each([2, 3])('close() waits for tasks that fork, of %i workers', async (workers) => {
    const { pool } = await startForks(TRAFFIC, { workers });
    const words = sharedWords(4);
    const held = pool.run('holdsOther', [words]);
    const trees = Array.from({ length: 20 }, () => pool.run('fib', [13]));
    await until('a child has been stolen', () => words[0] === 1);
    const closed = pool.close();
    Atomics.store(words, 1, 1);
    expect(await closed).toMatchObject({ stuck: 0 });
    expect(await held).toBeTypeOf('number');
    expect(await Promise.all(trees)).toEqual(trees.map(() => 233));
  });

  it.each([2, 3])('terminate() ends tasks and children that do not, of %i workers', async (workers) => {
    const { pool } = await startForks(TRAFFIC, { workers });
    const words = sharedWords(4);
    const endless = rejection(pool.run('endless', [words]));
    await until('a child has been stolen', () => words[0] === 1);
    const waiting = Array.from({ length: 20 }, () => rejection(pool.run('busyTree', [sharedWords(4)])));
    await pool.terminate();
    for (const error of [await endless, ...(await Promise.all(waiting))]) {
      expect(error.code).toMatch(/^ERR_/);
    }
    expect(pool.stats().pending).toBe(0);
  });
});
