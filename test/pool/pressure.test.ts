import { describe, expect, it } from 'vitest';
import { runToExit } from '../process/harness/child.ts';
import { until } from '../process/harness/until.ts';
import { gate, rejection, startPool, TASKS } from './pools.ts';

describe('maxQueue', () => {
  it('rejects what does not fit, says so once, and takes tasks again', async () => {
    const pool = await startPool({ workers: 1, maxQueue: 3 });
    let saturated = 0;
    pool.on('saturated', () => saturated++);
    const held = await gate(pool);
    const waiting = [1, 2, 3].map((n) => pool.run('id', [n]));
    for (const options of [undefined, { priority: 'critical' } as const]) {
      expect(await rejection(pool.run('id', [4], options))).toMatchObject({ code: 'ERR_QUEUE_FULL' });
    }
    expect(saturated).toBe(1);
    held.open();
    expect(await Promise.all(waiting)).toEqual([1, 2, 3]);
    await pool.drain();
    expect(await pool.run('id', [5])).toBe(5);
    expect(pool.stats()).toMatchObject({ submitted: 5, completed: 5 });
  });

  it('may be 0: a task for each worker and none to wait', async () => {
    const pool = await startPool({ workers: 2, maxQueue: 0 });
    const gates = await Promise.all([gate(pool), gate(pool)]);
    expect(await rejection(pool.run('id', [1]))).toMatchObject({ code: 'ERR_QUEUE_FULL' });
    for (const held of gates) held.open();
  });

  it('with `wait` tells producers by `room`', async () => {
    const pool = await startPool({ workers: 2, maxQueue: 10, whenFull: 'wait' });
    let highest = 0;
    const results: Promise<unknown>[] = [];
    for (let i = 0; i < 2000; i++) {
      await pool.room();
      results.push(pool.run('add', [i, 1]));
      highest = Math.max(highest, pool.stats().pending);
    }
    expect(await Promise.all(results)).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1));
    expect(highest).toBeLessThanOrEqual(12);
  });

  it('with `wait` accepts what comes all the same', async () => {
    const pool = await startPool({ workers: 1, maxQueue: 1, whenFull: 'wait' });
    let saturated = 0;
    pool.on('saturated', () => saturated++);
    const results = await Promise.all([1, 2, 3, 4, 5].map((n) => pool.run('id', [n])));
    expect(results).toEqual([1, 2, 3, 4, 5]);
    expect(saturated).toBe(1);
  });

  it('room opens when waiting tasks are cancelled, and when the pool ends', async () => {
    const pool = await startPool({ workers: 1, maxQueue: 1 });
    await pool.room();
    const held = await gate(pool);
    const controller = new AbortController();
    pool.run('id', [1], { signal: controller.signal }).catch(() => {});
    let open = false;
    const room = pool.room().then(() => {
      open = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(open).toBe(false);
    controller.abort();
    await room;
    pool.run('id', [1]).catch(() => {});
    const again = pool.room();
    const ended = pool.terminate();
    await again;
    await ended;
    await rejection(held.task);
  });
});

describe('a flood', () => {
  it.each([
    ['of thousands', 5000],
    ['of one task after the other', 1],
  ])('%s lets timers and I/O of the process go on', async (_, callers) => {
    const pool = await startPool();
    let ticks = 0;
    const interval = setInterval(() => ticks++, 1);
    let submitted = 0;
    let settled = 0;
    const end = performance.now() + 1000;
    // Always so many outstanding, each answered by another.
    const flood = async (): Promise<void> => {
      while (performance.now() < end) {
        submitted++;
        await pool.run('add', [1, 1]);
        settled++;
      }
    };
    await Promise.all(Array.from({ length: callers }, flood));
    clearInterval(interval);
    expect(settled).toBe(submitted);
    // Starved timers would have fired once or twice in this second.
    expect(ticks).toBeGreaterThan(20);
  });

  it.each([
    ['in shared memory', 1000, 200],
    ['in ports', 10_000, 60],
  ])('of results that take long to read, %s, is read in many turns', async (_, rows, n) => {
    const pool = await startPool();
    // Blocked below, the main thread could not help a worker to load what it needs.
    await Promise.all([0, 1].map((affinity) => pool.run('rows', [1], { affinity })));
    const executed = (): number => pool.stats().workers.reduce((sum, w) => sum + w.completed, 0);
    const from = executed();
    let settled = 0;
    for (let i = 0; i < n; i++) void pool.run('rows', [rows]).then(() => settled++);
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (executed() < from + n) Atomics.wait(pause, 0, 0, 1);
    let most = 0;
    while (settled < n) {
      const before = settled;
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, settled - before);
    }
    // Not how long a turn takes, but how much is done in it: by number alone it would be 128.
    expect(most).toBeLessThan(n / 4);
  });

  it('of results whose callers submit again gives the event loop its turns', async () => {
    // A clock that goes on by 1 µs each time it is read, so by as much as a result: what is done in a turn is counted.
    const { stdout } = await runToExit(`
      let clock = 0;
      performance.now = () => (clock += 0.001);
      const { createPool } = await import('millrace');
      const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 2 });
      await Promise.all([0, 1].map((affinity) => pool.run('id', ['text'], { affinity })));
      const executed = () => pool.stats().workers.reduce((sum, worker) => sum + worker.completed, 0);
      const from = executed();
      const callers = 4000;
      let settled = 0;
      for (let i = 0; i < callers; i++) (async () => {
        for (let round = 0; round < 4; round++) {
          await pool.run('id', ['text']);
          settled++;
        }
      })();
      const pause = new Int32Array(new SharedArrayBuffer(4));
      const turns = [];
      while (settled < 4 * callers) {
        // Everything that has a record has ended, so that it is not the workers who set the pace.
        while (executed() - from < settled + pool.stats().memory.records) Atomics.wait(pause, 0, 0, 1);
        const before = settled;
        await new Promise((resolve) => setImmediate(resolve));
        turns.push(settled - before);
      }
      // The first turn is that of the loop that submits.
      console.log(Math.max(...turns.slice(1)));
      await pool.close();`);
    // A turn of 1 ms, and what its callers' submissions settle; without a limit to that, one chain of all callers.
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThan(3000);
  });

  it('of waiting tasks is settled to the last one', async () => {
    const pool = await startPool({ workers: 8 });
    const n = 50_000;
    let sum = 0;
    let left = n;
    await new Promise<void>((resolve) => {
      for (let i = 0; i < n; i++) {
        void pool.run('add', [i, 0], i % 7 === 0 ? { priority: 'low' } : undefined).then((v) => {
          sum += v as number;
          if (--left === 0) resolve();
        });
      }
    });
    expect(sum).toBe((n * (n - 1)) / 2);
    expect(pool.stats()).toMatchObject({ pending: 0, completed: n, failed: 0 });
    const executed = pool.stats().workers.reduce((total, w) => total + w.completed, 0);
    expect(executed).toBe(n);
  });
});

describe('drain', () => {
  it('resolves after the results of all that was outstanding have been seen', async () => {
    const pool = await startPool();
    await pool.drain();
    for (let round = 0; round < 50; round++) {
      const seen: unknown[] = [];
      for (let i = 0; i < 3; i++) void pool.run('add', [i, 0]).then((v) => seen.push(v));
      void pool.run('fail', ['plain']).catch((error: Error) => seen.push(error.message));
      await pool.drain();
      expect(seen).toHaveLength(4);
    }
  });

  it('is announced by `drained`', async () => {
    const pool = await startPool();
    let drained = 0;
    pool.on('drained', () => drained++);
    await Promise.all(Array.from({ length: 100 }, () => pool.run('sleep', [1])));
    await until('drained', () => drained === 1);
    await pool.run('add', [1, 1]);
    await until('drained again', () => drained === 2);
  });

  it('a listener that throws is an uncaught error and nothing else', async () => {
    const pool = await startPool({ workers: 1, maxQueue: 0 });
    const uncaught: unknown[] = [];
    const listeners = process.rawListeners('uncaughtException') as ((error: Error) => void)[];
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error.message));
    try {
      pool.on('drained', () => {
        throw new Error('from drained');
      });
      pool.on('saturated', () => {
        throw new Error('from saturated');
      });
      const held = await gate(pool);
      expect(await rejection(pool.run('id', [1]))).toMatchObject({ code: 'ERR_QUEUE_FULL' });
      held.open();
      await held.task;
      await until('both were heard', () => uncaught.length === 2);
      expect(await pool.run('id', [2])).toBe(2);
      await until('drained again', () => uncaught.length === 4);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
    expect(uncaught).toEqual(['from saturated', 'from drained', 'from saturated', 'from drained']);
  });
});

describe('stats', () => {
  it('do not count an async task that has started as waiting', async () => {
    const pool = await startPool({ workers: 1, concurrency: 2 });
    const controller = new AbortController();
    const { signal } = controller;
    const never = (): Promise<unknown> => pool.exec(() => new Promise(() => {}), [], { signal });
    const all = Promise.allSettled([never(), never(), never()]);
    await until('two of three have started', () => pool.stats().waiting === 1);
    expect(pool.stats()).toMatchObject({ pending: 3, waiting: 1 });
    controller.abort();
    await all;
    expect(pool.stats()).toMatchObject({ pending: 0, waiting: 0 });
  });

  it('count every end once', async () => {
    const pool = await startPool({ workers: 2 });
    const controller = new AbortController();
    const held = await Promise.all([gate(pool), gate(pool)]);
    const all = [
      pool.run('add', [1, 1]),
      pool.run('fail', ['plain']),
      pool.run('add', [1, 1], { signal: controller.signal }),
    ];
    expect(pool.stats()).toMatchObject({ pending: 5, waiting: 3, submitted: 5, completed: 0 });
    controller.abort();
    for (const gate of held) gate.open();
    await Promise.allSettled(all);
    await pool.drain();
    expect(pool.stats()).toMatchObject({
      pending: 0,
      waiting: 0,
      submitted: 5,
      completed: 3,
      failed: 1,
      cancelled: 1,
      crashes: 0,
    });
    const { memory, workers } = pool.stats();
    expect(memory.bytes).toBeGreaterThan(0);
    expect(memory.bytes).toBeLessThanOrEqual(memory.limit);
    expect(workers.map((w) => w.worker)).toEqual([0, 1]);
    expect(workers.every((w) => w.restarts === 0 && w.busyMs >= 0 && w.queued === 0)).toBe(true);
  });
});

describe('saturated', () => {
  it('is told once when the queue has reached its length, and again after there was room', async () => {
    const pool = await startPool({ workers: 1, maxQueue: 2, concurrency: 1 });
    let told = 0;
    pool.on('saturated', () => told++);
    for (const round of [1, 2]) {
      const tasks = [1, 2].map(() => pool.run('sleep', [10]));
      expect(told).toBe(round - 1);
      tasks.push(pool.run('sleep', [10]));
      expect(told).toBe(round);
      expect(await rejection(pool.run('sleep', [10]))).toMatchObject({ code: 'ERR_QUEUE_FULL' });
      expect(told).toBe(round);
      await Promise.all(tasks);
    }
  });
});
