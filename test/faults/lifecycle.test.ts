// Ends of a pool, rows 65-72 of docs/faults.md.
import { describe, expect, it } from 'vitest';
import { createPool, type Pool } from '../../dist/src/index.js';
import { until } from '../process/harness/until.ts';
import { failure, fixture, inLab, outcome, TASKS, threads } from './lab.ts';

const open = (options: object = {}): Promise<Pool> =>
  createPool({
    tasks: TASKS,
    workers: 2,
    graceMs: 100,
    env: { ...(process.env as Record<string, string>), JOURNAL: '/dev/null' },
    ...options,
  });

describe('memory', () => {
  it('row 65: more results than the rings hold, while the main thread is blocked', () =>
    inLab({ workers: 2 }, async ({ pool }) => {
      const texts = Array.from({ length: 6000 }, (_, i) => pool.run('text', [1000 + (i % 7), 'é']));
      const numbers = Array.from({ length: 20_000 }, (_, i) => pool.run('add', [i, 1]));
      for (const end = performance.now() + 300; performance.now() < end; );
      for (const [i, text] of (await Promise.all(texts)).entries()) {
        if (text !== 'é'.repeat(1000 + (i % 7))) expect(text).toBe('é'.repeat(1000 + (i % 7)));
      }
      expect((await Promise.all(numbers)).every((value, i) => value === i + 1)).toBe(true);
    }));

  it('row 67: 64-bit values arrive whole', () =>
    inLab({ workers: 2 }, async ({ pool }) => {
      const values = Array.from({ length: 20_000 }, (_, i) =>
        i % 100 === 0
          ? [Number.NaN, -0, Number.POSITIVE_INFINITY, 5e-324][(i / 100) % 4]!
          : Math.random() * 2 ** (i % 1000),
      );
      const back = await Promise.all(values.map((value) => pool.run('echo', [value])));
      expect(back.every((value, i) => Object.is(value, values[i]))).toBe(true);
    }));
});

describe('close', () => {
  it('row 68: finishes what was accepted, then ends the threads; resolves once', async () => {
    const before = threads.size;
    const pool = await open({ workers: 1 });
    const running = pool.run('later', ['async', 50]);
    const queued = Array.from({ length: 5000 }, (_, i) => pool.run('add', [i, 1]));
    const encoded = Array.from({ length: 500 }, (_, i) => pool.run('echo', [{ i }], { affinity: 0 }));
    const report = pool.close();
    expect(await running).toBe('async');
    expect((await Promise.all(queued)).every((value, i) => value === i + 1)).toBe(true);
    expect(await Promise.all(encoded)).toHaveLength(500);
    expect(await report).toEqual({ completed: 5501, cancelled: 0, stuck: 0 });
    await until('no thread is left', () => threads.size <= before);
  });

  it('row 68: waits for a worker that is being replaced', async () => {
    const pool = await open({ workers: 1 });
    const crash = failure(pool.run('reallyExit', [1]));
    const queued = pool.run('add', [1, 1]);
    const report = pool.close();
    expect(await crash).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
    expect(await queued).toBe(2);
    expect(await report).toMatchObject({ completed: 1, stuck: 0 });
  });

  it('row 69: after its timeout the rest rejects', async () => {
    const before = threads.size;
    const pool = await open();
    const endless = [
      // First in their worker's own inbox, so that nothing comes before them.
      pool.run('spin', ['s'], { affinity: 0 }),
      pool.run('spin', ['s'], { affinity: 1 }),
      pool.run('never', ['n'], { affinity: 0 }),
      ...Array.from({ length: 6000 }, (_, i) => pool.run('add', [i, 1])),
      pool.run('echo', [{ a: 1 }], { affinity: 1 }),
      pool.run('echo', [{ a: 1 }], { priority: 'low', signal: new AbortController().signal }),
    ].map(outcome);
    const report = pool.close({ timeout: 100 });
    const results = await Promise.all(endless);
    for (const result of [...results.slice(0, 3), ...results.slice(-2)]) {
      expect(result).toMatchObject({ error: { code: 'ERR_CLOSED' } });
    }
    const { completed, cancelled, stuck } = await report;
    expect({ sum: completed + cancelled, stuck }).toEqual({ sum: endless.length, stuck: 0 });
    expect(pool.stats().pending).toBe(0);
    await until('no thread is left', () => threads.size <= before);
  });

  it('row 70: terminate ends queued and running tasks', async () => {
    const before = threads.size;
    const pool = await open();
    const tasks = [
      pool.run('spin', ['s']),
      pool.run('never', ['n'], { timeout: 5_000 }),
      ...Array.from({ length: 6000 }, (_, i) => pool.run('echo', [{ i }])),
    ].map(failureOrValue);
    const report = await pool.terminate();
    const results = await Promise.all(tasks);
    expect(results.slice(0, 2)).toEqual(['ERR_TERMINATED', 'ERR_TERMINATED']);
    expect(results.slice(2).every((r) => r === 'ERR_TERMINATED' || typeof r === 'object')).toBe(true);
    expect(report.stuck).toBe(0);
    expect(pool.stats().pending).toBe(0);
    await until('no thread is left', () => threads.size <= before);
  });

  it('row 71: close and terminate, in any order and number, end the same pool', async () => {
    const before = threads.size;
    for (const calls of [
      ['close', 'close'],
      ['close', 'terminate'],
      ['terminate', 'close'],
      ['terminate', 'terminate'],
      ['close', 'terminate', 'close', 'terminate'],
    ] as const) {
      const pool = await open();
      const spin = failureOrValue(pool.run('spin', ['s']));
      const promises = calls.map((call) =>
        pool[call](call === 'close' ? { timeout: 30_000 } : (undefined as never)),
      );
      if (!calls.includes('terminate' as never)) await pool.terminate();
      for (const report of await Promise.all(promises)) expect(report.stuck).toBe(0);
      expect(await spin).toBe('ERR_TERMINATED');
      expect(pool.close()).toBeInstanceOf(Promise);
      await pool.close();
      await until('no thread is left', () => threads.size <= before);
    }
  });

  it('row 71: from the callback of a task', async () => {
    const pool = await open();
    const ended = pool.run('add', [1, 1]).then(() => pool.terminate());
    const others = Array.from({ length: 2000 }, (_, i) => failureOrValue(pool.run('add', [i, 0])));
    await ended;
    for (const [i, result] of (await Promise.all(others)).entries()) {
      expect(result === i || result === 'ERR_TERMINATED').toBe(true);
    }
  });

  it('row 72: a start that fails leaves no thread; a pool is only given out when it is ready', async () => {
    const before = threads.size;
    const error = await failure(createPool({ tasks: [TASKS, fixture('broken/throws.mjs')], workers: 4 }));
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    await until('no thread is left', () => threads.size <= before);
    const pool = await open();
    expect(pool.stats().workers.every(({ state }) => state !== 'starting' && state !== 'down')).toBe(true);
    await pool.close();
    await until('no thread is left', () => threads.size <= before);
  });
});

async function failureOrValue(promise: Promise<unknown>): Promise<unknown> {
  const result = await outcome(promise);
  return 'value' in result ? result.value : (result.error as { code: string }).code;
}
