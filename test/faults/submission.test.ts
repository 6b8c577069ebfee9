// What a caller can do wrong, rows 1-29 of docs/faults.md.
import { getEventListeners } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../../dist/src/index.js';
import { createPool } from '../../dist/src/index.js';
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
      for (const value of [new Point(), new URL('http://a/'), new AbortController().signal]) {
        expect(await pool.run('echo', [value])).toEqual(structuredClone(value));
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

describe('signals and limits', () => {
  it('row 17: a signal aborted before: nothing is queued', () =>
    inLab({ workers: 1 }, async ({ pool, journal }) => {
      const signal = AbortSignal.abort(new Error('before'));
      expect(await failure(pool.run('noted', ['x'], { signal }))).toBe(signal.reason);
      expect(await failure(pool.run('noted', ['x'], { signal: AbortSignal.abort() }))).toMatchObject({
        name: 'AbortError',
      });
      expect(pool.stats().submitted).toBe(0);
      expect(journal()).toEqual([]);
    }));

  it('row 18: aborted while queued: rejects at once and never runs', () =>
    inLab({ workers: 1 }, async ({ pool, noted, journal }) => {
      const running = pool.run('busy', ['b', 100]);
      await noted('b');
      const controller = new AbortController();
      const { signal } = controller;
      const queued = [
        pool.run('noted', ['q'], { signal }),
        pool.run('noted', ['q'], { signal, affinity: 0 }),
        pool.run('noted', ['q'], { signal, priority: 'critical' }),
      ].map(failure);
      controller.abort();
      for (const error of await Promise.all(queued)) expect(error).toBe(signal.reason);
      await running;
      expect(await pool.run('noted', ['after'])).toBe('after');
      expect(journal()).toEqual(['b', 'after']);
      expect(pool.stats().cancelled).toBe(3);
    }));

  it('row 18: a whole backlog can be cancelled', () =>
    inLab({ workers: 1, graceMs: 20_000 }, async ({ pool, noted, journal }) => {
      const blocker = new AbortController();
      const running = failure(pool.run('untilCancelled', ['b'], { signal: blocker.signal }));
      await noted('b');
      const controller = new AbortController();
      // More than there are records, so that some wait outside shared memory.
      const queued = Array.from({ length: 6000 }, () =>
        outcome(pool.run('noted', ['q'], { signal: controller.signal })),
      );
      controller.abort();
      expect((await Promise.all(queued)).every((r) => 'error' in r)).toBe(true);
      blocker.abort();
      await running;
      await noted('b cancelled');
      expect(await pool.run('noted', ['after'])).toBe('after');
      expect(journal()).toEqual(['b', 'b cancelled', 'after']);
    }));

  it('row 19: an abort and the start race; exactly one wins', () =>
    inLab({ workers: 2, graceMs: 10_000 }, async ({ pool, journal }) => {
      let wins = 0;
      for (let round = 0; round < 200; round++) {
        const controllers = Array.from({ length: 4 }, () => new AbortController());
        const settled = controllers.map(({ signal }, i) =>
          outcome(pool.run('noted', [`${round}-${i}`], { signal })),
        );
        for (let spins = Math.random() * 20_000; spins > 0; spins--);
        if (round % 2) await null;
        else await new Promise((resolve) => setImmediate(resolve));
        for (const controller of controllers) controller.abort();
        for (const [i, result] of (await Promise.all(settled)).entries()) {
          if ('value' in result) {
            wins++;
            expect(result.value).toBe(`${round}-${i}`);
          } else expect(result.error).toBe(controllers[i]!.signal.reason);
        }
      }
      const runs = journal();
      // None ran twice; every one that has a result did run.
      expect(new Set(runs).size).toBe(runs.length);
      expect(runs.length).toBeGreaterThanOrEqual(wins);
      const { submitted, completed, cancelled, failed } = pool.stats();
      expect({ submitted, failed, wins: completed }).toEqual({ submitted: 800, failed: 0, wins });
      expect(completed + cancelled).toBe(submitted);
    }));

  it('row 21: an abort after the end does nothing, and no listener is left', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const controller = new AbortController();
      expect(await pool.run('add', [1, 2], { signal: controller.signal })).toBe(3);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      controller.abort();
      expect(pool.stats()).toMatchObject({ completed: 1, cancelled: 0 });
    }));

  it('row 22: one listener for 10,000 tasks of one signal', () =>
    inLab({ workers: 2 }, async ({ pool }) => {
      const { signal } = new AbortController();
      const results = Array.from({ length: 10_000 }, (_, i) => pool.run('add', [i, 1], { signal }));
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      expect((await Promise.all(results)).every((value, i) => value === i + 1)).toBe(true);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }));

  it('row 23: a limit of 0 rejects without running', () =>
    inLab({ workers: 1 }, async ({ pool, journal }) => {
      expect(await failure(pool.run('noted', ['x'], { timeout: 0 }))).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(await failure(pool.run('noted', ['x'], { deadline: 0 }))).toMatchObject({
        code: 'ERR_DEADLINE',
      });
      expect(journal()).toEqual([]);
    }));

  it('row 23: a deadline counts from submission, a timeout from the start', () =>
    inLab({ workers: 1 }, async ({ pool, noted, journal }) => {
      const running = pool.run('busy', ['b', 200]);
      await noted('b');
      const late = failure(pool.run('noted', ['late'], { deadline: 20 }));
      // It waits longer than its timeout, and does not run as long.
      const patient = pool.run('noted', ['patient'], { timeout: 100 });
      expect(await late).toMatchObject({ code: 'ERR_DEADLINE', started: false, limit: 20 });
      expect(await patient).toBe('patient');
      await running;
      const begun = failure(pool.run('untilCancelled', ['begun'], { deadline: 50 }));
      expect(await begun).toMatchObject({ code: 'ERR_DEADLINE', started: true });
      await noted('begun cancelled');
      expect(journal()).not.toContain('late');
    }));

  it.each<[string, readonly unknown[]]>([
    ['timeout', [Number.NaN, -1, Number.POSITIVE_INFINITY, '5', 2 ** 31, null, {}]],
    ['deadline', [Number.NaN, -1, Number.POSITIVE_INFINITY, '5', 2 ** 31]],
    ['affinity', [-1, 1.5, 2, '0', Number.NaN, -0]],
    ['signal', [{}, 1, new AbortController()]],
    ['idempotent', [1, 'yes', null]],
    ['transfer', [{}, 'x', 1]],
  ])('row 24: a wrong `%s` is thrown at once', (key, values) =>
    inLab({ workers: 2 }, async ({ pool }) => {
      for (const value of values) {
        const error = thrown(() => pool.run('add', [1, 2], { [key]: value } as RunOptions));
        expect(error).toMatchObject({ name: 'InvalidArgumentError', code: 'ERR_INVALID_ARGUMENT' });
        expect(error.message).toContain(key);
      }
      expect(pool.stats().submitted).toBe(0);
    }),
  );

  it('row 25: a wrong `priority` is thrown at once', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      for (const priority of [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        -0,
        '1',
        1.5,
        'urgent',
        'toString',
        null,
      ]) {
        expect(thrown(() => pool.run('add', [1, 2], { priority } as never))).toMatchObject({
          code: 'ERR_INVALID_ARGUMENT',
        });
      }
    }));

  it('row 26: unknown keys and wrong values of options name themselves', async () => {
    const wrong: [Record<string, unknown>, string][] = [
      [{ threads: 2 }, 'threads'],
      ...[0, -1, 1.5, 1e6, '2', Number.NaN].map((workers): [Record<string, unknown>, string] => [
        { workers },
        'workers',
      ]),
      [{ maxQueue: -1 }, 'maxQueue'],
      [{ whenFull: 'drop' }, 'whenFull'],
      [{ graceMs: 2 ** 31 }, 'graceMs'],
      [{ startupTimeout: 0 }, 'startupTimeout'],
      [{ maxAttempts: 0 }, 'maxAttempts'],
      [{ tasks: './relative.js' }, 'tasks'],
      [{ tasks: 'http://a/b.js' }, 'tasks'],
      [{ env: { A: 1 } }, 'env.A'],
      [{ execArgv: 'x' }, 'execArgv'],
    ];
    for (const [options, key] of wrong) {
      const error = await failure(createPool(options as never));
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toContain(key);
    }
    await inLab({ workers: 1 }, async ({ pool }) => {
      expect(thrown(() => pool.run('add', [1, 2], { timout: 5 } as never)).message).toContain('timout');
      expect(thrown(() => pool.run('add', 'no' as never))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    });
  });

  it('row 27: resource limits Node would ignore or die of are refused', async () => {
    for (const value of ['64', -5, 0, Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = await failure(
        createPool({ resourceLimits: { maxOldGenerationSizeMb: value as number } }),
      );
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toContain('resourceLimits.maxOldGenerationSizeMb');
    }
  });
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
