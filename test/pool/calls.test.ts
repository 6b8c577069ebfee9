import { AsyncLocalStorage } from 'node:async_hooks';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import { createPool, InvalidArgumentError, MillraceError } from 'millrace';
import { describe, expect, it } from 'vitest';
import { rejection, startPool } from './pools.ts';

describe('run', () => {
  it('calls synchronous and async functions', async () => {
    const pool = await startPool();
    expect(await pool.run('add', [1, 2])).toBe(3);
    expect(await pool.run('asyncId', ['later'])).toBe('later');
    expect(await pool.run('thenable', [7])).toBe(7);
    expect(await pool.run('nothing')).toBeUndefined();
  });

  it('calls a function with exactly the arguments given', async () => {
    const pool = await startPool();
    expect(await pool.run('count')).toBe(0);
    for (let n = 0; n <= 7; n++) {
      const args = Array.from({ length: n }, (_, i) => i);
      expect(await pool.run('all', args)).toEqual(args);
      expect(await pool.run('count', Array(n).fill(undefined))).toBe(n);
    }
    expect(await pool.run('all', [null, undefined, true, false])).toEqual([null, undefined, true, false]);
    expect(await pool.run('all', [-0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])).toEqual([
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
    ]);
  });

  it('copies the arguments when it is called', async () => {
    const pool = await startPool();
    const list = [1];
    const running = pool.run('id', [list]);
    list.push(2);
    expect(await running).toEqual([1]);
  });

  it('keeps thousands of results apart', async () => {
    const pool = await startPool();
    const n = 20_000;
    const results = await Promise.all(
      Array.from({ length: n }, (_, i) =>
        i % 3 === 0 ? pool.run('id', [`s${i}`]) : pool.run('add', [i, 1]),
      ),
    );
    expect(results).toEqual(Array.from({ length: n }, (_, i) => (i % 3 === 0 ? `s${i}` : i + 1)));
  });

  it('runs a function exported as default', async () => {
    const pool = await startPool();
    expect(await pool.run('default')).toBe('default');
  });
});

describe('names', () => {
  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
    'notAFunction',
    'then',
    '',
    'nope',
  ])('rejects `%s` as an unknown function', async (name) => {
    const pool = await startPool({ workers: 1 });
    for (const promise of [pool.run(name), pool.map(name, [1]).next()]) {
      expect(await rejection(promise)).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
    }
    expect(pool.stats().submitted).toBe(0);
  });

  it('rejects a name that is not a string', async () => {
    const pool = await startPool({ workers: 1 });
    for (const name of [Symbol('add'), 1, null, undefined, ['add']]) {
      expect(await rejection(pool.run(name as unknown as string))).toMatchObject({
        code: 'ERR_UNKNOWN_FUNCTION',
      });
    }
  });

  it('names what comes nearest', async () => {
    const pool = await startPool({ workers: 1 });
    expect((await rejection(pool.run('ad'))).message).toContain('Did you mean `add`');
  });

  it('knows none without a task module', async () => {
    const pool = await startPool({ tasks: [], workers: 1 });
    expect(await rejection(pool.run('add', [1, 2]))).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
    expect(await pool.exec(() => 1)).toBe(1);
  });
});

describe('tasks', () => {
  it('calls functions by name', async () => {
    const pool = await startPool();
    const { add, asyncId } = pool.tasks;
    expect(await add!(2, 3)).toBe(5);
    expect(await asyncId!('x')).toBe('x');
    expect(pool.tasks['add']).toBe(add);
  });

  it('has no unknown functions, and is no promise', async () => {
    const pool = await startPool({ workers: 1 });
    expect(await rejection(pool.tasks['__proto__']!())).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
    expect(await rejection(pool.tasks['nope']!())).toMatchObject({ code: 'ERR_UNKNOWN_FUNCTION' });
    expect(await pool.tasks).toBe(pool.tasks);
  });
});

describe('with', () => {
  it('gives every call its options', async () => {
    const pool = await startPool({ workers: 2 });
    for (const affinity of [0, 1]) {
      const here = pool.with({ affinity });
      for (let i = 0; i < 5; i++) expect(await here['worker']!()).toBe(affinity);
    }
    const hurried = pool.with({ timeout: 20 });
    expect(await rejection(hurried['sleep']!(5000))).toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('checks the options at once', async () => {
    const pool = await startPool({ workers: 1 });
    expect(() => pool.with({ priority: 'soon' as 'high' })).toThrow(InvalidArgumentError);
    expect(() => pool.with({ affinity: 1 })).toThrow(/from 0 to 0/);
  });
});

describe('exec', () => {
  it('runs functions, async functions and function expressions', async () => {
    const pool = await startPool();
    expect(await pool.exec((a: number, b: number) => a + b, [1, 2])).toBe(3);
    expect(await pool.exec(async (s: string) => s.toUpperCase(), ['up'])).toBe('UP');
    expect(
      await pool.exec(
        function named(n: number): number {
          return n < 2 ? n : named(n - 1) + named(n - 2);
        },
        [10],
      ),
    ).toBe(55);
  });

  it('sees nothing of where it was written', async () => {
    const pool = await startPool({ workers: 1 });
    const outer = 1;
    expect(await rejection(pool.exec(() => outer))).toMatchObject({ code: 'ERR_BAD_FUNCTION' });
    expect(await rejection(pool.exec(async () => outer))).toMatchObject({ code: 'ERR_BAD_FUNCTION' });
    const assigns = new Function('return () => { outer = 2; }')() as () => void;
    expect(await rejection(pool.exec(assigns))).toMatchObject({ code: 'ERR_BAD_FUNCTION' });
    const own = await rejection(
      pool.exec(() => {
        throw new ReferenceError('no such invoice');
      }),
    );
    expect(own).toBeInstanceOf(ReferenceError);
    expect(own.message).toBe('no such invoice');
  });

  it.each([
    ['a built-in', Math.max],
    ['a bound function', ((a: number) => a).bind(null)],
    ['a class', class {}],
    ['a method', { method(): void {} }.method],
  ])('rejects %s', async (_, fn) => {
    const pool = await startPool({ workers: 1 });
    expect(await rejection(pool.exec(fn as () => void))).toMatchObject({ code: 'ERR_BAD_FUNCTION' });
  });

  it('gives the error of the function itself', async () => {
    const pool = await startPool({ workers: 1 });
    const failing = pool.exec(() => {
      throw new RangeError('mine');
    });
    expect(await rejection(failing)).toBeInstanceOf(RangeError);
  });

  it('names what cannot be sent as it was given', async () => {
    const pool = await startPool({ workers: 1 });
    const { port1 } = new MessageChannel();
    const cases: [unknown[], string][] = [
      [[{ cb: () => {} }], 'args[0].cb'],
      [[1, [Symbol('s')]], 'args[1][0]'],
      [[new SharedArrayBuffer(8), { port: port1 }], 'args[1].port'],
    ];
    for (const [args, path] of cases) {
      for (const options of [undefined, { priority: 'high' } as const]) {
        const error = await rejection(pool.exec((...all: unknown[]) => all.length, args, options));
        expect(error).toMatchObject({ code: 'ERR_SERIALIZE', path });
      }
    }
    port1.close();
    // The source is no argument, neither for the function nor for what it is given.
    expect(await pool.exec((...all: unknown[]) => all, [1, 'two'])).toEqual([1, 'two']);
    expect(await pool.exec((...all: unknown[]) => all)).toEqual([]);
  });

  it('takes options', async () => {
    const pool = await startPool({ workers: 1 });
    const slow = pool.exec((ms: number) => new Promise((r) => setTimeout(r, ms)), [5000], { timeout: 20 });
    expect(await rejection(slow)).toMatchObject({ code: 'ERR_TIMEOUT' });
  });
});

describe('wrong calls', () => {
  it('are those with something else in the place of options', async () => {
    const pool = await startPool({ workers: 1 });
    // These have no key of their own that could be wrong.
    for (const thing of [AbortSignal.abort(), new URL('file:///x'), new Map(), new Date()]) {
      expect(() => pool.run('id', [1], thing as never)).toThrow(
        new RegExp(
          `Expected \`options\` to be made of \`priority\`.* got an object of class \`${thing.constructor.name}\``,
        ),
      );
      expect(() => pool.map('id', [], thing as never)).toThrow(InvalidArgumentError);
      await expect(createPool(thing as never)).rejects.toThrow(InvalidArgumentError);
    }
    for (const options of [null, 5, 'x', { timeOut: 5 }]) {
      expect(() => pool.map('id', [], options as never)).toThrow(InvalidArgumentError);
      expect(() => pool.close(options as never)).toThrow(InvalidArgumentError);
    }
    const Options = class {
      timeout = 60_000;
    };
    for (const options of [Object.create(null), runInNewContext('({})'), new Options()]) {
      expect(await pool.run('id', [1], options)).toBe(1);
    }
  });

  it('throw at once and name what is wrong', async () => {
    const pool = await startPool({ workers: 1 });
    const run = (args: unknown, options?: unknown) => () =>
      pool.run('id', args as unknown[], options as { priority: 'high' });
    expect(run('x')).toThrow(/Expected `args` to be an array of arguments, got `"x"` \(string\)/);
    expect(run({ length: 1 })).toThrow(InvalidArgumentError);
    expect(run([], null)).toThrow(/Expected `options` to be an object/);
    expect(run([], { prioriti: 'high' })).toThrow(/`priority`/);
    expect(run([], { priority: '__proto__' })).toThrow(/'critical', 'high', 'normal' or 'low'/);
    for (const timeout of [-1, Number.NaN, '5', 2 ** 31]) expect(run([], { timeout })).toThrow(/timeout/);
    expect(run([], { deadline: -1 })).toThrow(/deadline/);
    expect(run([], { signal: {} })).toThrow(/AbortSignal/);
    expect(run([], { transfer: {} })).toThrow(/transfer/);
    expect(run([], { idempotent: 1 })).toThrow(/idempotent/);
    expect(run([], { affinity: 1 })).toThrow(/affinity/);
    expect(() => pool.exec('f' as never)).toThrow(/Expected `fn` to be a function/);
    expect(() => pool.map('id', [], { window: 0 })).toThrow(/window/);
    expect(() => pool.map('id', [], { affinity: 0 } as never)).toThrow(/affinity/);
    expect(() => pool.close({ timeout: -1 })).toThrow(/timeout/);
    expect(pool.stats().submitted).toBe(0);
  });

  it('everything else rejects', async () => {
    const pool = await startPool({ workers: 1 });
    const thrower = {
      get bad(): never {
        throw new Error('getter');
      },
    };
    const promises = [
      pool.run('id', [() => {}]),
      pool.run('id', [thrower]),
      pool.run('id', [Symbol('x')], { priority: 'high' }),
      pool.run('id', [1], { signal: AbortSignal.abort('gone') }),
      pool.run('id', [1], { transfer: [new SharedArrayBuffer(1) as unknown as ArrayBuffer] }),
    ];
    const results = await Promise.allSettled(promises);
    expect(results.map((r) => r.status)).toEqual(Array(5).fill('rejected'));
    await pool.close();
    expect(await rejection(pool.run('add', [1, 2]))).toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('the context of the caller', () => {
  it('is there after the await, of results and of errors', async () => {
    const pool = await startPool();
    const storage = new AsyncLocalStorage<number>();
    const one = (i: number) =>
      storage.run(i, async () => {
        if (i % 3 === 0) await pool.run('fail', ['plain']).catch(() => {});
        else if (i % 3 === 1) await pool.run('add', [i, 1]);
        else await pool.run('sleep', [1], { priority: 'high' });
        return storage.getStore();
      });
    const seen = await Promise.all(Array.from({ length: 300 }, (_, i) => one(i)));
    expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('is not seen by the tasks or callbacks of others', async () => {
    const pool = await startPool({ workers: 1 });
    const storage = new AsyncLocalStorage<string>();
    const drained = new Promise((resolve) => pool.once('drained', () => resolve(storage.getStore())));
    await storage.run('request', () => pool.run('add', [1, 2]));
    expect(await drained).toBeUndefined();
    expect(await pool.exec(() => 'plain')).toBe('plain');
  });
});

it('every error of the pool is a MillraceError', async () => {
  const pool = await startPool({ workers: 1 });
  expect(await rejection(pool.run('nope'))).toBeInstanceOf(MillraceError);
  expect(await rejection(pool.run('id', [() => {}]))).toBeInstanceOf(MillraceError);
});

describe('arguments whose array has a getter that throws', () => {
  it.each([undefined, { timeout: 1000 }])('are rejected as one level deeper: %j', async (options) => {
    const pool = await startPool({ workers: 1 });
    const cause = new Error('getter');
    const args = Object.defineProperty([1], 0, {
      get() {
        throw cause;
      },
    });
    expect(await rejection(pool.run('id', args, options))).toMatchObject({
      code: 'ERR_SERIALIZE',
      path: 'args[0]',
      cause,
    });
  });
});
