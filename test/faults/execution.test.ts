// What task code can do wrong while it runs, rows 31-59 of docs/faults.md.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { failure, inLab, outcome } from './lab.ts';

describe('a task that throws', () => {
  it('row 31: an error keeps class, name, message, stack, cause, code and properties', () =>
    inLab({}, async ({ pool }) => {
      const error = await failure(pool.run('thrower', ['range']));
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'E_FAR', port: 7 });
      expect(error.cause).toBeInstanceOf(TypeError);
      expect(error.stack).toContain('tasks.mjs');
      expect(await failure(pool.run('thrower', ['custom']))).toMatchObject({
        name: 'TeapotError',
        message: 'short and stout',
      });
      const both = (await failure(pool.run('thrower', ['aggregate']))) as unknown as AggregateError;
      expect(both.errors.map((inner: Error) => inner.message)).toEqual(['one', 'two']);
      expect(both.errors[0]).toBeInstanceOf(TypeError);
    }));

  it.each(['undefined', 'string', 'symbol', 'function', 'proxy', 'object', 'revoked'])(
    'row 32: a thrown value that is no error is not lost: %s',
    (kind) =>
      inLab({ workers: 1 }, async ({ pool, crashes }) => {
        const sync = await failure(pool.run('thrower', [kind]));
        expect(sync).toMatchObject({ name: 'NonErrorThrown', code: 'ERR_TASK_THREW_NON_ERROR' });
        expect('thrown' in sync).toBe(true);
        if (kind === 'string') expect(sync['thrown']).toBe('text');
        if (kind === 'object') expect(sync['thrown']).toEqual({ a: 1 });
        expect(await failure(pool.run('rejecter', [kind]))).toMatchObject({ code: sync['code'] });
        expect(crashes).toEqual([]);
      }),
  );

  it.each(['cyclic', 'hostile', 'large'])('row 33: an error that is hard to send arrives: %s', (kind) =>
    inLab({ workers: 1 }, async ({ pool, crashes }) => {
      for (const fn of ['thrower', 'rejecter']) {
        const error = await failure(pool.run(fn, [kind]));
        expect(error).toBeInstanceOf(Error);
        if (kind === 'cyclic') expect(error.cause).toBeInstanceOf(Error);
        // Cut to a documented size.
        if (kind === 'large') expect(error.message.length).toBeLessThan(1024 * 1024);
      }
      expect(crashes).toEqual([]);
    }),
  );

  it('row 36: a rejection is as good as a throw, and leaves no unhandled rejection behind', () =>
    inLab({}, async ({ pool, strays }) => {
      const error = await failure(pool.run('rejecter', ['range']));
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ message: 'too far', code: 'E_FAR' });
      expect(strays).toEqual([]);
    }));

  it('row 42: what a worker may not do is an ordinary error', () =>
    inLab({}, async ({ pool, crashes }) => {
      for (const what of ['abort', 'chdir', 'setuid', 'umask']) {
        expect(await failure(pool.run('forbidden', [what]))).toMatchObject({
          code: 'ERR_WORKER_UNSUPPORTED_OPERATION',
        });
      }
      expect(crashes).toEqual([]);
    }));

  it('row 46: a stack overflow is a RangeError, and the worker is kept', () =>
    inLab({ workers: 1 }, async ({ pool, crashes }) => {
      for (let i = 0; i < 20; i++) expect(await failure(pool.run('deep', [0]))).toBeInstanceOf(RangeError);
      expect(crashes).toEqual([]);
    }));
});

describe('a result that cannot be sent', () => {
  it.each([
    ['function', 'result.a[1].cb'],
    ['symbol', 'result[0]'],
    ['promise', 'result.p'],
    ['weak', 'result.w'],
    ['getter', 'result.bad'],
  ])('row 34: %s rejects with the path, and the worker is kept', (kind, path) =>
    inLab({ workers: 1 }, async ({ pool, crashes }) => {
      const error = await failure(pool.run('result', [kind]));
      expect(error).toMatchObject({ name: 'SerializeError', code: 'ERR_RESULT_SERIALIZE', path });
      expect(crashes).toEqual([]);
    }),
  );

  it('row 34: nesting far beyond the stack arrives', () =>
    inLab({ workers: 1 }, async ({ pool, crashes }) => {
      let value = (await pool.run('result', ['deep'])) as { value?: object };
      let depth = 0;
      for (; value.value !== undefined; value = value.value) depth++;
      expect(depth).toBe(200_000);
      expect(crashes).toEqual([]);
    }));

  it('row 35: a result beyond the byte ring goes another way', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const results = await Promise.all([1, 3e5, 6e5, 8e6, 64, 9e5].map((n) => pool.run('big', [n])));
      expect(results.map((view) => (view as Uint8Array).length)).toEqual([1, 3e5, 6e5, 8e6, 64, 9e5]);
      expect(results.every((view) => (view as Uint8Array).every((byte) => byte === 5))).toBe(true);
    }));
});

describe('a task that does not end', () => {
  it('row 37: a promise that never settles times out, and the worker runs others meanwhile', () =>
    inLab({ workers: 1 }, async ({ pool, noted, crashes }) => {
      const stuck = failure(pool.run('never', ['n'], { timeout: 300 }));
      await noted('n');
      expect(await pool.run('add', [1, 2])).toBe(3);
      expect(await stuck).toMatchObject({ code: 'ERR_TIMEOUT', limit: 300, started: true });
      expect(crashes).toEqual([]);
    }));

  it('row 37: as many of them as a worker may hold do not end its service', () =>
    inLab({ workers: 1, concurrency: 4 }, async ({ pool, crashes }) => {
      const stuck = Array.from({ length: 12 }, () => failure(pool.run('never', ['n'], { timeout: 100 })));
      expect(await pool.run('add', [1, 2])).toBe(3);
      for (const error of await Promise.all(stuck)) expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(crashes).toEqual([]);
    }));

  it.each(['throws', 'late throw', 'twice'])('row 38: of a thenable the first call counts: %s', (kind) =>
    inLab({ workers: 1 }, async ({ pool, strays }) => {
      const result = pool.run('thenable', [kind]);
      if (kind === 'throws') expect(await failure(result)).toMatchObject({ message: 'then threw' });
      else expect(await result).toBe('first');
      expect(strays).toEqual([]);
    }),
  );

  it('row 38: a `then` that cannot be read is the task’s error', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      expect(await failure(pool.run('throwingThen'))).toMatchObject({ message: 'no then' });
    }));

  it.each(['spin', 'regex'])('row 39: %s is killed after its timeout, and what was queued is kept', (fn) =>
    inLab({ workers: 1 }, async ({ pool, noted, crashes }) => {
      const endless = failure(pool.run(fn, ['on'], { timeout: 50 }));
      await noted('on');
      const queued = Array.from({ length: 200 }, (_, i) => pool.run('add', [i, 1]));
      const encoded = Array.from({ length: 50 }, (_, i) => pool.run('echo', [{ i }]));
      expect(await endless).toMatchObject({ name: 'TimeoutError', code: 'ERR_TIMEOUT', started: true });
      expect(await Promise.all(queued)).toEqual(queued.map((_, i) => i + 1));
      expect(await Promise.all(encoded)).toEqual(encoded.map((_, i) => ({ i })));
      expect(crashes).toHaveLength(1);
      expect(pool.stats().workers[0]!.restarts).toBe(1);
    }),
  );

  it('row 58: `Atomics.wait` on memory of the task’s own is killed as any loop', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      expect(await failure(pool.run('waitForEver', ['w'], { timeout: 50 }))).toMatchObject({
        code: 'ERR_TIMEOUT',
      });
    }));
});

describe('a task that ends its thread', () => {
  it.each([0, 7])('row 41: process.exit(%i) rejects with its code as the cause', (code) =>
    inLab({ workers: 2 }, async ({ pool, crashes }) => {
      const error = await failure(pool.run('exit', [code]));
      expect(error).toMatchObject({
        name: 'WorkerError',
        code: 'ERR_WORKER_CRASHED',
        started: true,
        attempts: 1,
      });
      expect(error.cause).toMatchObject({ code: 'ERR_WORKER_EXITED' });
      expect((error.cause as Error).message).toContain(`exit code ${code}`);
      expect(crashes).toHaveLength(1);
      expect(crashes[0]).toMatchObject({ worker: error['worker'], tasks: 1 });
    }),
  );

  it('row 41: process.exit after an await, and process.reallyExit', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      expect(await failure(pool.run('exitLater', [3]))).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
      expect(await failure(pool.run('reallyExit', [0]))).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
    }));

  it('row 47: an unhandled rejection is nobody’s; its worker is replaced after what it has begun', () =>
    inLab({ workers: 1, graceMs: 5_000 }, async ({ pool, strays, crashes }) => {
      const beside = pool.run('later', ['beside', 100]);
      expect(await pool.run('strayRejection', ['fine'])).toBe('fine');
      expect(await beside).toBe('beside');
      expect(await pool.run('add', [1, 1])).toBe(2);
      await until('the worker was replaced', () => pool.stats().workers[0]!.restarts === 1);
      expect(strays).toMatchObject([{ worker: 0, error: { message: 'nobody awaits this' } }]);
      expect(strays[0]!.error).toBeInstanceOf(RangeError);
      expect(crashes).toEqual([]);
    }));

  it('row 48: so is an exception thrown by a stray timer', () =>
    inLab({ workers: 1, graceMs: 5_000 }, async ({ pool, strays, crashes }) => {
      const beside = pool.run('later', ['beside', 100]);
      expect(await pool.run('strayTimer', ['fine'])).toBe('fine');
      expect(await beside).toBe('beside');
      await until('the worker was replaced', () => pool.stats().workers[0]!.restarts === 1);
      expect(strays).toMatchObject([{ worker: 0, error: { message: 'thrown by a timer' } }]);
      expect(crashes).toEqual([]);
    }));

  it('row 48: a worker in doubt does not wait for ever for what never settles', () =>
    inLab({ workers: 1, graceMs: 100 }, async ({ pool, noted }) => {
      const lost = failure(pool.run('never', ['n']));
      await noted('n');
      await pool.run('strayTimer', ['fine']);
      expect(await pool.run('add', [1, 1])).toBe(2);
      expect(await lost).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
    }));

  it('row 48: nor is a worker in doubt waited for that code no task can be blamed for holds', () =>
    inLab({ workers: 1, graceMs: 100 }, async ({ pool, noted }) => {
      const lost = failure(pool.run('never', ['n']));
      const again = pool.run('untilNoted', ['again'], { idempotent: true });
      await noted('again');
      await pool.run('strayThenSpin', ['spins']);
      expect(await pool.run('add', [1, 1])).toBe(2);
      expect(await lost).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
      await pool.run('noted', ['go on']);
      expect(await again).toBe('again');
    }));
});

describe('what a task leaves behind', () => {
  it('row 49: timers go on firing while their worker is idle', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      await pool.run('leaveTimer', [30]);
      await until('the timer fired', async () => (await pool.run('tickCount')) === 1);
    }));

  it('row 50: a worker above the soft heap limit is replaced between tasks', () =>
    inLab({ workers: 1, softHeapLimit: 64 * 1024 * 1024 }, async ({ pool, crashes }) => {
      const running = Array.from({ length: 30 }, () => pool.run('leak', [8]));
      for (const used of await Promise.all(running)) expect(used).toBeGreaterThan(0);
      await until('the worker was replaced', () => pool.stats().workers[0]!.restarts > 0);
      expect(crashes).toEqual([]);
    }));

  it('row 52: patched built-ins do not stop the runtime', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      // The codec is there: it is loaded while the first tasks may run.
      expect(await pool.run('echo', [{ a: 1 }])).toEqual({ a: 1 });
      expect(await pool.run('pollute')).toBe(undefined);
      expect(await Promise.all([1, 2, 3].map((n) => pool.run('add', [n, 1])))).toEqual([2, 3, 4]);
      expect(await pool.run('echo', [{ a: [1, 'two'] }])).toEqual({ a: [1, 'two'] });
      // A pause, so that it parks, and is woken again.
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await pool.run('add', [2, 2])).toBe(4);
      expect(await failure(pool.run('thrower', ['range']))).toMatchObject({ message: 'too far' });
      expect(pool.stats().workers[0]!.restarts).toBe(0);
    }));

  it('row 52: built-ins patched while the thread is still loading cost a thread at most', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      for (let round = 0; round < 5; round++) {
        const results = [
          pool.run('pollute'),
          ...[1, 2, 3].map((n) => pool.run('add', [n, 1])),
          pool.run('echo', [{ n: 5 }]),
        ];
        for (const [i, result] of (await Promise.all(results.map(outcome))).entries()) {
          if ('error' in result) expect(result.error).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
          else expect(result.value).toEqual([undefined, 2, 3, 4, { n: 5 }][i]);
        }
        // Another thread, fresh.
        await failure(pool.run('reallyExit', [0]));
      }
    }));

  it('row 53: nothing of the shared memory is in reach of a task', () =>
    inLab({ workers: 1 }, async ({ pool, journal }) => {
      expect((await pool.run('findings')) ?? null).toBe(null);
      await pool.run('scribble');
      expect(await pool.run('add', [1, 1])).toBe(2);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await pool.run('echo', [{ a: 1 }])).toEqual({ a: 1 });
      expect(journal()).toEqual([]);
    }));

  it('row 54: a task may detach its arguments: they are copies', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const mine = new Uint8Array([1, 2, 3]);
      expect(await pool.run('detach', [mine])).toBe(true);
      expect(await pool.run('detach', [mine.buffer])).toBe(true);
      expect(mine).toEqual(new Uint8Array([1, 2, 3]));
    }));

  it('row 55: a result is a copy, and stays what it was when its place is used again', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const first = (await pool.run('bytes', [4096])) as Uint8Array;
      const argument = new Uint8Array(4096).fill(3);
      const back = (await pool.run('echo', [argument])) as Uint8Array;
      await pool.run('overwrite', [argument]);
      for (let i = 0; i < 600; i++) await pool.run('text', [4096, 'z']);
      expect(first.every((byte) => byte === 7)).toBe(true);
      expect(back.every((byte) => byte === 3)).toBe(true);
      expect(argument.every((byte) => byte === 3)).toBe(true);
    }));

  it('row 59: a change of the environment stays in the worker', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      await pool.run('setEnv', ['FAULTS_MARK', 'set']);
      expect(await pool.run('getEnv', ['FAULTS_MARK'])).toBe('set');
      expect(process.env['FAULTS_MARK']).toBe(undefined);
      expect(await pool.run('cwd')).toBe(process.cwd());
    }));
});

describe('a running task that is cancelled', () => {
  it('row 20: a loop that looks ends by itself', () =>
    inLab({ workers: 1, graceMs: 20_000 }, async ({ pool, noted, crashes }) => {
      const controller = new AbortController();
      const task = failure(pool.run('untilCancelled', ['loop'], { signal: controller.signal }));
      await noted('loop');
      controller.abort();
      expect(await task).toBe(controller.signal.reason);
      await noted('loop cancelled');
      expect(crashes).toEqual([]);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }));

  it('row 20: an async task sees its signal', () =>
    inLab({ workers: 1, graceMs: 20_000 }, async ({ pool, noted, crashes }) => {
      const controller = new AbortController();
      const task = failure(pool.run('untilSignal', ['wait'], { signal: controller.signal }));
      await noted('wait');
      controller.abort(new Error('my reason'));
      expect(await task).toMatchObject({ message: 'my reason' });
      await noted('wait ERR_CANCELLED');
      expect(crashes).toEqual([]);
    }));

  it('row 20: async tasks see it on every worker, with more threads than cores', () =>
    inLab({ workers: 8, graceMs: 20_000 }, async ({ pool, noted, crashes }) => {
      for (let round = 0; round < 10; round++) {
        const controller = new AbortController();
        const names = Array.from({ length: 12 }, (_, i) => `round ${round} task ${i}`);
        const tasks = names.map((name, i) => {
          return failure(
            pool.run('untilSignal', [name], { signal: controller.signal, affinity: i % pool.workers }),
          );
        });
        await Promise.all(names.map((name) => noted(name)));
        controller.abort();
        for (const task of tasks) expect(await task).toBe(controller.signal.reason);
        await Promise.all(names.map((name) => noted(`${name} ERR_CANCELLED`)));
      }
      expect(crashes).toEqual([]);
    }));

  it('row 20: one that does not look loses its thread after graceMs; others are kept', () =>
    inLab({ workers: 1, graceMs: 50 }, async ({ pool, noted, crashes }) => {
      const controller = new AbortController();
      const task = failure(pool.run('spin', ['on'], { signal: controller.signal }));
      await noted('on');
      const queued = Array.from({ length: 20 }, (_, i) => pool.run('add', [i, i]));
      controller.abort();
      expect(await task).toBe(controller.signal.reason);
      expect(await Promise.all(queued)).toEqual(queued.map((_, i) => 2 * i));
      expect(crashes).toHaveLength(1);
    }));
});
