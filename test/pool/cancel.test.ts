import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { gate, rejection, startPool } from './pools.ts';

describe('cancelling by a signal', () => {
  it('a task that waits never runs, wherever it waits', async () => {
    const pool = await startPool({ workers: 1 });
    const held = await gate(pool);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = { why: 'enough' };
    // In shared memory, in the backlog, in a line for the worker, in a line for the ports.
    const words = new Int32Array(new SharedArrayBuffer(4));
    const waiting = [
      ...Array.from({ length: 6000 }, (_, i) => pool.run('mark', [i], { signal })),
      ...Array.from({ length: 700 }, (_, i) => pool.run('mark', [i], { signal, affinity: 0 })),
      ...Array.from({ length: 5 }, () => pool.run('increment', [words], { signal })),
      pool.run('mark', ['text'], { signal }),
    ];
    controller.abort(reason);
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.every((o) => o.status === 'rejected' && o.reason === reason)).toBe(true);
    held.open();
    await held.task;
    expect(await pool.run('marks')).toEqual([]);
    expect(words[0]).toBe(0);
    expect(pool.stats()).toMatchObject({ pending: 0, cancelled: waiting.length });
    expect(pool.stats().memory.payloadBytes).toBe(0);
  });

  it('leaves the other tasks alone', async () => {
    const pool = await startPool({ workers: 1 });
    const held = await gate(pool);
    const controller = new AbortController();
    const all = Array.from({ length: 12_000 }, (_, i) =>
      pool.run('mark', [i], i % 2 === 0 ? { signal: controller.signal } : {}),
    );
    controller.abort();
    held.open();
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.every((o, i) => o.status === (i % 2 === 0 ? 'rejected' : 'fulfilled'))).toBe(true);
    const marks = (await pool.run('marks')) as number[];
    expect(marks.sort((a, b) => a - b)).toEqual(Array.from({ length: 6000 }, (_, i) => 2 * i + 1));
  });

  it('room that cancelled tasks leave is used again', async () => {
    const pool = await startPool({ workers: 1 });
    for (let round = 0; round < 10; round++) {
      const held = await gate(pool);
      for (let flood = 0; flood < 3; flood++) {
        const controller = new AbortController();
        const { signal } = controller;
        const options = round % 2 === 0 ? { signal } : { signal, affinity: 0 };
        const waiting = Array.from({ length: 5000 }, () => pool.run('mark', [1], options));
        controller.abort();
        await Promise.allSettled(waiting);
      }
      const last = pool.run('mark', [`last ${round}`], round % 2 === 0 ? {} : { affinity: 0 });
      held.open();
      expect(await last).toBe(`last ${round}`);
    }
  });

  it('one listener for a signal, not for a task, and none when all is over', async () => {
    const pool = await startPool();
    const { signal } = new AbortController();
    const running = Array.from({ length: 500 }, (_, i) => pool.run('add', [i, 1], { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(running);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await pool.run('add', [1, 1], { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('an aborted signal rejects with its reason, and nothing is queued', async () => {
    const pool = await startPool({ workers: 1 });
    const bytes = new ArrayBuffer(4);
    const error = await rejection(
      pool.run('id', [bytes], { signal: AbortSignal.abort(new Error('before')), transfer: [bytes] }),
    );
    expect(error.message).toBe('before');
    expect(bytes.byteLength).toBe(4);
    expect(pool.stats().submitted).toBe(0);
  });

  it('a running synchronous task sees it, and the worker is kept', async () => {
    const pool = await startPool({ workers: 1 });
    const controller = new AbortController();
    const running = pool.run('spinUntilCancelled', [], { signal: controller.signal });
    await until('it runs', () => pool.stats().workers[0]!.state === 'busy');
    controller.abort();
    expect((await rejection(running)).name).toBe('AbortError');
    expect(await pool.run('add', [1, 1])).toBe(2);
    expect(pool.stats().crashes).toBe(0);
  });

  it('a running async task is let go at once', async () => {
    const pool = await startPool({ workers: 1, concurrency: 1 });
    const controller = new AbortController();
    const words = new Int32Array(new SharedArrayBuffer(8));
    const running = pool.run('holdAsync', [words], { signal: controller.signal });
    await until('it runs', () => words[0] === 1);
    const behind = pool.run('add', [1, 1]);
    controller.abort();
    expect((await rejection(running)).name).toBe('AbortError');
    // It never ends, and holds the only place.
    expect(await behind).toBe(2);
    expect(pool.stats().crashes).toBe(0);
  });

  it('fires the signal inside the task', async () => {
    const pool = await startPool({ workers: 1 });
    const controller = new AbortController();
    const seen = new Int32Array(new SharedArrayBuffer(8));
    const running = pool.run('recordAbort', [seen], { signal: controller.signal });
    await until('it runs', () => seen[0] === 1);
    controller.abort();
    await rejection(running);
    await until('the task saw it', () => seen[1] === 1);
  });

  it('a task that has ended wins', async () => {
    const pool = await startPool();
    for (let i = 0; i < 200; i++) {
      const controller = new AbortController();
      const running = pool.run('add', [i, 1], { signal: controller.signal });
      if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.abort('late');
      const [outcome] = await Promise.allSettled([running]);
      expect(outcome.status === 'fulfilled' ? outcome.value : outcome.reason).toBe(
        outcome.status === 'fulfilled' ? i + 1 : 'late',
      );
    }
    await until('nothing is left', () => pool.stats().pending === 0);
    const { submitted, completed, cancelled, failed } = pool.stats();
    expect(completed + cancelled + failed).toBe(submitted);
  });
});

describe('limits', () => {
  it('a timeout counts running time: waiting does not use it up', async () => {
    const pool = await startPool({ workers: 1 });
    const held = await gate(pool);
    const waiting = pool.run('add', [1, 2], { timeout: 40 });
    let settled = false;
    void waiting.finally(() => {
      settled = true;
    });
    const over = performance.now() + 150;
    await until('more time has passed than the task may run', () => performance.now() > over);
    expect(settled).toBe(false);
    held.open();
    expect(await waiting).toBe(3);
  });

  it('a deadline counts from submission', async () => {
    const pool = await startPool({ workers: 1 });
    const held = await gate(pool);
    const error = await rejection(pool.run('mark', ['late'], { deadline: 30 }));
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'ERR_DEADLINE', limit: 30, started: false });
    held.open();
    expect(await pool.run('marks')).toEqual([]);
  });

  it('functions have limits of their own, which the caller can change', async () => {
    const pool = await startPool({ workers: 1 });
    const timedOut = await rejection(pool.run('limited', [60_000]));
    expect(timedOut).toMatchObject({ code: 'ERR_TIMEOUT', limit: 50, started: true });
    expect(await rejection(pool.run('dueSoon', [60_000]))).toMatchObject({ code: 'ERR_DEADLINE', limit: 50 });
    expect(await pool.run('limited', [60], { timeout: 60_000 })).toBeUndefined();
    expect(pool.stats().crashes).toBe(0);
  });
});
