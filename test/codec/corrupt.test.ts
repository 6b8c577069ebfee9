import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MAGIC } from '../../src/codec/format.ts';
import { Decoder } from '../../src/codec/index.ts';
import { arbitraryValue } from './arbitrary.ts';
import { bytesOf, decoder, encoder, roundTrip } from './round-trip.ts';

/** Generous: the machine may be busy. What is tested is not how long it takes. */
vi.setConfig({ testTimeout: 120_000 });

const sample = (): unknown => [
  { a: 1, b: 'text', c: [1.5, 2.5], d: [{ x: 1 }, { x: 2 }] },
  new Map<unknown, unknown>([['k', new Set([1n, 2n ** 70n])]]),
  [
    new Uint8Array([1, 2, 3]),
    new Float64Array(2),
    new Date(5),
    /x/g,
    Object(1),
    Object.assign([1, 2], { n: 1 }),
  ],
  Object.assign(new RangeError('r', { cause: [1] }), { code: 'E' }),
  'é'.repeat(5_000),
];

/** Either a value or an Error comes out; reading outside would show in the guard bytes of a view's content. */
function mustSettle(bytes: Uint8Array, offset: number, length: number): void {
  try {
    decoder.decode(bytes, offset, length);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

describe('damaged bytes', () => {
  it('of any kind throw or give some value, and soon', () => {
    const bytes = bytesOf(sample());
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const damaged = bytes.slice();
          for (const [at, to] of changes) damaged[at] = to;
          mustSettle(damaged, 0, damaged.length);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(roundTrip(sample())).toEqual(sample());
  });

  it('in the words that steer, too', () => {
    const bytes = bytesOf(sample());
    const words = new Int32Array(bytes.buffer);
    const steering = words.length > 600 ? 600 : words.length;
    for (let at = 0; at < steering; at++) {
      for (const value of [0, -1, 0x7fffffff, -0x80000000, 1 << 20, words[at]! + 1, words[at]! ^ 31]) {
        const damaged = words.slice();
        damaged[at] = value;
        mustSettle(new Uint8Array(damaged.buffer), 0, bytes.length);
      }
    }
  });

  it('cut anywhere throw', () => {
    const bytes = bytesOf(sample());
    for (let length = 0; length < bytes.length; length += length < 1_000 ? 1 : 97) {
      expect(() => decoder.decode(bytes, 0, length)).toThrow(
        expect.objectContaining({ code: 'ERR_CORRUPT' }),
      );
    }
  });

  it('of nothing but noise throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 400 }), fc.boolean(), (noise, headed) => {
        const bytes = new Uint8Array(noise);
        if (headed) {
          const header = new DataView(bytes.buffer);
          header.setInt32(0, MAGIC, true);
          header.setInt32(4, bytes.length, true);
          for (let i = 8; i < 48; i += 4) header.setInt32(i, header.getUint8(i), true);
        }
        mustSettle(bytes, 0, bytes.length);
      }),
      { numRuns: 2_000 },
    );
    expect(() => decoder.decode(new Uint8Array(64), 0, 64)).toThrow('damaged');
  });

  it('are not sought outside the source', () => {
    const bytes = bytesOf([1, 2]);
    for (const [offset, length] of [
      [0, bytes.length + 1],
      [-8, 8],
      [8, bytes.length],
      [NaN, 8],
      [0, -1],
    ] as const) {
      expect(() => decoder.decode(bytes, offset, length)).toThrow(
        expect.objectContaining({ code: 'ERR_CORRUPT' }),
      );
    }
  });

  it('never bring in what lies beside the message', () => {
    const value = [new Uint8Array(16).fill(1), 'one', { a: 'x'.repeat(5_000) }];
    const length = encoder.encode(value, 'result');
    const secret = 0x5a;
    const room = new Uint8Array(new SharedArrayBuffer(length + 4_096)).fill(secret);
    encoder.copyTo(room, 2_048);
    const clean = room.slice();
    fc.assert(
      fc.property(fc.nat(length - 1), fc.nat(255), (at, to) => {
        room.set(clean);
        room[2_048 + at] = to;
        let back: unknown;
        try {
          back = decoder.decode(room, 2_048, length);
        } catch {
          return;
        }
        const text =
          JSON.stringify(back, (_, v) =>
            ArrayBuffer.isView(v) ? [...(v as Uint8Array)] : typeof v === 'bigint' ? String(v) : v,
          ) ?? '';
        if (to !== secret) expect(text).not.toMatch(/ZZ|90,90/);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('the decoder', () => {
  it('gives values that do not refer to the source', () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        const bytes = bytesOf(value);
        const fresh = new Decoder();
        const one = fresh.decode(bytes, 0, bytes.length);
        const kept = bytesOf(one);
        bytes.fill(0xff);
        expect(Buffer.compare(bytesOf(one), kept)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('does not mistake shapes whose checksums collide, nor keep more of them than it should', () => {
    const own = new Decoder();
    for (let i = 0; i < 3_000; i++) {
      const value = { [`k${i}`]: i, [`l${i % 7}`]: 1 };
      const bytes = bytesOf([value, value]);
      expect(own.decode(bytes, 0, bytes.length)).toEqual([value, value]);
    }
  });

  it('builds objects of a known shape as plain ones', () => {
    const records = Array.from({ length: 100 }, (_, i) => ({ id: i, name: `n${i}` }));
    for (let i = 0; i < 10; i++) {
      const back = roundTrip(records);
      expect(back).toStrictEqual(records);
      expect(Object.getPrototypeOf(back[0])).toBe(Object.prototype);
      expect(back[0]!.constructor).toBe(Object);
    }
  });
});
