import vm from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { ERROR_LIMITS } from '../../src/codec/format.ts';
import { decodeError, encodeError } from '../../src/codec/index.ts';
import {
  expected,
  MillraceError,
  NonErrorThrown,
  SerializeError,
  TimeoutError,
  WorkerError,
} from '../../src/errors.ts';
import { decoder, encoder, roundTrip, roundTripError } from './round-trip.ts';

/** Generous: the machine may be busy. What is tested is not how long it takes. */
vi.setConfig({ testTimeout: 120_000 });

const BUILT_IN = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError] as const;

describe('errors keep', () => {
  it.each(BUILT_IN.map((Class) => [Class.name, Class] as const))('their class: %s', (_, Class) => {
    const error = new Class('why', { cause: 7 });
    const back = roundTripError(error);
    expect(Object.getPrototypeOf(back)).toBe(Class.prototype);
    expect(Object.prototype.toString.call(back)).toBe('[object Error]');
    expect([back.name, back.message, back.stack, back.cause]).toEqual([Class.name, 'why', error.stack, 7]);
    expect(Object.keys(back)).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(back, 'message')?.enumerable).toBe(false);
    expect(Object.hasOwn(back, 'name')).toBe(false);
  });

  it('the name and class of a subclass as far as it is known here', () => {
    class NotFound extends RangeError {
      override name = 'NotFound';
      readonly code = 'E_NOT_FOUND';
      readonly details = { id: 3, at: new Date(4), map: new Map([[1, 2]]) };
    }
    const back = roundTripError(new NotFound('x'));
    expect(back).toBeInstanceOf(RangeError);
    expect(back.name).toBe('NotFound');
    expect(back.code).toBe('E_NOT_FOUND');
    expect(back.details).toEqual({ id: 3, at: new Date(4), map: new Map([[1, 2]]) });
    expect(Object.keys(back)).toEqual(['name', 'code', 'details']);
  });

  it('name and code given by the prototype', () => {
    class Coded extends Error {
      override get name(): string {
        return 'Coded';
      }
      get code(): string {
        return 'E_CODED';
      }
    }
    const back = roundTripError(new Coded('x'));
    expect([back.name, back.code]).toEqual(['Coded', 'E_CODED']);
  });

  it('what Node puts on system errors', async () => {
    const { readFileSync } = await import('node:fs');
    let error: unknown;
    try {
      readFileSync('/nowhere/at/all');
    } catch (thrown) {
      error = thrown;
    }
    const back = roundTripError(error);
    const { code, errno, syscall, path } = error as NodeJS.ErrnoException;
    expect(back).toMatchObject({ code, errno, syscall, path });
    expect(code).toBe('ENOENT');
  });

  it('causes, cyclic ones too, and identity', () => {
    const shared = { shared: true };
    const inner = Object.assign(new TypeError('inner'), { shared });
    const outer = Object.assign(new Error('outer', { cause: inner }), { shared });
    inner.cause = outer;
    const back = roundTripError(outer);
    const cause = back.cause as Error & { shared: unknown };
    expect(cause).toBeInstanceOf(TypeError);
    expect(cause.cause).toBe(back);
    expect(cause.shared).toBe(back.shared);
    const self = new Error('self');
    self.cause = self;
    const again = roundTripError(self);
    expect(again.cause).toBe(again);
  });

  it('long chains of causes', () => {
    let error = new Error('0');
    for (let i = 1; i < 500; i++) error = new RangeError(`${i}`, { cause: error });
    let back: unknown = roundTripError(error);
    for (let i = 499; i > 0; i--) {
      expect((back as Error).message).toBe(`${i}`);
      expect(back).toBeInstanceOf(RangeError);
      back = (back as Error).cause;
    }
    expect((back as Error).message).toBe('0');
  });

  it('the errors of an AggregateError, and of others', () => {
    const one = new RangeError('1');
    const error = new AggregateError([one, 'two', one, undefined], 'all');
    const back = roundTripError(error) as unknown as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors).toHaveLength(4);
    expect(back.errors[0]).toBeInstanceOf(RangeError);
    expect(back.errors[0]).toBe(back.errors[2]);
    expect([back.errors[1], back.errors[3], back.message]).toEqual(['two', undefined, 'all']);
    expect(Object.keys(back)).toEqual([]);
    const other = roundTripError(Object.assign(new Error('x'), { errors: [{ field: 'a' }] }));
    expect(other.errors).toEqual([{ field: 'a' }]);
  });

  it('DOMException by name, message and code', () => {
    const back = roundTripError(new DOMException('gone', 'AbortError')) as unknown as DOMException;
    expect(back).toBeInstanceOf(DOMException);
    expect([back.name, back.message, back.code]).toEqual(['AbortError', 'gone', 20]);
    let error: unknown = new DOMException('late', 'TimeoutError');
    for (let i = 0; i < 200; i++) error = new Error('x', { cause: error });
    let far: unknown = roundTripError(error);
    while (far instanceof Error && far.cause !== undefined) far = far.cause;
    expect(far).toBeInstanceOf(DOMException);
    const { name, message, code } = far as DOMException;
    expect([name, message, code]).toEqual(['TimeoutError', 'late', 23]);
  });

  it('the class and fields of Millrace errors', () => {
    const errors = [
      new MillraceError('ERR_CLOSED', 'closed', { cause: 1 }),
      expected('workers', 'a number', 'x'),
      new SerializeError('ERR_SERIALIZE', 'args[0].cb', 'm'),
      new TimeoutError('ERR_TIMEOUT', 50, true, 'm'),
      new WorkerError('ERR_WORKER_CRASHED', { worker: 1, started: true, attempts: 2 }, 'm'),
      new NonErrorThrown({ a: 1 }, 'm'),
    ];
    for (const error of errors) {
      const back = roundTripError(error);
      expect(back).toBeInstanceOf(MillraceError);
      expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
      expect({ ...back }).toEqual({ ...error });
      expect([back.name, back.message, back.stack]).toEqual([error.name, error.message, error.stack]);
    }
  });

  it('the class of errors from another realm', () => {
    const back = roundTripError(vm.runInNewContext('Object.assign(new RangeError("far"), { code: 1 })'));
    expect(back).toBeInstanceOf(RangeError);
    expect([back.message, back.code]).toEqual(['far', 1]);
  });

  it('an own key __proto__ as an own key', () => {
    const error = new Error('x');
    Object.defineProperty(error, '__proto__', { value: { polluted: 1 }, enumerable: true });
    const back = roundTripError(error);
    expect(Object.getPrototypeOf(back)).toBe(Error.prototype);
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value).toEqual({ polluted: 1 });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('the stack of the worker, then that of the submission', () => {
    const error = new Error('x');
    const back = roundTripError(error, 'Error\n    at submit (main.js:1:2)\n    at main.js:3:4');
    expect(back.stack).toBe(
      `${error.stack}\n    --- submitted ---\n    at submit (main.js:1:2)\n    at main.js:3:4`,
    );
    expect(Object.getOwnPropertyDescriptor(back, 'stack')?.enumerable).toBe(false);
  });

  it.each([7, 8, 9, 1000])('of %i threads that it crosses, the first stacks and the last', (threads) => {
    let error = new Error('x');
    error.stack = 'Error: x\n    at thrown (task.js:1:1)';
    for (let i = 0; i < threads; i++) error = roundTripError(error, `Error\n    at join (task.js:${i}:1)`);
    const lines = error.stack!.split('\n');
    const joined = (i: number) => `    at join (task.js:${i}:1)`;
    expect(lines.filter((line) => line.includes(' at '))).toEqual([
      '    at thrown (task.js:1:1)',
      ...[0, 1, 2].map(joined),
      ...(threads === 7 ? [3, 4, 5, 6] : [-4, -3, -2, -1].map((i) => threads + i)).map(joined),
    ]);
    expect(lines.filter((line) => line.includes('more than once'))).toHaveLength(threads === 7 ? 0 : 1);
  });
});

it('a prepareStackTrace hook is not run for stacks nobody asked for', () => {
  const error = new Error('x', { cause: new DOMException('y', 'AbortError') });
  const stack = error.stack;
  const causeStack = (error.cause as Error).stack;
  const own = Error.prepareStackTrace;
  let calls = 0;
  Error.prepareStackTrace = () => {
    calls++;
    throw new Error('hook');
  };
  let back: Error;
  try {
    back = roundTripError(error, 'Error\n    at submit (main.js:1:2)');
    roundTripError('no error', 'Error\n    at submit (main.js:1:2)');
  } finally {
    if (own === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = own;
  }
  expect(calls).toBe(0);
  expect(back.stack).toContain(stack);
  expect((back.cause as Error).stack).toBe(causeStack);
});

describe('what cannot be sent is replaced, one by one', () => {
  it('own properties', () => {
    const error = Object.assign(new Error('x'), {
      f: () => 1,
      symbol: Symbol('s'),
      port: new MessageChannel().port1,
      shared: new SharedArrayBuffer(4),
      nested: { deep: [() => 1] },
      proxy: new Proxy({}, {}),
      fine: { a: [1] },
      also: 2,
    });
    const back = roundTripError(error);
    expect(back.f).toBe('[not sent: function] () => 1');
    expect(back.symbol).toBe('[not sent: symbol] Symbol(s)');
    expect(back.port).toMatch(/^\[not sent: object\]/);
    expect(back.shared).toMatch(/^\[not sent: object\]/);
    expect(back.nested).toBe('[not sent: object] [object Object]');
    expect(back.proxy).toMatch(/^\[not sent: object\]/);
    expect([back.fine, back.also]).toEqual([{ a: [1] }, 2]);
    error.port.close();
  });

  it('what was begun before the failure leaves nothing behind', () => {
    const shared = { s: 1 };
    const bytes = new Uint8Array(8).fill(7);
    const error = Object.assign(new Error('x'), {
      bad: [shared, bytes, new Map([[shared, bytes]]), 'text', () => 1],
      good: [shared, bytes, 'other', shared],
    });
    const back = roundTripError(error);
    expect(back.bad).toMatch(/^\[not sent: object\]/);
    const good = back.good as unknown[];
    expect(good).toEqual([{ s: 1 }, bytes, 'other', { s: 1 }]);
    expect(good[0]).toBe(good[3]);
  });

  it('a cause that is no value, getters that throw, a stack that is no string', () => {
    const error = new Error('x', { cause: () => 1 });
    Object.defineProperty(error, 'stack', { value: 7 });
    Object.defineProperty(error, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    Object.defineProperty(error, 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    const back = roundTripError(error);
    expect(back.cause).toBe('[not sent: function] () => 1');
    expect(back.bad).toBe('[not sent: undefined] undefined');
    expect(back.message).toBe('');
    expect(typeof back.stack).toBe('string');
  });

  it('a message that is no string, by its text', () => {
    const messages: readonly (readonly [unknown, string])[] = [
      [{ reason: 'quota' }, '[object Object]'],
      [5, '5'],
      [null, 'null'],
      [Symbol('s'), 'Symbol(s)'],
      [Object.create(null), 'a value without a text form'],
      [undefined, ''],
    ];
    for (const [message, text] of messages) {
      const error = Object.assign(new Error('x'), { message });
      for (const back of [roundTripError(error), roundTrip(error)]) expect(back.message).toBe(text);
    }
  });

  it('errors inside ordinary results, likewise: the result itself still arrives', () => {
    const error = Object.assign(new Error('x', { cause: { f: () => 1 } }), {
      shared: new SharedArrayBuffer(1),
    });
    const [back, one] = roundTrip([error, 1]) as [Error & { shared: unknown }, number];
    expect(one).toBe(1);
    expect(back.cause).toBe('[not sent: object] [object Object]');
    expect(back.shared).toMatch(/^\[not sent: object\]/);
  });
});

describe('whatever is thrown arrives', () => {
  const hostile = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('trap');
    },
    getPrototypeOf: () => {
      throw new Error('trap');
    },
    ownKeys: () => {
      throw new Error('trap');
    },
  });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const values: [string, unknown, unknown][] = [
    ['undefined', undefined, undefined],
    ['null', null, null],
    ['a string', 'oops', 'oops'],
    ['a number', -0, -0],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', () => 1, '() => 1'],
    ['a bigint', 7n, 7n],
    ['an object', { code: 1, list: [1, { a: new Date(3) }] }, { code: 1, list: [1, { a: new Date(3) }] }],
    ['an object like an error', { name: 'X', message: 'm' }, { name: 'X', message: 'm' }],
    ['an object that cannot be sent', { f: () => 1 }, '[object Object]'],
    [
      'one without a text form',
      Object.assign(Object.create(null), { f: () => 1 }),
      'a value without a text form',
    ],
    ['a hostile Proxy', hostile, 'a value without a text form'],
    ['a revoked Proxy', revoked, 'a value without a text form'],
    ['a promise', Promise.resolve(1), '[object Promise]'],
    ['a buffer too large', new Uint8Array(1 << 20), expect.stringMatching(/^0,0,0/)],
  ];
  it.each(values)('%s', (_, thrown, back) => {
    const error = roundTripError(thrown, 'Error\n    at submit (main.js:1:2)');
    expect(error).toBeInstanceOf(NonErrorThrown);
    expect(error.code).toBe('ERR_TASK_THREW_NON_ERROR');
    expect(error.thrown).toEqual(back);
    expect(error.stack).toContain('at submit (main.js:1:2)');
  });

  it('errors by prototype only, and errors whose prototype is gone', () => {
    const byPrototype = Object.assign(Object.create(TypeError.prototype), { message: 'm', extra: 1 });
    const back = roundTripError(byPrototype);
    expect(back).toBeInstanceOf(TypeError);
    expect([back.message, back.extra]).toEqual(['m', 1]);
    const bare = roundTripError(Object.setPrototypeOf(new Error('bare'), null));
    expect(bare).toBeInstanceOf(Error);
    expect(bare.message).toBe('bare');
  });

  it('huge ones, cut', () => {
    const error = Object.assign(new Error('m'.repeat(1 << 20)), {
      code: 'E',
      big: new Uint8Array(1 << 20),
      ...Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`p${i}`, i])),
    });
    const length = encodeError(encoder, error);
    expect(length).toBeLessThan(400_000);
    const target = new Uint8Array(length);
    encoder.copyTo(target, 0);
    const back = decodeError(decoder, target, 0, length).error as Error & Record<string, unknown>;
    expect(back.message).toMatch(/^m{65536}… \[983040 more characters\]$/);
    expect(back.code).toBe('E');
    expect(back.big).toMatch(/^\[not sent: object\] 0,0/);
    expect(Object.keys(back)).toHaveLength(ERROR_LIMITS.properties);
  });

  it('trees of very many errors, cut', () => {
    const errors = Array.from({ length: 20_000 }, (_, i) => new Error(`${i} ${'x'.repeat(500)}`));
    const length = encodeError(encoder, new AggregateError(errors, 'all'));
    expect(length).toBeLessThan(8_000_000);
    const target = new Uint8Array(length);
    encoder.copyTo(target, 0);
    expect(decodeError(decoder, target, 0, length).error.message).toBe('all');
    let chain = new Error('end');
    for (let i = 0; i < 20_000; i++) chain = new Error(`${i}`, { cause: chain });
    let back: unknown = roundTripError(chain);
    let count = 0;
    while (back instanceof Error) {
      back = back.cause;
      count++;
    }
    expect(count).toBe(ERROR_LIMITS.errors);
    expect(back).toMatch(/^\[not sent: object\] Error: \d+$/);
  });

  it('deeply nested properties become their text', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = [deep];
    const back = roundTripError(Object.assign(new Error('x'), { deep, after: 2 }));
    expect(back.deep).toMatch(/^\[not sent: object\]/);
    expect(back.after).toBe(2);
  });

  it('while an encode is under way', () => {
    let inner: Error | undefined;
    const value = {
      get x() {
        inner = roundTripError(new RangeError('inside'));
        return 1;
      },
    };
    expect(roundTrip(value)).toEqual({ x: 1 });
    expect(inner).toBeInstanceOf(RangeError);
  });
});
