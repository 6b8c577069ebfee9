// A worker loads the codec when something first needs it: whatever that is, it is done as at any later time.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { Copy } from './copies.ts';
import { rejection, startPool } from './pools.ts';

const ONE = { workers: 1 } as const;

describe('the first task of a worker', () => {
  it('may have arguments that are encoded', async () => {
    const pool = await startPool(ONE);
    expect(await pool.run('all', [{ a: [1] }, 'text'])).toEqual([{ a: [1] }, 'text']);
  });

  it('may have a result that is encoded', async () => {
    const pool = await startPool(ONE);
    expect(await pool.run('all', [1, true, null])).toEqual([1, true, null]);
  });

  it('may be source text, also with something to transfer', async () => {
    expect(await (await startPool(ONE)).exec((n: number) => n + 1, [1])).toBe(2);
    const bytes = new Uint8Array(3);
    const moved = (await startPool(ONE)).exec((sent: Uint8Array) => sent.length, [bytes], {
      transfer: [bytes.buffer],
    });
    expect(await moved).toBe(3);
  });

  it('may move its arguments', async () => {
    const pool = await startPool(ONE);
    const bytes = new Uint8Array([1, 2]);
    expect(await pool.run('id', [bytes], { transfer: [bytes.buffer] })).toEqual(new Uint8Array([1, 2]));
  });

  it('may throw, or reject', async () => {
    for (const concurrency of [1, 8]) {
      const pool = await startPool({ ...ONE, concurrency });
      const [thrown, rejected, missing] = await Promise.all([
        rejection(pool.run('throwUndefined')),
        rejection(pool.exec(async () => Promise.reject(new RangeError('far')))),
        rejection(pool.exec(() => (undefined as unknown as { a: number }).a)),
      ]);
      expect(thrown['code']).toBe('ERR_TASK_THREW_NON_ERROR');
      expect([rejected.name, missing.name]).toEqual(['RangeError', 'TypeError']);
    }
  });

  it('may be one of many of every kind, in their order', async () => {
    for (const concurrency of [1, 2, 64]) {
      const pool = await startPool({ ...ONE, concurrency });
      const results = Array.from({ length: 60 }, (_, i) =>
        [
          () => pool.run('add', [i, 1]),
          () => pool.run('all', [i, 1]),
          () => pool.run('asyncId', [{ i }]),
          () => pool.run('asyncId', [i]),
          () => pool.run('id', [`${i}`]),
        ][i % 5]!(),
      );
      expect(await Promise.all(results)).toEqual(
        Array.from({ length: 60 }, (_, i) => [i + 1, [i, 1], { i }, i, `${i}`][i % 5]),
      );
    }
  });

  it('may be what ends the thread while another waits for the codec', async () => {
    const pool = await startPool({ ...ONE, concurrency: 4 });
    const results = await Promise.allSettled([
      pool.run('all', [1, 2]),
      pool.exec(() => process.exit(3)),
      pool.run('id', ['text']),
    ]);
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'ERR_WORKER_CRASHED' } });
    expect(results[2]).toEqual({ status: 'fulfilled', value: 'text' });
  });

  it('counts as busy time', async () => {
    const pool = await startPool(ONE);
    await pool.exec(
      (ms: number) => {
        const end = performance.now() + ms;
        while (performance.now() < end);
      },
      [30],
    );
    await until('the time is written down', () => pool.stats().workers[0]!.busyMs >= 30);
  });

  it('is answered when the pool closes at once', async () => {
    const pool = await startPool();
    const results = [pool.run('all', [1]), pool.run('id', ['a']), pool.run('add', [1, 2])];
    const report = await pool.close();
    expect(await Promise.all(results)).toEqual([[1], 'a', 3]);
    expect(report.stuck).toBe(0);
  });
});

it('a worker that was idle for a while takes tasks as before', async () => {
  const pool = await startPool();
  // Around the moment at which idle workers load the codec.
  for (const pause of [30, 20, 2, 5, 20, 50]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    expect(await pool.run('add', [1, 2])).toBe(3);
    expect(await Promise.all([1, 2, 3, 4].map((n) => pool.run('add', [n, 2])))).toEqual([3, 4, 5, 6]);
  }
  expect(await pool.run('all', [1])).toEqual([1]);
});

describe('while the codec is being loaded', () => {
  let copy: Copy;
  beforeEach(() => {
    copy = new Copy();
  });
  afterEach(() => copy.remove());

  it.each([
    ['encoded arguments', 'id', ['text']],
    ['an encoded result', 'all', [1, 2]],
  ] as const)('a task with %s may be cancelled, or run out of time', async (_, name, args) => {
    const load = copy.delayCodec();
    const pool = await startPool({ ...ONE, workerUrl: copy.workerUrl });
    const controller = new AbortController();
    const cancelled = rejection(pool.run(name, [...args], { signal: controller.signal }));
    const late = rejection(pool.run(name, [...args], { deadline: 20 }));
    const kept = pool.run(name, [...args]);
    expect((await late)['code']).toBe('ERR_DEADLINE');
    controller.abort();
    expect((await cancelled).name).toBe('AbortError');
    load();
    expect(await kept).toEqual(name === 'id' ? 'text' : args);
    expect(pool.stats().workers[0]!.restarts).toBe(0);
  });

  it('tasks that do not need it run, and those that do run when it is there', async () => {
    const load = copy.delayCodec();
    const tasks = new URL('./fixtures/no-forks.mjs', import.meta.url);
    const pool = await startPool({ tasks, workers: 2, concurrency: 8, workerUrl: copy.workerUrl });
    const results = Promise.all([
      pool.run('all', [1]),
      pool.run('all', [2]),
      pool.run('asyncId', [{ a: 1 }]),
    ]);
    expect(await pool.run('add', [1, 2])).toBe(3);
    load();
    expect(await results).toEqual([[1], [2], { a: 1 }]);
  });
});
