import { describe, expect, it } from 'vitest';
import { roundTrip, roundTripError } from './round-trip.ts';
import { difference } from './same.ts';

const { defineProperty, getOwnPropertyDescriptor } = Object;

/** What a task may do to the globals of its thread. */
const SABOTAGE: [string, object, string][] = [
  ...['push', 'map', 'slice', 'forEach', 'filter', 'join', 'concat', 'pop', 'indexOf', 'includes'].map(
    (name): [string, object, string] => [`Array.prototype.${name}`, Array.prototype, name],
  ),
  ['Array.isArray', Array, 'isArray'],
  ['JSON.stringify', JSON, 'stringify'],
  ...[
    'keys',
    'getPrototypeOf',
    'setPrototypeOf',
    'defineProperty',
    'getOwnPropertyDescriptor',
    'entries',
  ].map((name): [string, object, string] => [`Object.${name}`, Object, name]),
  ...['get', 'set', 'has', 'delete', 'clear', 'forEach', 'entries'].map((name): [string, object, string] => [
    `Map.prototype.${name}`,
    Map.prototype,
    name,
  ]),
  ...['add', 'has', 'forEach'].map((name): [string, object, string] => [
    `Set.prototype.${name}`,
    Set.prototype,
    name,
  ]),
  ['Date.prototype.getTime', Date.prototype, 'getTime'],
  ['BigInt.prototype.toString', BigInt.prototype, 'toString'],
  ['Object.prototype.hasOwnProperty', Object.prototype, 'hasOwnProperty'],
  ...['charCodeAt', 'substring', 'slice'].map((name): [string, object, string] => [
    `String.prototype.${name}`,
    String.prototype,
    name,
  ]),
  ['String.fromCharCode', String, 'fromCharCode'],
  ['Uint8Array.prototype.set', Object.getPrototypeOf(Uint8Array.prototype) as object, 'set'],
  ['Uint8Array.prototype.subarray', Object.getPrototypeOf(Uint8Array.prototype) as object, 'subarray'],
  ...['latin1Slice', 'ucs2Slice', 'utf8Write', 'latin1Write', 'ucs2Write'].map(
    (name): [string, object, string] => [`Buffer.prototype.${name}`, Buffer.prototype, name],
  ),
  ['Buffer.allocUnsafeSlow', Buffer, 'allocUnsafeSlow'],
  ...[
    'Map',
    'Set',
    'WeakMap',
    'Date',
    'RegExp',
    'BigInt',
    'Uint8Array',
    'Int32Array',
    'ArrayBuffer',
    'Error',
  ].map((name): [string, object, string] => [name, globalThis, name]),
  ...['AggregateError', 'DOMException', 'Object', 'String', 'Function', 'Reflect', 'Atomics'].map(
    (name): [string, object, string] => [name, globalThis, name],
  ),
];

const value = (): unknown => {
  const shared = { s: [1, 'x', 2.5], t: 'text' };
  return [
    shared,
    shared,
    new Map<unknown, unknown>([['k', new Set([1n, 2n ** 70n])]]),
    [new Date(5), /x/gi, Object(1), Object.assign(new Array(50).fill(1), { extra: 1 })],
    new Uint8Array(5_000).fill(3),
    new Float64Array([1.5]),
    Array.from({ length: 30 }, (_, i) => ({ fresh: i, ['__proto__']: i })),
    'é'.repeat(5_000),
    '日'.repeat(10),
  ];
};
const thrown = (): Error =>
  Object.assign(
    new AggregateError([new RangeError('one')], 'all', { cause: new DOMException('d', 'AbortError') }),
    {
      code: 'E',
      bad: () => 1,
    },
  );

/** Each once: the first time many a function is called is what fills the codec's memories. */
describe('the codec works on after a task has replaced', () => {
  it.each(SABOTAGE)('%s', (_, holder, name) => {
    const plain = value();
    const error = thrown();
    const own = getOwnPropertyDescriptor(holder, name)!;
    const RealError = TypeError;
    const replacement = function replaced(): never {
      throw new RealError('a task replaced this');
    };
    let back: unknown;
    let backError: unknown;
    let failed: unknown;
    defineProperty(holder, name, { ...own, value: replacement });
    try {
      back = roundTrip(plain);
      backError = roundTripError(error);
    } catch (caught) {
      failed = caught;
    } finally {
      defineProperty(holder, name, own);
    }
    expect(failed).toBeUndefined();
    expect(difference(back, plain)).toBeUndefined();
    const { message, cause, errors, code, bad } = backError as AggregateError & Record<string, unknown>;
    expect([message, code, bad]).toEqual(['all', 'E', '[not sent: function] () => 1']);
    expect((cause as DOMException).name).toBe('AbortError');
    expect(errors[0]).toBeInstanceOf(RangeError);
  });
});
