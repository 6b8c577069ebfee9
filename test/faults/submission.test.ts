// What a caller can do wrong, rows 1-30 of docs/faults.md.
import { getEventListeners } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createPool, type MillraceError } from '../../dist/src/index.js';
import { until } from '../process/harness/until.ts';
import { expectClean, failure, fixture, inLab, outcome, TASKS, threads } from './lab.ts';

/** What a call throws at once. */
function thrown(call: () => unknown): Error & Record<string, unknown> {
  try {
    call();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('Expected the call to throw.');
}

describe('which function', () => {
  it('row 1: an unknown name rejects with the nearest names, and queues nothing', () =>
    inLab({}, async ({ pool }) => {
      const error = await failure(pool.run('ehco', [1]));
      expect(error).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
      expect(error.message).toContain('`echo`');
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then']) {
        expect(await failure(pool.run(name))).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
      }
      expect(pool.stats().submitted).toBe(0);
    }));

  it('row 2: an export that is no function is not there', async () => {
    const pool = await createPool({ tasks: fixture('constants.mjs'), workers: 1 });
    expect(await failure(pool.run('answer'))).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
    expect(await pool.run('question')).toBe(42);
    await pool.close();
  });

  it.each([
    ['throws.mjs', /TypeError: at load/],
    ['syntax.mjs', /SyntaxError/],
    ['missing.mjs', /no-such-module/],
    ['nowhere.mjs', /nowhere\.mjs/],
    ['exits.mjs', /exit code 3/],
  ])('row 2: a module that does not load is said at once, and no thread is left: %s', async (name, why) => {
    const before = threads.size;
    const error = await failure(createPool({ tasks: fixture(`broken/${name}`), workers: 2 }));
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    expect(error.message).toMatch(why);
    await until('no thread is left', () => threads.size <= before);
  });

  it.each([
    ['message', 'RangeError', { name: 'RangeError', message: '' }],
    ['bare', 'it threw [Object: null prototype] { a: 1 }', '[Object: null prototype] { a: 1 }'],
    ['text', 'it threw { toString: [Function: toString] }', '{ toString: [Function: toString] }'],
  ])('row 2: what a module throws is said, hostile as it may be: %s', async (name, why, cause) => {
    const error = await failure(createPool({ tasks: fixture(`broken/hostile/${name}.mjs`), workers: 1 }));
    expect(error).toMatchObject({
      code: 'ERR_MODULE_LOAD',
      message: expect.stringMatching(/failed to load: /),
    });
    expect(error.message.endsWith(`: ${why}`), error.message).toBe(true);
    if (typeof cause === 'string') expect(error.cause).toBe(cause);
    else expect(error.cause).toMatchObject(cause);
  });

  it('row 3: a closure is refused, or says what it misses', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const outside = 5;
      for (const fn of [Math.max, (() => 1).bind(null), class A {}]) {
        expect(await failure(pool.exec(fn as () => number))).toMatchObject({ code: 'ERR_BAD_FUNCTION' });
      }
      const error = await failure(pool.exec(() => outside + 1));
      expect(error).toMatchObject({ code: 'ERR_BAD_FUNCTION' });
      expect(error.cause).toBeInstanceOf(ReferenceError);
      expect(thrown(() => pool.exec('x => x' as never))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }));
});

describe('arguments', () => {
  it.each([
    ['a function', () => [{ cb() {} }], 'args[0].cb'],
    ['a symbol', () => [1, Symbol('s')], 'args[1]'],
    ['a promise', () => [[Promise.resolve()]], 'args[0][0]'],
    ['a proxy', () => [new Proxy({}, {})], 'args[0]'],
    ['a weak map', () => [{ m: new Map([['k', new WeakMap()]]) }], /^args\[0\]\.m/],
  ])('row 4: %s is refused with its path', (_what, make, path) =>
    inLab({ workers: 1 }, async ({ pool }) => {
      for (const options of [undefined, { priority: 'high' } as const]) {
        const error = await failure(pool.run('echo', make(), options));
        expect(error).toMatchObject({ name: 'SerializeError', code: 'ERR_SERIALIZE' });
        expect(error['path']).toMatch(path);
        expect(error.cause).toMatchObject({ name: 'DataCloneError' });
      }
      expect(pool.stats()).toMatchObject({ submitted: 0, memory: { records: 0, payloadBytes: 0 } });
    }),
  );

  it('row 5: a getter that throws gives its error as the cause, and publishes nothing', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const mine = new Error('mine');
      const value = {
        fine: 'x'.repeat(1000),
        get bad(): never {
          throw mine;
        },
      };
      const error = await failure(pool.run('echo', [value]));
      expect(error).toMatchObject({ code: 'ERR_SERIALIZE', path: 'args[0].bad' });
      expect(error.cause).toBe(mine);
      expect(pool.stats()).toMatchObject({ submitted: 0, memory: { records: 0, payloadBytes: 0 } });
    }));

  it('row 6: deep and cyclic values arrive', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      let value: { value?: object } = {};
      for (let i = 0; i < 100_000; i++) value = { value };
      let back = (await pool.run('echo', [value])) as { value?: object };
      let depth = 0;
      for (; back.value !== undefined; back = back.value) depth++;
      expect(depth).toBe(100_000);
      const ring: { me?: object } = {};
      ring.me = ring;
      const again = (await pool.run('echo', [ring])) as { me: object };
      expect(again.me).toBe(again);
    }));

  it('row 7: class instances, URLs and signals become what structured clone makes of them', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      class Point {
        x = 1;
        get y(): number {
          return 2;
        }
      }
      const platform = [new URL('http://a/'), new URLSearchParams('a=1'), new Headers(), new FormData()];
      for (const value of [new Point(), new AbortController().signal, new Event('click'), ...platform]) {
        let cloned: unknown;
        try {
          cloned = structuredClone(value);
        } catch {
          // Node 22 and later refuse some of them.
          const error = await failure(pool.run('echo', [value]));
          expect(error).toMatchObject({ code: 'ERR_SERIALIZE', message: expect.stringContaining('args[0]') });
          continue;
        }
        expect(await pool.run('echo', [value])).toEqual(cloned);
      }
    }));

  it('row 8: what no place in shared memory can hold travels another way', () =>
    inLab({ workers: 1, maxMemory: 2 ** 24 }, async ({ pool }) => {
      // Alone in an idle pool: no other task’s end makes room for it.
      expect(await pool.run('length', [new Uint8Array(2 ** 25)])).toBe(2 ** 25);
      expect(await pool.run('length', [new Uint8Array(2 ** 25)], { priority: 'high' })).toBe(2 ** 25);
      const many = Array.from({ length: 8 }, (_, i) => pool.run('length', [new Uint8Array(2 ** 22 + i)]));
      expect(await Promise.all(many)).toEqual(many.map((_, i) => 2 ** 22 + i));
    }));

  it('row 9: a detached buffer is refused', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const buffer = new ArrayBuffer(8);
      structuredClone(buffer, { transfer: [buffer] });
      const error = await failure(pool.run('echo', [buffer]));
      expect(error).toMatchObject({ code: 'ERR_SERIALIZE' });
      expect(error.cause).toMatchObject({ name: 'DataCloneError' });
    }));

  it('row 10: a wrong transfer list detaches nothing', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const fine = new ArrayBuffer(8);
      const gone = new ArrayBuffer(8);
      structuredClone(gone, { transfer: [gone] });
      const wrong: unknown[][] = [
        [fine, fine],
        [fine, new SharedArrayBuffer(8)],
        [fine, new Uint8Array(8)],
        [fine, 7],
        [fine, gone],
        [fine, {}],
      ];
      for (const transfer of wrong) {
        const error = await failure(pool.run('length', [fine], { transfer: transfer as [] }));
        expect(error).toMatchObject({ code: 'ERR_TRANSFER' });
        expect(fine.byteLength).toBe(8);
      }
      expect(pool.stats().submitted).toBe(0);
      await pool.run('type', [fine], { transfer: [fine] });
      expect(fine.byteLength).toBe(0);
    }));

  it.each([
    ['a task ends', 'go on', {}],
    ['a task ends', 'go on', { affinity: 0, timeout: 5_000, deadline: 60_000 }],
    ['its worker dies', 'exit', {}],
  ] as const)(
    'row 10: ports that have closed by the time %s reject their tasks alone (%s, %j)',
    (_when, how, options) =>
      inLab({ workers: 1 }, async ({ pool, crashes, noted }) => {
        const gate = new Int32Array(new SharedArrayBuffer(4));
        const first = outcome(pool.run('held', ['first', gate, how]));
        await noted('first');
        const closing: { task: ReturnType<typeof outcome>; port: MessagePort }[] = [];
        const open: typeof closing = [];
        for (let i = 0; i < 8; i++) {
          const { port1, port2 } = new MessageChannel();
          const task = outcome(pool.run('type', [port1], { ...options, transfer: [port1] }));
          (i % 2 === 0 ? closing : open).push({ task, port: port2 });
        }
        const plain = pool.run('add', [1, 2]);
        for (const { port } of closing) port.close();
        // The ports the pool holds hear of it in one of the next turns.
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        Atomics.store(gate, 0, 1);
        Atomics.notify(gate, 0);
        // Two of each kind may be with their worker when it ends, and what moved is gone with it.
        const [refused, ran] = await Promise.all(
          [closing, open].map((all) => Promise.all(all.map((it) => it.task))),
        );
        const late = refused!.filter(
          (it) => 'error' in it && (it.error as MillraceError).code === 'ERR_TRANSFER',
        );
        for (const it of late) expect(it).toMatchObject({ error: { cause: { name: 'DataCloneError' } } });
        expect(late.length).toBeGreaterThanOrEqual(2);
        if (how === 'go on') for (const it of ran!) expect(it).toHaveProperty('value');
        else expect(ran!.at(-1)).toHaveProperty('value');
        expect(await plain).toBe(3);
        await first;
        expect(crashes).toHaveLength(how === 'exit' ? 1 : 0);
        for (const { port } of open) port.close();
      }),
  );

  it('row 11: a change after the call is not seen', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const object = { n: 1, bytes: new Uint8Array([1]) };
      const port = new MessageChannel();
      const results = [
        pool.run('echo', [object]),
        pool.run('echo', [object], { priority: 'low' }),
        pool.run('echo', [object], { affinity: 0 }),
      ];
      object.n = 2;
      object.bytes[0] = 2;
      port.port1.close();
      for (const result of await Promise.all(results)) {
        expect(result).toEqual({ n: 1, bytes: new Uint8Array([1]) });
      }
    }));

  it('row 12: reading the arguments may submit, cancel or close', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const inner: Promise<unknown>[] = [];
      const nested = {
        get a(): string {
          inner.push(pool.run('echo', [{ inner: inner.length }]));
          return 'outer';
        },
      };
      expect(await pool.run('echo', [nested])).toEqual({ a: 'outer' });
      expect(await pool.run('echo', [nested], { priority: 'high' })).toEqual({ a: 'outer' });
      expect(await Promise.all(inner)).toEqual([{ inner: 0 }, { inner: 1 }]);
      const controller = new AbortController();
      const aborting = {
        get a(): number {
          controller.abort();
          return 1;
        },
      };
      expect(await failure(pool.run('echo', [aborting], { signal: controller.signal }))).toBe(
        controller.signal.reason,
      );
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }));

  it.each([undefined, { priority: 'high' } as const])(
    'row 12: closing while the arguments are read refuses the task (options: %j)',
    async (options) => {
      const pool = await createPool({ tasks: TASKS, workers: 1 });
      let closed: Promise<unknown> | undefined;
      const closing = {
        get a(): number {
          closed = pool.close();
          return 1;
        },
      };
      const result = await outcome(pool.run('echo', [closing], options));
      if ('error' in result) expect(result.error).toMatchObject({ code: 'ERR_CLOSED' });
      else expect(result.value).toEqual({ a: 1 });
      await closed;
      expect(pool.stats().pending).toBe(0);
    },
  );
});

describe('a pool that takes no more', () => {
  it('row 13: after close began', async () => {
    const pool = await createPool({ tasks: TASKS, workers: 1 });
    const before = pool.run('later', ['in time', 20]);
    const closed = pool.close();
    for (const options of [undefined, { priority: 'low' } as const, { affinity: 0 }]) {
      expect(await failure(pool.run('add', [1, 1], options))).toMatchObject({ code: 'ERR_CLOSED' });
    }
    expect(await before).toBe('in time');
    await closed;
    expect(await failure(pool.run('add', [1, 1]))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await failure(pool.exec(() => 1))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('row 14: after terminate', async () => {
    const pool = await createPool({ tasks: TASKS, workers: 1 });
    const stuck = failure(pool.run('never', ['n']));
    await pool.terminate();
    expect(await stuck).toMatchObject({ code: 'ERR_TERMINATED' });
    expect(await failure(pool.run('add', [1, 1]))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('row 15: a full queue rejects, loses nothing, and opens again', () =>
    inLab({ workers: 1, maxQueue: 5 }, async ({ pool, noted }) => {
      let saturated = 0;
      pool.on('saturated', () => saturated++);
      const running = pool.run('busy', ['b', 50]);
      await noted('b');
      const results = Array.from({ length: 20 }, (_, i) => outcome(pool.run('add', [i, 0])));
      const settled = await Promise.all(results);
      expect(settled.filter((r) => 'value' in r)).toHaveLength(5);
      for (const r of settled) if ('error' in r) expect(r.error).toMatchObject({ code: 'ERR_QUEUE_FULL' });
      expect(saturated).toBe(1);
      await running;
      await pool.room();
      expect(await pool.run('add', [1, 1])).toBe(2);
    }));

  it('row 16: a full arena makes tasks wait, and loses none', () =>
    inLab({ workers: 1, maxMemory: 2 ** 24 }, async ({ pool, noted }) => {
      const running = pool.run('busy', ['b', 100]);
      await noted('b');
      const many = Array.from({ length: 60 }, (_, i) => pool.run('length', [new Uint8Array(2 ** 20 + i)]));
      expect(pool.stats().memory.bytes).toBeLessThanOrEqual(2 ** 24);
      expect(await Promise.all(many)).toEqual(many.map((_, i) => 2 ** 20 + i));
      await running;
    }));
});

describe('a pool inside a task', () => {
  const threadsOfProcess = (): number => readdirSync('/proc/self/task').length;

  it('row 30: runs its tasks, and is closed by the task or with its thread', () =>
    inLab({ tasks: [TASKS, fixture('nested.mjs')], workers: 2 }, async ({ pool }) => {
      expect(await Promise.all([pool.run('outer', [1]), pool.run('outer', [2])])).toEqual([3, 5]);
      expect(await pool.run('outer', [3, true])).toBe(7);
      expect(await pool.run('inner', [4])).toBe(8);
      await expectClean(pool);
    }));

  it.runIf(existsSync('/proc/self/task'))(
    'row 30: its threads end when the thread of the task dies, whatever they are doing',
    () =>
      inLab({ tasks: [TASKS, fixture('nested.mjs')], workers: 1 }, async ({ pool }) => {
        await pool.run('inner', [1]);
        const before = threadsOfProcess();
        expect(await failure(pool.run('die'))).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
        expect(await pool.run('inner', [4])).toBe(8);
        await until('the inner threads are gone', () => threadsOfProcess() <= before);
      }),
  );
});

it('expects a clean pool after 10,000 mixed failures', () =>
  inLab({ workers: 2 }, async ({ pool }) => {
    const results = Array.from({ length: 10_000 }, (_, i) => {
      if (i % 3 === 0) return outcome(pool.run('echo', [{ i, cb: () => {} }]));
      if (i % 3 === 1) return outcome(pool.run('thrower', ['range']));
      return outcome(pool.run('echo', [{ i }]));
    });
    for (const [i, result] of (await Promise.all(results)).entries()) {
      expect('value' in result).toBe(i % 3 === 2);
    }
    await expectClean(pool);
  }));
