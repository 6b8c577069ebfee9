import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { NEEDS_PORT } from '../../src/codec/index.ts';
import { arbitraryValue } from './arbitrary.ts';
import { decoder, encoder, roundTrip } from './round-trip.ts';
import { difference } from './same.ts';

function own(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: true, configurable: true };
}

/** Compared with structuredClone, and the value itself must not have been touched. */
function same(value: unknown): void {
  expect(difference(roundTrip(value), structuredClone(value))).toBeUndefined();
}

/** Generous: the machine may be busy. What is tested is not how long it takes. */
vi.setConfig({ testTimeout: 120_000 });

describe('the comparer itself', () => {
  it.each<[unknown, unknown]>([
    [0, -0],
    [Object.assign(new Array(3), { 0: 1, 2: 2 }), [1, undefined, 2]],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [[{}, {}], ((o) => [o, o])({})],
    [new Uint8Array(2), new Int8Array(2)],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Date(1), new Date(2)],
    [/a/g, /a/],
    [new Uint8Array(new ArrayBuffer(4), 2), new Uint8Array(2)],
    [Object.assign([1], { x: 1 }), [1]],
  ])('tells %o from %o', (a, b) => {
    expect(difference(a, b)).toBeDefined();
    expect(difference(a, a)).toBeUndefined();
  });
});

describe('values arrive as structuredClone would give them', () => {
  it('for arbitrary graphs', () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        expect(difference(roundTrip(value), structuredClone(value))).toBeUndefined();
      }),
      { numRuns: 1_500 },
    );
  });

  it('for arbitrary plain values', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withSparseArray: true,
          withBoxedValues: true,
          withNullPrototype: true,
          withObjectString: true,
          withUnicodeString: true,
        }),
        same,
      ),
      { numRuns: 1_000 },
    );
  });

  const self: Record<string, unknown> = { list: [] };
  self.self = self;
  (self.list as unknown[]).push(self, self.list);
  const map = new Map<unknown, unknown>();
  map.set(map, new Set([map]));
  const shared = { n: 1 };
  class Base {
    x = 1;
    get y(): number {
      return 2;
    }
  }
  class Derived extends Base {
    z = [shared];
  }
  class List extends Array<number> {}
  const dated = Object.assign(new Date(3), { extra: 1 });
  const manyKeys = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i]));
  const holey = Object.assign(new Array(5), { 1: 1, 3: 'x' });
  const manyHoles: unknown[] = [1];
  manyHoles[100] = 'far';
  manyHoles[4_294_967_290] = shared;
  const match = 'xaby'.match(/a(?<g>b)/);

  it.each<[string, unknown]>([
    ['a cycle', self],
    ['a Map as its own key', map],
    ['one object twice', { a: shared, b: shared, c: [shared] }],
    ['class instances', [new Derived(), new Base(), new Derived()]],
    ['an Array subclass', new List(1, 2, 3)],
    ['own properties of a Date are dropped', dated],
    ['an invalid Date', new Date(NaN)],
    ['more keys than a shape holds', [manyKeys, manyKeys, { ...manyKeys }]],
    ['a key longer than a shape holds', { ['k'.repeat(200)]: 1, b: 2 }],
    ['holes', [holey, manyHoles, new Array(5), new Array(500), new Array(4_294_967_295)]],
    [
      'keys on arrays',
      [Object.assign([1, 2], { x: 1, '-1': 2 }), match, Object.assign(new Array(50).fill(0), { k: 1 })],
    ],
    ['own __proto__', JSON.parse('{"__proto__": {"polluted": 1}, "a": 1}')],
    ['a null prototype', Object.assign(Object.create(null), { a: 1 })],
    ['objects of another realm', vm.runInNewContext('({ a: [1, new Map([[1, new Date(4)]])], r: /x/g })')],
    ['a Map with its prototype hidden', Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype)],
    ['an object that inherits from a Map', Object.create(new Map())],
    ['platform objects without data', [new Event('a'), new TextEncoder(), Math]],
    ['frozen objects', Object.freeze({ a: Object.freeze([1]) })],
    ['boxed values', [Object(1), Object('s'), Object(false), Object(1n), Object(-0)]],
    ['lone surrogates', ['\ud800', 'a\udc00b', { '\udfff': '\ud83d' }, '\ud800'.repeat(5_000)]],
    [
      'long strings',
      ['a'.repeat(100_000), 'é'.repeat(100_000), '日'.repeat(100_000), `${'a'.repeat(9_999)}😀`],
    ],
    [
      'an array of mixed numbers',
      [
        [1, 2.5, -0, NaN, 'x', 3],
        [[1], [2, 3], []],
      ],
    ],
    ['nested empties', [{}, [], [[]], [{}], new Map(), new Set(), '', new Uint8Array(0)]],
  ])('%s', (_, value) => {
    same(value);
  });

  it('sparse arrays take no memory for their holes', () => {
    // At eight bytes a hole these would be 24 GB.
    const far = Array.from({ length: 100 }, () => {
      const array: unknown[] = [1];
      array[30_000_000] = 'far';
      return array;
    });
    const back = roundTrip(far);
    for (const array of back) {
      expect([array.length, array[0], array[30_000_000]]).toEqual([30_000_001, 1, 'far']);
      expect(Object.keys(array)).toEqual(['0', '30000000']);
    }
  });

  it('10,000 records share one list of keys', () => {
    const records = Array.from({ length: 10_000 }, (_, i) => ({ identifier: i, description: 'd' }));
    const bytes = encoder.encode(records, 'result');
    expect(bytes).toBeLessThan(10_000 * 16 + 1_000);
    same(records);
  });

  it('10,000 records come back with one hidden class', () => {
    setFlagsFromString('--allow-natives-syntax');
    const sameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean;
    setFlagsFromString('--no-allow-natives-syntax');
    const records = Array.from({ length: 10_000 }, (_, i) => ({
      id: i,
      name: `n${i}`,
      at: i + 0.5,
      on: i % 2 === 0,
    }));
    expect(sameMap({ a: 1 }, { b: 1 })).toBe(false);
    for (let message = 0; message < 8; message++) {
      const back = roundTrip(records);
      expect(back.every((record) => sameMap(record, back[0]!))).toBe(true);
    }
  });

  it('values of other errors within data keep what structuredClone keeps, and more', () => {
    const error = Object.assign(new RangeError('far', { cause: shared }), { code: 'E_FAR' });
    const [back, again] = roundTrip([error, shared]) as [RangeError & { code: string }, object];
    expect(back).toBeInstanceOf(RangeError);
    expect(back.message).toBe('far');
    expect(back.stack).toBe(error.stack);
    expect(back.cause).toBe(again);
    expect(back.code).toBe('E_FAR');
  });
});

describe('what user code does while it is read', () => {
  it('reads each getter once and in order', () => {
    const calls: string[] = [];
    const got = (name: string, value: unknown) => ({
      get: () => {
        calls.push(name);
        return value;
      },
      enumerable: true,
    });
    const value = Object.defineProperties(
      {},
      { a: got('a', 1), b: got('b', [new Error('x')]), c: got('c', new Map()) },
    );
    roundTrip([value, value]);
    expect(calls).toEqual(['a', 'b', 'c']);
  });

  it('takes an object that changes as structuredClone does', () => {
    const make = () => {
      const value: Record<string, unknown> = {};
      Object.defineProperty(value, 'a', {
        enumerable: true,
        get() {
          delete value.b;
          value.late = 1;
          return 1;
        },
      });
      return Object.assign(value, { c: 3 }, Object.defineProperty({}, 'b', { value: 2, enumerable: true }));
    };
    const array = () => {
      const list: unknown[] = [0, 1, 2, 3, 4];
      Object.defineProperty(list, 1, { enumerable: true, get: () => `now ${(list.length = 3)}` });
      return list;
    };
    const map = () => {
      const m = new Map<unknown, unknown>();
      m.set(1, {
        get x() {
          return m.delete(2);
        },
      });
      return m.set(2, 3);
    };
    for (const build of [make, array, map]) {
      expect(difference(roundTrip(build()), structuredClone(build()))).toBeUndefined();
    }
  });

  it('does not run setters somebody put on Object.prototype', () => {
    let calls = 0;
    Object.defineProperty(Object.prototype, 'trapped', {
      configurable: true,
      get: () => 'inherited',
      set: () => {
        calls++;
      },
    });
    try {
      const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, i]));
      const value = [
        Object.defineProperty({}, 'trapped', own(1)),
        Object.defineProperty(many, 'trapped', own(2)),
      ];
      const [one, other] = roundTrip(value) as { trapped: number }[];
      expect([one?.trapped, other?.trapped, calls]).toEqual([1, 2, 0]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'trapped');
    }
  });

  it('lets a getter encode something else in the middle', () => {
    const inner = { deep: ['inner'] };
    let seen: unknown;
    const value = {
      before: [1, { two: 2 }],
      get nested() {
        seen = roundTrip(inner);
        return 'outer';
      },
      after: { three: 3 },
    };
    expect(roundTrip(value)).toEqual({ before: [1, { two: 2 }], nested: 'outer', after: { three: 3 } });
    expect(seen).toEqual(inner);
  });

  it('does not see what is changed later', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const value = { list: [1], map: new Map([[1, 1]]), bytes };
    const length = encoder.encode(value, 'result');
    const target = new Uint8Array(length);
    encoder.copyTo(target, 0);
    value.list.push(2);
    value.map.clear();
    bytes.fill(9);
    expect(decoder.decode(target, 0, length)).toEqual({
      list: [1],
      map: new Map([[1, 1]]),
      bytes: new Uint8Array([1, 2, 3]),
    });
  });

  it('does not follow enumerable keys somebody put on Object.prototype', () => {
    const polluted = Object.prototype as Record<string, unknown>;
    polluted.everywhere = 1;
    try {
      const back = roundTrip({ a: { b: 1 }, args: [{}] });
      expect(Object.keys(back)).toEqual(['a', 'args']);
      expect(Object.keys(back.a)).toEqual(['b']);
      expect(Object.hasOwn(back.args[0]!, 'everywhere')).toBe(false);
    } finally {
      delete polluted.everywhere;
    }
  });
});

describe('depth', () => {
  it('is no limit', () => {
    let chain: unknown = 'end';
    for (let i = 0; i < 100_000; i++)
      chain = i % 3 === 0 ? [chain] : i % 3 === 1 ? { chain } : new Map([[1, chain]]);
    let back = roundTrip(chain);
    for (let i = 99_999; i >= 0; i--) {
      back =
        i % 3 === 0
          ? (back as [unknown])[0]
          : i % 3 === 1
            ? (back as { chain: unknown }).chain
            : (back as Map<1, unknown>).get(1);
    }
    expect(back).toBe('end');
  });

  it('keeps identity across what was put off', () => {
    const shared = { s: 1 };
    let chain: Record<string, unknown> = { shared };
    for (let i = 0; i < 500; i++) chain = { chain, shared, view: i === 250 ? new Set([shared]) : i };
    same(chain);
  });

  it('survives a full stack: an error comes out, and the encoder works on', () => {
    const value = { a: [{ b: [{ c: 1 }] }] };
    const failures: unknown[] = [];
    const dive = (): void => {
      try {
        dive();
      } catch {
        // Where there is no room even for this, the frame above, which has a little more, catches it and tries.
        try {
          encoder.encode(value, 'result');
        } catch (error) {
          failures.push(error);
        }
      }
    };
    dive();
    expect(failures.length).toBeGreaterThan(0);
    for (const error of failures) expect((error as Error).name).toMatch(/^(SerializeError|RangeError)$/);
    same(value);
  });
});

describe('what needs a port', () => {
  const shared = new SharedArrayBuffer(8);
  it.each<[string, unknown]>([
    ['a SharedArrayBuffer', shared],
    ['a view on one', new Int32Array(shared)],
    ['one deep inside', { a: [new Map([[1, { shared }]])] }],
    ['a DataView on one', new DataView(shared)],
    ['a MessagePort', new MessageChannel().port1],
    ['a stream', new ReadableStream()],
    ['a Blob', new Blob(['x'])],
    [
      'a WebAssembly.Module',
      new (Reflect.get(globalThis, 'WebAssembly').Module)(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
    ],
  ])('%s', (_, value) => {
    expect(encoder.encode(value, 'result')).toBe(NEEDS_PORT);
    expect(encoder.encode([value], 'args')).toBe(NEEDS_PORT);
    same([1]);
  });

  it('a KeyObject', async () => {
    const { createSecretKey } = await import('node:crypto');
    expect(encoder.encode([createSecretKey(Buffer.alloc(8))], 'args')).toBe(NEEDS_PORT);
  });
});

describe('copyTo', () => {
  it('copies once per encode, and says so otherwise', () => {
    const bytes = new Uint8Array(encoder.encode(1, 'result'));
    encoder.copyTo(bytes, 0);
    expect(() => encoder.copyTo(bytes, 0)).toThrow('copyTo()');
    encoder.encode(1, 'result');
    expect(() => encoder.encode(() => 1, 'result')).toThrow();
    expect(() => encoder.copyTo(bytes, 0)).toThrow('copyTo()');
  });

  it('may go anywhere in the target, aligned or not', () => {
    const value = [1.5, 'x', [1.5, 2.5], new Float64Array([3])];
    const length = encoder.encode(value, 'result');
    for (let offset = 0; offset < 9; offset++) {
      encoder.encode(value, 'result');
      const target = new Uint8Array(new ArrayBuffer(length + 32), 3);
      encoder.copyTo(target, offset);
      expect(decoder.decode(target, offset, length)).toEqual(value);
    }
  });
});
