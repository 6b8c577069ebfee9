// Threads that die with children on their stacks, or with parents.
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';
import { expectNothingLeft, onEach, sharedWords, startForks } from './forks.ts';

const CRASHES = 'crashes.mjs';
const MEMORY = { resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 } };

/** Threads of this process that have not exited, the newest last. */
const threads = new Set<Worker>();
process.on('worker', (worker: Worker) => {
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
});

describe.each([2, 3, 8])('a thread that dies with a stolen child, one of %i', (workers) => {
  it.each(['exit', 'memory'])('fails that child, and its parent may go on (%s)', async (how) => {
    const { pool, crashes } = await startForks(CRASHES, { workers, ...(how === 'memory' ? MEMORY : {}) });
    const words = sharedWords(8);
    const wrong = ['ERR_WORKER_CRASHED', 'WorkerError', true, true];
    expect(await pool.run('catches', [how, words])).toEqual([wrong, 144]);
    await expectNothingLeft(pool);
    expect(crashes).toHaveLength(1);
    expect(await Promise.all([1, 2, 3, 4].map(() => pool.run('fib', [14])))).toEqual([377, 377, 377, 377]);
    await expectNothingLeft(pool);
  });

  it('fails the task when nobody catches it', async () => {
    const { pool, crashes } = await startForks(CRASHES, { workers });
    const error = await rejection(pool.run('fails', ['exit', sharedWords(8)]));
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: true });
    expect(error.message).toMatch(/`lethal`.*`idempotent`/s);
    await expectNothingLeft(pool);
    expect(crashes).toHaveLength(1);
  });

  it('is made up for when the task is idempotent', async () => {
    const { pool, crashes } = await startForks(CRASHES, { workers });
    const task = pool.run('fails', ['exit', sharedWords(8)], { idempotent: true });
    expect(await task).toEqual(['again', 144]);
    const words = sharedWords(8);
    await onEach(pool, 'keep', [words]);
    const root = (await pool.run('where')) as number;
    const numeric = pool.run('failsNumeric', [root], { affinity: root, idempotent: true });
    // The successor has not been given the words, and is not needed.
    expect(await numeric).toEqual([7, 144]);
    await expectNothingLeft(pool);
    expect(crashes).toHaveLength(2);
  });

  it('by an error of a timer, when the child is over, harms no task', async () => {
    const { pool, strays } = await startForks(CRASHES, { workers });
    for (let i = 0; i < 3; i++) {
      expect(await pool.run('catches', ['timer', sharedWords(8)])).toEqual(['fine', 144]);
      await until('the error is known', () => strays.length > i);
      // A thread that starts while the task runs does not know its shared memory, and would give the child back.
      await expectNothingLeft(pool);
    }
    expect(await pool.run('fib', [14])).toBe(377);
  });
});

describe.each([2, 3])(
  'the thread of a task that dies while others run its children, one of %i',
  (workers) => {
    it.each(['exit', 'memory'])('fails the task, and its children are asked to stop (%s)', async (how) => {
      const { pool } = await startForks(CRASHES, {
        workers,
        graceMs: 20_000,
        ...(how === 'memory' ? MEMORY : {}),
      });
      const words = sharedWords(8);
      const error = await rejection(pool.run('rootEnds', [how, words]));
      expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: true });
      await until('the child has stopped', () => words[3] === 1);
      expect(await pool.run('fib', [14])).toBe(377);
      await expectNothingLeft(pool);
    });

    it('runs again when it is idempotent', async () => {
      const { pool } = await startForks(CRASHES, { workers, graceMs: 20_000 });
      const words = sharedWords(8);
      expect(await pool.run('rootEnds', ['exit', words], { idempotent: true })).toBe(144);
      await until('the child has stopped', () => words[3] === 1);
      await expectNothingLeft(pool);
    });

    it('kills the threads of children that do not stop', async () => {
      const { pool, crashes } = await startForks(CRASHES, { workers, graceMs: 50 });
      const words = sharedWords(8);
      expect(await rejection(pool.run('rootEndsHard', [words]))).toMatchObject({
        code: 'ERR_WORKER_CRASHED',
      });
      await until('both threads are gone', () => crashes.length === 2);
      await expectNothingLeft(pool);
      const after = words[2];
      expect(await pool.run('fib', [14])).toBe(377);
      expect(words[2]).toBe(after);
    });
  },
);

it('the children of orphans are asked to stop too', async () => {
  const { pool } = await startForks(CRASHES, { workers: 3, graceMs: 20_000 });
  const words = sharedWords(8);
  expect(await rejection(pool.run('rootEndsDeep', [words]))).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
  await until('the grandchild has stopped', () => words[3] === 1);
  await expectNothingLeft(pool);
});

it('shared memory of a dead thread is not taken for that of its successor', async () => {
  const { pool } = await startForks(CRASHES, { workers: 2 });
  const death = pool.run('sharesAndEnds', [sharedWords(8)], { affinity: 0 });
  expect(await rejection(death)).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
  expect(await pool.run('shares', [5, sharedWords(8)], { affinity: 0 })).toBe(5);
  expect(await pool.run('shares', [6, sharedWords(8)], { affinity: 1 })).toBe(6);
  await expectNothingLeft(pool);
});

it('orphans keep their records until they end, whatever the next thread does with the others', async () => {
  const { pool } = await startForks(CRASHES, { workers: 2, graceMs: 20_000 });
  const words = sharedWords(8);
  const death = pool.run('rootEnds', ['exit', words], { affinity: 0 });
  expect(await rejection(death)).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
  for (let i = 0; i < 20; i++) expect(await pool.run('fib', [12], { affinity: 0 })).toBe(144);
  await expectNothingLeft(pool);
});

it('a thread ended from outside at any moment loses nothing', async () => {
  const { pool } = await startForks(CRASHES, { workers: 3 });
  const shared = sharedWords(16);
  for (let round = 0; round < 5; round++) {
    const expected = (await pool.run('plainForest', [5, round])) as number;
    const tasks = Array.from({ length: 6 }, () =>
      pool.run('forest', [5, round, { name: 'f' }, shared], { idempotent: true }),
    );
    const settled = Promise.allSettled(tasks);
    for (let spins = Math.random() * 1e6; spins > 0; spins--);
    await [...threads].at(-1 - (round % 3))?.terminate();
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: 'fulfilled', value: { seed: expected, name: 'f' } });
    }
    await expectNothingLeft(pool);
  }
});
