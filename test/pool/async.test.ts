import { createConnection } from 'node:net';
import type { Pool } from 'millrace';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { rejection, startPool } from './pools.ts';

describe('async tasks', () => {
  it('go on side by side on one worker, `concurrency` of them', async () => {
    for (const concurrency of [1, 3, 64]) {
      const pool = await startPool({ workers: 1, concurrency });
      await Promise.all(Array.from({ length: 200 }, () => pool.run('overlap', [concurrency])));
      expect(await pool.run('mostOverlap')).toBe(concurrency);
    }
  });

  describe('whose values only a port can carry', () => {
    const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

    it('go on side by side too, as many as allowed', async () => {
      const pool = await startPool({ workers: 1, concurrency: 16 });
      const met = words();
      await Promise.all(Array.from({ length: 16 }, () => pool.run('meet', [met, 16])));
    });

    it('go to a worker that has nothing to do, not to one that runs a task', async () => {
      const pool = await startPool({ workers: 2 });
      const counter = words();
      let behind = 0;
      for (let round = 0; round < 12; round++) {
        const running = new AbortController();
        const spins = rejection(pool.run('spinUntilCancelled', [], { signal: running.signal }));
        for (let i = 0; i < 4; i++) {
          await pool.run('add', [i, 1]);
          await pool.run('increment', [counter], { deadline: 3_000 }).catch(() => behind++);
        }
        running.abort();
        await spins;
      }
      // Between the claim of a task and its first line a worker shows nothing of it, for as long as it has no core.
      expect(behind).toBeLessThanOrEqual(2);
      expect(counter[0]).toBe(48 - behind);
    });

    it('go on beside others that were sent to the same worker', async () => {
      const pool = await startPool({ workers: 1 });
      const met = words();
      const others = new AbortController();
      const { signal } = others;
      const asleep = Array.from({ length: 4 }, () =>
        rejection(pool.run('sleep', [60_000], { affinity: 0, signal })),
      );
      await Promise.all(Array.from({ length: 4 }, () => pool.run('meet', [met, 4])));
      others.abort();
      await Promise.all(asleep);
    });

    it('are not sent to a worker that has as many as it may while another has room', async () => {
      const pool = await startPool({ workers: 2, concurrency: 4 });
      for (let round = 0; round < 20; round++) {
        // Short ones, after which workers are sent more at a time.
        await Promise.all(Array.from({ length: 50 }, () => pool.run('add', [round, 1])));
        const met = words();
        await Promise.all(Array.from({ length: 8 }, () => pool.run('meet', [met, 8])));
      }
    });
  });

  it('synchronous ones run among them', async () => {
    const pool = await startPool({ workers: 1, concurrency: 4 });
    const slow = Promise.all(Array.from({ length: 3 }, () => pool.run('sleep', [100])));
    let done = false;
    void slow.then(() => {
      done = true;
    });
    for (let i = 0; i < 100 && !done; i++) expect(await pool.run('add', [i, 1])).toBe(i + 1);
    await slow;
  });

  it('end while synchronous ones keep the worker busy', async () => {
    const pool = await startPool({ workers: 1 });
    let over = false;
    const flood = async (): Promise<number> => {
      let n = 0;
      for (; !over; n++) await pool.run('work', [1]);
      return n;
    };
    // There is always another synchronous task waiting.
    const floods = Array.from({ length: 8 }, flood);
    for (let i = 0; i < 5; i++) await pool.run('sleep', [5]);
    over = true;
    await Promise.all(floods);
  });

  it('keep their context across an await', async () => {
    const pool = await startPool({ workers: 2 });
    const seen = await Promise.all(
      Array.from({ length: 100 }, (_, i) => pool.run('contextAfterAwait', [], { affinity: i % 2 })),
    );
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i % 2));
    expect(await Promise.all([1, 2, 3].map((n) => pool.run('stored', [n])))).toEqual([1, 2, 3]);
  });

  it('keep it also when their source was sent', async () => {
    const pool = await startPool({ workers: 2 });
    // As text: Vite rewrites imports.
    const ask = new Function(`return async () => {
      const { context } = await import('millrace/worker');
      const first = context().worker;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return [first, context().worker];
    }`)() as () => Promise<number[]>;
    for (const affinity of [0, 1, 0])
      expect(await pool.exec(ask, [], { affinity })).toEqual([affinity, affinity]);
  });

  it('one that is not written `async` has it until it returns', async () => {
    const pool = await startPool({ workers: 1 });
    expect(await pool.run('wrappedContext')).toBe('0 ERR_NO_CONTEXT');
  });

  it('one that goes on after it was cancelled keeps it', async () => {
    const pool = await startPool({ workers: 1 });
    const words = new Int32Array(new SharedArrayBuffer(8));
    const running = new AbortController();
    const ends = rejection(pool.run('contextWhenLetGo', [words], { signal: running.signal }));
    await Atomics.waitAsync(words, 1, 0).value;
    running.abort();
    await ends;
    await Atomics.waitAsync(words, 0, 0).value;
    expect(words[0]).toBe(1);
  });

  it('a stray callback has none', async () => {
    const pool = await startPool({ workers: 1 });
    const words = new Int32Array(new SharedArrayBuffer(4));
    await pool.run('contextTooLate', [words]);
    await Atomics.waitAsync(words, 0, 0).value;
    expect(words[0]).toBe(2);
    expect(await pool.run('contextOutside')).toBe('ERR_NO_CONTEXT');
  });
});

describe('async tasks that keep their thread after an await', () => {
  const ROUNDS = 40;

  async function meetingPool(): Promise<Pool> {
    const pool = await startPool({ tasks: new URL('fixtures/meeting.mjs', import.meta.url) });
    const words = new Int32Array(new SharedArrayBuffer(4));
    for (const affinity of [0, 1]) await pool.run('meetIn', [words], { affinity });
    return pool;
  }

  for (const awaits of [0, 1, 3, 20]) {
    it(`run beside each other, after ${awaits} awaits`, async () => {
      const pool = await meetingPool();
      for (let round = 1; round <= ROUNDS; round++) {
        const all = 2 * round;
        await Promise.all([pool.run('meetAfter', [awaits, all]), pool.run('meetAfter', [awaits, all])]);
      }
    });
  }

  it('run beside each other when many that wait for the event loop were there before', async () => {
    const pool = await meetingPool();
    for (let round = 1; round <= ROUNDS; round++) {
      await Promise.all(Array.from({ length: 300 }, () => pool.run('later', [])));
      await until('both sleep', () => pool.stats().workers.every(({ state }) => state === 'idle'));
      const all = 2 * round;
      await Promise.all([pool.run('meetAfter', [1, all]), pool.run('meetAfter', [1, all])]);
    }
  });

  it('run beside each other as children', async () => {
    const pool = await meetingPool();
    for (let round = 1; round <= ROUNDS; round++) await pool.run('childrenMeet', [1, 2 * round]);
  });

  it('run beside each other as items of `map`', async () => {
    const pool = await meetingPool();
    for (let round = 1; round <= ROUNDS; round++) {
      let items = 0;
      for await (const _ of pool.map('meet', [2 * round, 2 * round])) items++;
      expect(items).toBe(2);
    }
  });
});

describe('async tasks that wait, and keep their thread then', () => {
  it('are not all begun by the worker that is there first', async () => {
    const pool = await startPool({ tasks: new URL('fixtures/meeting.mjs', import.meta.url) });
    const words = new Int32Array(new SharedArrayBuffer(12));
    for (const affinity of [0, 1]) await pool.run('meetIn', [words], { affinity });
    for (let round = 1; round <= 4; round++) {
      for (let i = 0; i < 8; i++) await pool.run('waitThenKeep', [1, 20], { affinity: 0 });
      const held = pool.run('hold', [round], { affinity: 1 });
      await until('the other is held', () => words[2] === round);
      words[1] = 0;
      const tasks = Array.from({ length: 64 }, () => pool.run('waitThenKeep', [100, 1]));
      await until('one has begun', () => words[1] !== 0);
      Atomics.store(words, 0, round);
      Atomics.notify(words, 0);
      await held;
      expect((await Promise.all(tasks)).filter((worker) => worker === 1)).not.toHaveLength(0);
    }
  });

  it('wait beside each other all the same, as many as allowed', async () => {
    const tasks = new URL('fixtures/meeting.mjs', import.meta.url);
    const pool = await startPool({ tasks, workers: 1, concurrency: 16 });
    await pool.run('meetIn', [new Int32Array(new SharedArrayBuffer(12))]);
    for (let round = 1; round <= 3; round++) {
      await pool.run('waitThenKeep', [1, 20]);
      await Promise.all(Array.from({ length: 16 }, () => pool.run('allBegin', [16 * round])));
    }
  });
});

describe('the event loop of an idle worker', () => {
  it('fires timers that tasks left behind', async () => {
    const pool = await startPool({ workers: 1 });
    for (let i = 1; i <= 5; i++) await pool.run('timerLater', [i * 10]);
    // Nothing is asked of the worker meanwhile that would turn its loop.
    await until('it is parked', () => pool.stats().workers[0]!.state === 'idle');
    const over = performance.now() + 200;
    await until('the timers are due', () => performance.now() > over);
    expect(await pool.run('fired')).toBe(5);
  });

  it('keeps the timers a module has started while loading', async () => {
    const tasks = new URL('./fixtures/ticking.mjs', import.meta.url);
    const pool = await startPool({ workers: 1, tasks });
    const words = new Int32Array(new SharedArrayBuffer(4));
    await pool.run('tickInto', [words]);
    await until('it ticks while the worker has nothing to do', () => words[0]! > 5);
  });

  it('serves sockets', async () => {
    const pool = await startPool({ workers: 1 });
    expect(await pool.run('echoOverSocket', ['hello'])).toBe('hello');
    const port = (await pool.run('serve')) as number;
    for (let i = 0; i < 3; i++) {
      const socket = createConnection(port, '127.0.0.1');
      const [data] = await new Promise<[string]>((resolve) =>
        socket.once('data', (d) => resolve([String(d)])),
      );
      expect(data).toBe('hello');
    }
    await pool.run('stopServing');
    await pool.run('add', [1, 1]);
    await until('it is parked', () => pool.stats().workers[0]!.state === 'idle');
  });
});

describe('functions marked with options', () => {
  it('are limited by them', async () => {
    const pool = await startPool({ workers: 1 });
    expect(await rejection(pool.tasks['limited']!(60_000))).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(await rejection(pool.run('dueSoon', [60_000]))).toMatchObject({ code: 'ERR_DEADLINE' });
  });
});

it('a promise that a sync task has left behind keeps its own worker only', async () => {
  const pool = await startPool({ workers: 2 });
  // So that the workers search: their tasks have been short and have come one after the other.
  for (let i = 0; i < 2_000; i++) await pool.run('add', [i, 1]);
  for (let round = 0; round < 100; round++) {
    const words = new Int32Array(new SharedArrayBuffer(8));
    await pool.run('leaveHolding', [words]);
    for (let i = 0; i < 200; i++) await pool.run('add', [i, 1]);
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    expect(Atomics.load(words, 1)).toBe(0);
  }
});

describe('a worker that an async task keeps, while it sleeps for the pool', () => {
  const others = {
    'that do nothing': [],
    'whose event loops are alive, too': [0, 1, 2],
  } as const;
  for (const [name, asleep] of Object.entries(others)) {
    for (const kept of [0, 1, 2]) {
      it(`keeps no task from others ${name}: worker ${kept} of three`, async () => {
        const pool = await startPool({ workers: 3 });
        const over = new AbortController();
        const sleeps = asleep.map((affinity) =>
          rejection(pool.run('sleep', [60_000], { affinity, signal: over.signal })),
        );
        for (let round = 0; round < 10; round++) {
          const words = new Int32Array(new SharedArrayBuffer(12));
          const holds = pool.run('holdLater', [words], { affinity: kept });
          await until('the worker is kept', () => Atomics.load(words, 2) === 1);
          if (round % 2 === 1) expect(pool.runSync('add', [1, 2])).toBe(3);
          for (let i = 0; i < 5; i++) expect(await pool.run('add', [i, 1])).toBe(i + 1);
          Atomics.store(words, 0, 1);
          Atomics.notify(words, 0);
          await holds;
          expect(Atomics.load(words, 1)).toBe(0);
        }
        over.abort();
        await Promise.all(sleeps);
      });
    }
  }
});
