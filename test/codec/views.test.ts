import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryValue } from './arbitrary.ts';
import { decoder, encoder, roundTrip, roundTripBeside } from './round-trip.ts';
import { difference } from './same.ts';

const ascending = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i);

describe('views and buffers', () => {
  it('share a buffer as before, with the same offsets', () => {
    const { buffer } = ascending(32);
    const value = {
      a: new Uint8Array(buffer, 4, 8),
      b: new Float64Array(buffer, 8, 2),
      c: new DataView(buffer, 1, 3),
    };
    expect(difference(roundTrip(value), structuredClone(value))).toBeUndefined();
    const withBuffer = [new Uint8Array(buffer, 4, 8), buffer, buffer];
    expect(difference(roundTrip(withBuffer), structuredClone(withBuffer))).toBeUndefined();
    const many = Array.from(
      { length: 40 },
      (_, i) => new Uint8Array(i % 2 ? buffer : new ArrayBuffer(8), i % 8, 1),
    );
    const sharedMany = [...many, ...many.map((view) => view.buffer)];
    expect(difference(roundTrip(sharedMany), structuredClone(sharedMany))).toBeUndefined();
  });

  it('that cover their buffer arrive as from structuredClone, of every kind', () => {
    const value = [
      ...[
        new Int8Array(3),
        new Uint8ClampedArray([1, 300]),
        new Int16Array([1, -2]),
        new Uint16Array([1, 2]),
      ],
      ...[new Int32Array([1]), new Uint32Array([1]), new Float32Array([1.5]), new Float64Array([NaN, -0])],
      ...[
        new BigInt64Array([-1n]),
        new BigUint64Array([1n]),
        new DataView(new ArrayBuffer(3)),
        new ArrayBuffer(5),
      ],
      ...[new Uint8Array(0), new Float64Array(1_000).fill(2.5)],
    ];
    expect(difference(roundTrip(value), structuredClone(value))).toBeUndefined();
  });

  it('alone on a part of their buffer bring that part only (the one deviation)', () => {
    const big = ascending(200);
    const back = roundTrip({ part: big.subarray(10, 14) }).part;
    expect([...back]).toEqual([10, 11, 12, 13]);
    expect(back.byteOffset).toBe(0);
    expect(back.buffer.byteLength).toBe(4);
    const data = roundTrip(new DataView(big.buffer, 16, 2));
    expect([data.byteOffset, data.buffer.byteLength, data.getUint8(1)]).toEqual([0, 2, 17]);
    const doubles = roundTrip(new Float64Array(new Float64Array([1, 2, 3]).buffer, 8, 1));
    expect([doubles[0], doubles.byteOffset, doubles.buffer.byteLength]).toEqual([2, 0, 8]);
  });

  it('that are Node Buffers arrive as Uint8Array and never bring their pool', () => {
    const secret = Buffer.from('a secret in the pool');
    const one = Buffer.from('one');
    const two = Buffer.from('two');
    expect(one.buffer).toBe(two.buffer);
    const length = encoder.encode([one, two, one], 'args');
    const bytes = new Uint8Array(length);
    encoder.copyTo(bytes, 0);
    expect(Buffer.from(bytes).includes(secret)).toBe(false);
    const [a, b, again] = decoder.decode(bytes, 0, length) as [Uint8Array, Uint8Array, Uint8Array];
    expect(Object.getPrototypeOf(a)).toBe(Uint8Array.prototype);
    expect([String.fromCharCode(...a), String.fromCharCode(...b)]).toEqual(['one', 'two']);
    expect([a.buffer.byteLength, b.buffer.byteLength]).toEqual([3, 3]);
    expect(again).toBe(a);
    const whole = Buffer.alloc(10);
    const value = [whole, whole.buffer];
    expect(difference(roundTrip(value), structuredClone(value))).toBeUndefined();
  });

  it('of big arrays never refer to the message or the sender', () => {
    const big = ascending(100_000);
    const [back] = roundTrip([big]);
    expect(difference(back, big.slice())).toBeUndefined();
    big.fill(0);
    expect(back![1]).toBe(1);
    expect(structuredClone(back!.buffer, { transfer: [back!.buffer as ArrayBuffer] }).byteLength).toBe(
      100_000,
    );
  });

  it('on resizable buffers keep being resizable and tracking', () => {
    const Resizable = ArrayBuffer as unknown as new (n: number, o: { maxByteLength: number }) => ArrayBuffer;
    const buffer = new Resizable(8, { maxByteLength: 64 });
    new Uint8Array(buffer).set([1, 2, 3]);
    const value = { tracking: new Uint8Array(buffer), fixed: new Uint8Array(buffer, 1, 2), buffer };
    const back = roundTrip(value);
    expect(difference(back, structuredClone(value))).toBeUndefined();
    (back.buffer as unknown as { resize(n: number): void }).resize(16);
    expect([back.tracking.length, back.fixed.length, back.tracking[1]]).toEqual([16, 2, 2]);
    const alone = new Uint8Array(buffer, 1, 2);
    expect(difference(roundTrip([alone]), structuredClone([alone]))).toBeUndefined();
  });

  it('that are detached are refused, with their path', () => {
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    for (const value of [buffer, view]) {
      expect(() => encoder.encode([1, { value }], 'args')).toThrow(
        expect.objectContaining({ code: 'ERR_SERIALIZE', path: 'args[1].value' }),
      );
    }
  });

  it('detached by a getter after they were read are refused', () => {
    const view = new Uint8Array(16);
    const value = {
      view,
      get late() {
        return structuredClone(view.buffer, { transfer: [view.buffer] }).byteLength;
      },
    };
    expect(() => encoder.encode(value, 'result')).toThrow(
      expect.objectContaining({ code: 'ERR_RESULT_SERIALIZE' }),
    );
  });
});

describe('byte arrays beside the message', () => {
  it('are the same values, of memory of their own', () => {
    const big = ascending(100);
    const value = [
      big,
      new Uint8Array(big.buffer, 10, 4),
      big.subarray(0, 3).slice(),
      new Float64Array(40),
      'text',
    ];
    const { back, moved } = roundTripBeside(value, 64);
    expect(moved).toBe(2);
    expect(difference(back, structuredClone(value))).toBeUndefined();
    const [whole, part] = back as unknown as Uint8Array[];
    expect(part!.buffer).toBe(whole!.buffer);
    whole![10] = 77;
    expect([part![0], big[10]]).toEqual([77, 10]);
  });

  it('leave the small ones and the resizable ones in it', () => {
    const Resizable = ArrayBuffer as unknown as new (n: number, o: { maxByteLength: number }) => ArrayBuffer;
    const resizable = new Resizable(80, { maxByteLength: 160 });
    const value = [ascending(63), new Uint8Array(resizable)];
    const { back, moved } = roundTripBeside(value, 64);
    expect(moved).toBe(0);
    expect(difference(back, structuredClone(value))).toBeUndefined();
  });

  it('arrive as from structuredClone, whatever is large', () => {
    fc.assert(
      fc.property(arbitraryValue, fc.constantFrom(0, 1, 8, 100), (value, least) => {
        expect(difference(roundTripBeside(value, least).back, roundTrip(value))).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('are asked for between encode and copyTo only, and must be there to decode', () => {
    const length = encoder.encode([ascending(100)], 'result');
    const { bytes, beside } = encoder.putBeside(64);
    expect(bytes).toBeLessThan(length);
    const message = new Uint8Array(bytes);
    encoder.copyTo(message, 0);
    expect(() => encoder.putBeside(64)).toThrow('putBeside()');
    const corrupt = expect.objectContaining({ code: 'ERR_CORRUPT' });
    expect(() => decoder.decode(message, 0, bytes)).toThrow(corrupt);
    expect(() => decoder.decode(message, 0, bytes, [new ArrayBuffer(99)])).toThrow(corrupt);
    expect(difference(decoder.decode(message, 0, bytes, beside), [ascending(100)])).toBeUndefined();
  });
});
