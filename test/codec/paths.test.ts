import { describe, expect, it, vi } from 'vitest';
import { NEEDS_PORT, pathOfUncloneable } from '../../src/codec/index.ts';
import { SerializeError } from '../../src/errors.ts';
import { encoder, roundTrip } from './round-trip.ts';

/** Generous: the machine may be busy. What is tested is not how long it takes. */
vi.setConfig({ testTimeout: 120_000 });

const f = (): number => 1;

function failure(value: unknown, root: 'args' | 'result'): SerializeError {
  try {
    encoder.encode(value, root);
  } catch (error) {
    expect(error).toBeInstanceOf(SerializeError);
    return error as SerializeError;
  }
  throw new Error('it was encoded');
}

const deep = (bottom: unknown, n: number): unknown => {
  let value = bottom;
  for (let i = 0; i < n; i++) value = { n: value };
  return value;
};
const sparse: unknown[] = [];
sparse[1_000] = { f };

const cases: [string, unknown[]][] = [
  ['args[0]', [f]],
  ['args[1]', [1, Symbol('s')]],
  ['args[0].cb', [{ cb: f }]],
  ['args[0].a.b[2].c', [{ a: { b: [1, {}, { c: f }] } }]],
  ['args[0]["odd key"][0]', [{ 'odd key': [f] }]],
  ['args[0][""]', [{ '': f }]],
  ['args[0].$_aZ9', [{ $_aZ9: f }]],
  ['args[0]["9a"]', [{ '9a': f }]],
  ['args[0]["a-b"]', [{ 'a-b': f }]],
  ['args[0]["größe!"]', [{ 'größe!': f }]],
  ['args[0].größe', [{ größe: f }]],
  ['args[0].get("k")', [new Map([['k', f]])]],
  ['args[0].get(7).x', [new Map([[7, { x: f }]])]],
  ['args[0].get(null)', [new Map([[null, f]])]],
  [
    'args[0].values()[1]',
    [
      new Map<unknown, unknown>([
        [{}, 1],
        [{}, f],
      ]),
    ],
  ],
  [
    'args[0].keys()[1]',
    [
      new Map<unknown, unknown>([
        [1, 1],
        [f, 1],
      ]),
    ],
  ],
  ['args[0].values()[2]', [new Set([1, 2, f])]],
  ['args[0][1000].f', [sparse]],
  ['args[0].k', [Object.assign([1, 2], { k: f })]],
  ['args[1]', [{ fine: [] }, new WeakMap()]],
  ['args[0].p', [{ p: Promise.resolve(1) }]],
  ['args[0].p', [{ p: new Proxy({}, {}) }]],
  ['args[0].p', [{ p: new Proxy([], {}) }]],
  ['args[0].g', [{ g: (function* () {})() }]],
  ['args[0].r', [{ r: new WeakRef({}) }]],
  ['args[0].i', [{ i: [1][Symbol.iterator]() }]],
  ['args[0].i', [{ i: new Map().keys() }]],
  ['args[0].n', [{ n: new Intl.NumberFormat() }]],
  ['args[0].m', [{ m: new (Reflect.get(globalThis, 'WebAssembly').Memory)({ initial: 1 }) }]],
  ['args[0].s', [{ s: Object(Symbol()) }]],
  ['args[0].g', [{ g: globalThis }]],
  [
    'args[0].o',
    [
      new (class {
        o = f;
      })(),
    ],
  ],
  ['args[0].w', [{ w: Object.setPrototypeOf(new WeakMap(), Object.prototype) }]],
];

describe('what cannot be sent is named by its path', () => {
  it.each(cases)('%s', (path, args) => {
    const error = failure(args, 'args');
    expect(error.path).toBe(path);
    expect(error.code).toBe('ERR_SERIALIZE');
    expect(error.message).toContain(`\`${path}\``);
    expect((error.cause as Error).name).toBe('DataCloneError');
    expect(pathOfUncloneable(args, 'args')).toBe(path);
    expect(() => structuredClone(args)).toThrow();
    const back = failure(args[0] === f ? f : args, 'result');
    expect(back.code).toBe('ERR_RESULT_SERIALIZE');
    expect(back.path).toMatch(/^result/);
    expect(roundTrip([1])).toEqual([1]);
  });

  it('an arguments object', () => {
    const value = (function (..._: unknown[]) {
      // biome-ignore lint/complexity/noArguments: it is what is tested
      return arguments;
    })(1, 2);
    expect(failure([{ value }], 'args').path).toBe('args[0].value');
    expect(pathOfUncloneable([{ value }], 'args')).toBe('args[0].value');
  });

  it('result paths start at the result', () => {
    expect(failure({ items: [1, 2, 3, f] }, 'result').path).toBe('result.items[3]');
    expect(failure(f, 'result').path).toBe('result');
  });

  it('a getter that throws: its error is the cause, and it is asked once', () => {
    const cause = new Error('mine');
    let calls = 0;
    const value = {
      a: 1,
      get bad() {
        calls++;
        throw cause;
      },
    };
    const error = failure([{ value }], 'args');
    expect(error.path).toBe('args[0].value.bad');
    expect(error.cause).toBe(cause);
    expect(calls).toBe(1);
    expect(pathOfUncloneable([{ value }], 'args')).toBe('args[0].value.bad');
  });

  it('below what nesting put off, and cut to a readable length', () => {
    const error = failure([deep({ list: [f] }, 130)], 'args');
    expect(error.path).toBe(`args[0]${'.n'.repeat(130)}.list[0]`);
    const far = failure([deep({ list: [f] }, 50_000)], 'args');
    expect(far.path).toMatch(/^args\[0\](\.n)+\.? … .*\.n\.list\[0\]$/);
    expect(far.path.length).toBeLessThan(600);
  });

  it('pathOfUncloneable gives the root when it finds nothing, and survives cycles', () => {
    const cycle: unknown[] = [new Blob(['x']), new SharedArrayBuffer(1), { a: 1 }];
    cycle.push(cycle);
    expect(pathOfUncloneable(cycle, 'args')).toBe('args');
  });

  it.each(['', '7a', 'a7', 'größe'])('pathOfUncloneable takes the key %j of an array for a name', (key) => {
    const array = Object.assign([1], { [key]: f });
    const found = /^\p{ID_Start}/u.test(key) ? `args.${key}` : `args[${JSON.stringify(key)}]`;
    expect(pathOfUncloneable(array, 'args')).toBe(found);
    expect(pathOfUncloneable([1, f], 'args')).toBe('args[1]');
  });

  it('pathOfUncloneable names what must be moved and is not in the transfer list', () => {
    const { port1 } = new MessageChannel();
    expect(pathOfUncloneable([{ port1 }], 'args')).toBe('args[0].port1');
    expect(pathOfUncloneable([{ port1 }], 'args', [port1])).toBe('args');
    expect(pathOfUncloneable([1, new ReadableStream()], 'args')).toBe('args[1]');
    port1.close();
  });

  it.each([
    ['a URL', new URL('http://a/')],
    ['Headers', new Headers({ a: 'b' })],
  ])('%s, where this Node clones it at all', (_, value) => {
    let cloneable = true;
    try {
      structuredClone(value);
    } catch {
      cloneable = false;
    }
    if (cloneable) expect(encoder.encode([value], 'args')).toBe(NEEDS_PORT);
    else expect(() => encoder.encode([value], 'args')).toThrow('args[0]');
  });
});
