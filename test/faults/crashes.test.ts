// What becomes of tasks when threads die under them.
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { failure, inLab, outcome, threads } from './lab.ts';

/** Ends threads as nobody in the library expects. */
async function killThreads(): Promise<void> {
  await Promise.all([...threads].map((worker: Worker) => worker.terminate()));
}

describe('a thread that dies', () => {
  it('row 41: what was queued behind the task runs elsewhere, once', () =>
    inLab({ workers: 2 }, async ({ pool, journal }) => {
      const crash = failure(pool.run('exit', [1]));
      const beside = Array.from({ length: 300 }, (_, i) => pool.run('noted', [`n${i}`]));
      expect(await Promise.all(beside)).toEqual(beside.map((_, i) => `n${i}`));
      expect(await crash).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
      const runs = journal().filter((line) => line.startsWith('n'));
      expect(runs.length).toBe(300);
      expect(new Set(runs).size).toBe(300);
    }));

  it('row 41: what was bound to the dead worker runs on its successor', () =>
    inLab({ workers: 2 }, async ({ pool }) => {
      const crash = failure(pool.run('exit', [1], { affinity: 1 }));
      const shared = new Int32Array(new SharedArrayBuffer(4));
      const bound = Array.from({ length: 20 }, () => pool.run('where', [], { affinity: 1 }));
      // A SharedArrayBuffer travels through the worker's port.
      const ported = Array.from({ length: 20 }, () => pool.run('length', [shared]));
      expect(await crash).toMatchObject({ code: 'ERR_WORKER_CRASHED', worker: 1 });
      expect(await Promise.all(bound)).toEqual(bound.map(() => 1));
      expect(await Promise.all(ported)).toEqual(ported.map(() => 1));
    }));

  it('row 41: innocent async neighbours reject, with the cause', () =>
    inLab({ workers: 1 }, async ({ pool, noted }) => {
      const neighbour = failure(pool.run('never', ['n']));
      await noted('n');
      await failure(pool.run('exit', [4]));
      const error = await neighbour;
      expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: true });
      expect(error.cause).toMatchObject({ code: 'ERR_WORKER_EXITED' });
    }));

  it('row 41: an idempotent task runs again elsewhere', () =>
    inLab({ workers: 2 }, async ({ pool, journal }) => {
      expect(await pool.run('flaky', ['f', 2], { idempotent: true })).toBe(3);
      expect(journal()).toEqual(['f', 'f', 'f']);
    }));

  it('row 41: one that is not declared so never does', () =>
    inLab({ workers: 2 }, async ({ pool, journal }) => {
      expect(await failure(pool.run('flaky', ['f', 1]))).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
      expect(journal()).toEqual(['f']);
    }));

  it('row 41: one that ends every worker is not tried a fourth time', () =>
    inLab({ workers: 2 }, async ({ pool, journal, crashes }) => {
      const error = await failure(pool.run('exit', [5], { idempotent: true }));
      expect(error).toMatchObject({ code: 'ERR_POISONED', attempts: 3, started: true });
      expect(error.cause).toMatchObject({ code: 'ERR_WORKER_EXITED' });
      expect(journal()).toEqual(['exit', 'exit', 'exit']);
      expect(crashes).toHaveLength(3);
    }));

  it('row 41: nor is one that is bound to a worker, or that travels through a port', () =>
    inLab({ workers: 2 }, async ({ pool, crashes }) => {
      const bound = failure(pool.run('exit', [5], { idempotent: true, affinity: 1 }));
      expect(await bound).toMatchObject({ code: 'ERR_POISONED', attempts: 3 });
      expect(crashes).toHaveLength(3);
      const shared = new Int32Array(new SharedArrayBuffer(4));
      const ported = failure(pool.run('exit', [5, shared], { idempotent: true }));
      expect(await ported).toMatchObject({ code: 'ERR_POISONED', attempts: 3 });
      expect(crashes).toHaveLength(6);
    }));

  it('row 41: nor is one that something was moved with, which had started and says so', () =>
    inLab({ workers: 2 }, async ({ pool, journal, crashes }) => {
      for (const idempotent of [true, false]) {
        const bytes = new Uint8Array(4);
        const error = await failure(pool.run('exit', [5, bytes], { idempotent, transfer: [bytes.buffer] }));
        expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: true, attempts: 1 });
        expect(error.message).toMatch(/while it ran the task, and what had been transferred to it is lost/);
        expect(error.message).not.toContain('idempotent');
      }
      expect(journal()).toEqual(['exit', 'exit']);
      expect(crashes).toHaveLength(2);
    }));

  it('row 41: tasks that wait in a starting thread are not blamed for its deaths', () =>
    inLab({ workers: 1 }, async ({ pool, journal }) => {
      // Each thread takes them before it can read their arguments, and dies of the task that needs no reading.
      const innocent = Array.from({ length: 20 }, (_, i) => pool.run('noted', [`i${i}`]));
      const lethal = Array.from({ length: 5 }, () =>
        failure(pool.run('reallyExit', [0], { priority: 'critical' })),
      );
      for (const error of await Promise.all(lethal))
        expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
      for (const [i, result] of (await Promise.all(innocent.map(outcome))).entries()) {
        if ('value' in result) expect(result.value).toBe(`i${i}`);
        else expect(result.error).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
      }
      expect(new Set(journal()).size).toBe(journal().length);
    }));

  it('row 41: a thread killed from outside, at any moment', () =>
    inLab({ workers: 2 }, async ({ pool, crashes }) => {
      for (let round = 0; round < 4; round++) {
        const results = Array.from({ length: 400 }, (_, i) =>
          outcome(i % 2 ? pool.run('add', [i, 1]) : pool.run('echo', [{ i }], { idempotent: true })),
        );
        for (let spins = Math.random() * 1e6; spins > 0; spins--);
        await killThreads();
        for (const [i, result] of (await Promise.all(results)).entries()) {
          if ('value' in result) expect(result.value).toEqual(i % 2 ? i + 1 : { i });
          else {
            expect(i % 2).toBe(1);
            expect(result.error).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
          }
        }
        await until('both workers are back', () => pool.stats().workers.every((w) => w.state === 'idle'));
      }
      expect(crashes).toHaveLength(8);
    }));

  it('row 60: threads killed from outside while they start are replaced until one is left alone', () =>
    inLab({ workers: 2 }, async ({ pool, crashes }) => {
      let kills = 10;
      const kill = (worker: Worker): void => {
        if (kills-- > 0) void worker.terminate();
      };
      process.on('worker', kill);
      try {
        await killThreads();
        expect(await Promise.all([0, 1].map((affinity) => pool.run('where', [], { affinity })))).toEqual([
          0, 1,
        ]);
      } finally {
        process.off('worker', kill);
      }
      expect(kills).toBeLessThanOrEqual(0);
      expect(crashes).toHaveLength(12);
      expect(crashes.slice(2).map(({ error }) => (error.cause as { code: string }).code)).toEqual(
        new Array(10).fill('ERR_WORKER_EXITED'),
      );
    }));

  it('row 41: a listener that throws loses no task and no worker', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const uncaught: unknown[] = [];
      const before = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      const collect = (error: unknown): void => void uncaught.push(error);
      process.on('uncaughtException', collect);
      try {
        const fail = (): never => {
          throw new Error('listener');
        };
        pool.on('workerCrash', fail);
        pool.on('drained', fail);
        pool.on('strayError', fail);
        expect(await failure(pool.run('exit', [1]))).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
        expect(await pool.run('strayRejection', ['fine'])).toBe('fine');
        expect(await pool.run('add', [1, 1])).toBe(2);
        expect(await pool.run('add', [2, 2])).toBe(4);
        pool.off('workerCrash', fail).off('drained', fail).off('strayError', fail);
        expect(uncaught.length).toBeGreaterThanOrEqual(4);
      } finally {
        process.off('uncaughtException', collect);
        for (const listener of before) process.on('uncaughtException', listener as () => void);
      }
    }));
});
