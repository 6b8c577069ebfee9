// Shared memory inside arguments and results of children: by reference, whoever runs them.
import type { Worker } from 'node:worker_threads';
import type { Pool } from 'millrace';
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';
import { expectNothingLeft, forksOf, onEach, sharedWords, startForks } from './forks.ts';

const NESTED = 'nested.mjs';
/** Run by its joiner; run by another worker. */
const BOTH = [
  ['inline', false],
  ['stolen', true],
] as const;

/** Threads of this process that have not exited, the newest last. */
const threads = new Set<Worker>();
process.on('worker', (worker: Worker) => {
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
});

/** No thread keeps shared memory of children that are over. */
async function expectNothingKept(pool: Pool): Promise<void> {
  await until('nothing is kept', async () => (await onEach(pool, 'kept')).every((kept) => kept === 0));
}

describe.each(BOTH)('shared memory inside what a child that is %s gets and gives', (_, stolen) => {
  it('is the same memory, of all kinds, in values of all kinds', async () => {
    const { pool } = await forksOf(NESTED);
    expect(await pool.run('sameMemory', [stolen])).toEqual([]);
    await expectNothingKept(pool);
    await expectNothingLeft(pool);
  });

  it('is a result when the child has made it, however large the rest', async () => {
    const { pool } = await forksOf(NESTED);
    for (const n of [1, 1000, 3 << 20])
      expect(await pool.run('made', [stolen, n])).toEqual([[0, 1, 2, 3, 4], n, 7]);
    await expectNothingKept(pool);
    await expectNothingLeft(pool);
  });

  it('has the identities of structuredClone', async () => {
    const { pool } = await forksOf(NESTED);
    const same = [true, true, true, true];
    expect(await pool.run('identity', [stolen])).toEqual([same, same, [true, true, true]]);
  });

  it('grows as before', async () => {
    const { pool } = await forksOf(NESTED);
    expect(await pool.run('growing', [stolen])).toEqual([64, 16, 64, 16, 64, 64]);
  });

  it('may be more than a record has room for', async () => {
    const { pool } = await forksOf(NESTED);
    for (const n of [6, 7, 20, 200])
      expect(await pool.run('many', [stolen, n])).toEqual([n, Array.from({ length: n }, (_, i) => i + 1)]);
    expect(await pool.run('often', [stolen, 200])).toBe(200);
    await expectNothingKept(pool);
  });

  it('is let go of when nobody reads the result', async () => {
    const { pool } = await forksOf(NESTED);
    for (let i = 0; i < 5; i++)
      expect((await rejection(pool.run('leaves', [stolen]))).message).toMatch(/leaves/);
    await expectNothingKept(pool);
    await expectNothingLeft(pool);
  });

  it('may be a mutex', async () => {
    const { pool } = await forksOf(NESTED);
    for (let i = 0; i < 5; i++) expect(await pool.run('mutex', [stolen])).toBe(1000);
  });
});

it('locks, channels, latches and semaphores work between a child and its parent', async () => {
  const { pool } = await forksOf(NESTED);
  for (let i = 0; i < 5; i++) expect(await pool.run('conversation', [])).toEqual([0, 1, 4, 9, 16]);
  await expectNothingKept(pool);
});

describe.each([1, 2, 3])('children that async tasks await, on %i workers', (workers) => {
  it('get and give shared memory by reference, alone or inside other values', async () => {
    const { pool, strays } = await startForks(NESTED, { workers });
    for (let i = 0; i < 5; i++) expect(await pool.run('async', [20])).toEqual([40, true, true]);
    expect(await Promise.all([1, 2, 3, 4].map(() => pool.run('async', [10])))).toEqual(
      Array.from({ length: 4 }, () => [20, true, true]),
    );
    expect(await pool.run('asyncMixed', [30])).toBe(40);
    expect(strays).toEqual([]);
    await expectNothingKept(pool);
  });

  it('are let go of when they are not awaited', async () => {
    const { pool } = await forksOf(NESTED, workers);
    for (let i = 0; i < 5; i++)
      expect(await rejection(pool.run('asyncLeaves', [6]))).toMatchObject({ code: 'ERR_NOT_JOINED' });
    await expectNothingKept(pool);
    await expectNothingLeft(pool);
  });
});

describe('a thread that', () => {
  it('was started after the memory was told of gives the child back, and is told', async () => {
    const { pool, crashes } = await startForks(NESTED);
    const told = sharedWords(8);
    const result = pool.run('late', [told]);
    await until('the child is lost', () => told[1] === 1);
    await until('the successor is there', () =>
      pool.stats().workers.every(({ state }) => state === 'idle' || state === 'busy'),
    );
    Atomics.store(told, 2, 1);
    expect(await result).toEqual(['ERR_WORKER_CRASHED', true, 8, true]);
    expect(crashes).toHaveLength(1);
    await expectNothingLeft(pool);
  });

  it.each([10, 3 << 20])('has lent a result and died leaves it (%i bytes)', async (bytes) => {
    const { pool, crashes } = await startForks(NESTED);
    const told = sharedWords(8);
    const result = pool.run('readsOfDead', [told, bytes]);
    await until('the thread has died', () => crashes.length === 1);
    Atomics.store(told, 1, 1);
    expect(await result).toEqual([[6, 1], bytes]);
    await expectNothingLeft(pool);
  });

  it('has told of an argument and died leaves that to its children', async () => {
    const { pool } = await startForks(NESTED, { graceMs: 20_000 });
    const view = sharedWords(8);
    const error = await rejection(pool.run('rootEnds', [{ view }]));
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: true });
    await until('the child has stopped', () => view[2] === 1);
    expect(view[1]).toBeGreaterThan(0);
    await expectNothingLeft(pool);
  });

  it('is ended from outside at any moment loses nothing', async () => {
    const { pool } = await startForks(NESTED, { workers: 3 });
    for (let round = 0; round < 4; round++) {
      const expected = await pool.run('plainForest', [4, round]);
      const box = { shared: sharedWords(32) };
      const tasks = Array.from({ length: 6 }, () =>
        pool.run('runForest', [4, round, box], { idempotent: true }),
      );
      const settled = Promise.allSettled(tasks);
      for (let spins = Math.random() * 1e6; spins > 0; spins--);
      await [...threads].at(-1 - (round % 3))?.terminate();
      for (const outcome of await settled) expect(outcome).toEqual({ status: 'fulfilled', value: expected });
      await expectNothingLeft(pool);
    }
  });
});
