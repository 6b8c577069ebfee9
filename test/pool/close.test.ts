import { readdirSync, readlinkSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { createPool } from 'millrace';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { gate, rejection, startPool, TASKS } from './pools.ts';

describe('close', () => {
  it('lets what was accepted finish, takes no more, and reports', async () => {
    const pool = await startPool();
    const accepted = Array.from({ length: 500 }, (_, i) => pool.run(i % 2 === 0 ? 'add' : 'sleep', [1, 1]));
    const closing = pool.close();
    expect(await rejection(pool.run('add', [1, 1]))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await closing).toEqual({ completed: 500, cancelled: 0, stuck: 0 });
    const outcomes = await Promise.allSettled(accepted);
    expect(outcomes.every((o) => o.status === 'fulfilled')).toBe(true);
  });

  it.runIf(process.platform === 'linux')('leaves no file open that a worker was importing', async () => {
    const open = (): string[] =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/self/fd/${fd}`)].filter((file) => file.includes('/dist/src/codec/'));
        } catch {
          return [];
        }
      });
    // A worker loads the codec when it has been idle for 25 ms: some of these are closed in the middle of that.
    for (let idle = 24; idle < 44; idle++) {
      const pool = await startPool({ workers: 2 });
      await pool.run('add', [1, 1]);
      await new Promise((resolve) => setTimeout(resolve, idle));
      await pool.close();
    }
    expect(open()).toEqual([]);
  });

  it('again gives the same report', async () => {
    const pool = await startPool({ workers: 1 });
    const first = pool.close();
    expect(pool.close()).toBe(first);
    const report = await first;
    expect(await pool.close()).toBe(report);
    expect(await pool.terminate()).toBe(report);
    expect(await rejection(pool.run('add', [1, 1]))).toMatchObject({ code: 'ERR_CLOSED' });
    await pool.drain();
    await pool.room();
  });

  it('with a timeout rejects what is late', async () => {
    const pool = await startPool({ workers: 1 });
    const held = await gate(pool);
    const waiting = pool.run('add', [1, 1]);
    const backlog = Array.from({ length: 6000 }, () => pool.run('add', [1, 1]));
    const outcomes = Promise.allSettled([held.task, waiting, ...backlog]);
    const report = await pool.close({ timeout: 20 });
    expect(report).toEqual({ completed: 0, cancelled: 6002, stuck: 0 });
    for (const o of await outcomes)
      expect(o).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLOSED' } });
  });

  it('with a timeout long enough is like one without', async () => {
    const pool = await startPool();
    const task = pool.run('sleep', [20]);
    expect(await pool.close({ timeout: 60_000 })).toEqual({ completed: 1, cancelled: 0, stuck: 0 });
    await task;
  });

  it('lets idle threads end by themselves: none is killed in its sleep', async () => {
    const codes: number[] = [];
    const watch = (worker: Worker): void => void worker.on('exit', (code) => codes.push(code));
    process.on('worker', watch);
    try {
      const pool = await startPool({ workers: 3 });
      // With the codec loaded a worker that is idle sleeps without end.
      await Promise.all([0, 1, 2].map((affinity) => pool.run('id', ['text'], { affinity })));
      await until('all are idle', () => pool.stats().workers.every(({ state }) => state === 'idle'));
      await pool.close();
    } finally {
      process.off('worker', watch);
    }
    expect(codes).toEqual([0, 0, 0]);
  });

  it('of `await using`', async () => {
    let running: Promise<unknown>;
    {
      await using pool = await createPool({ tasks: TASKS, workers: 1 });
      running = pool.run('sleep', [20]);
    }
    await running;
  });
});

describe('terminate', () => {
  it('ends what runs, what waits and the threads', async () => {
    const pool = await startPool();
    const words = new Int32Array(new SharedArrayBuffer(4));
    const tasks = [
      ...Array.from({ length: 5000 }, () => pool.run('work', [60_000])),
      pool.run('add', [1, 1], { affinity: 1, timeout: 50_000 }),
      pool.run('increment', [words]),
      pool.run('id', ['text'], { priority: 'low', signal: new AbortController().signal }),
    ];
    const outcomes = Promise.allSettled(tasks);
    const report = await pool.terminate();
    expect(report).toEqual({ completed: 0, cancelled: tasks.length, stuck: 0 });
    for (const o of await outcomes) {
      expect(o).toMatchObject({ status: 'rejected', reason: { code: 'ERR_TERMINATED' } });
    }
    expect(await rejection(pool.run('add', [1, 1]))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('cuts a close short', async () => {
    const pool = await startPool({ workers: 1 });
    const running = pool.run('work', [60_000]);
    const closing = pool.close();
    const outcome = rejection(running);
    const report = await pool.terminate();
    expect(report.cancelled).toBe(1);
    expect(await outcome).toMatchObject({ code: 'ERR_TERMINATED' });
    expect((await closing).cancelled).toBe(1);
  });
});
