// Shared memory that a message refers to and that travels beside it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Encoder, NEEDS_PORT } from '../../src/codec/index.ts';
import { arbitraryValue } from './arbitrary.ts';
import { decoder, encoder } from './round-trip.ts';
import { difference } from './same.ts';

/** As between threads: the buffers arrive as objects of their own, on the same memory. */
function roundTrip<T>(value: T): { readonly back: T; readonly shared: readonly SharedArrayBuffer[] } {
  const length = encoder.encode(value, 'result', true);
  if (length === NEEDS_PORT) throw new Error('needs a port');
  const { shared } = encoder;
  const bytes = new Uint8Array(length);
  encoder.copyTo(bytes, 0);
  const beside = structuredClone(shared);
  return { back: decoder.decode(bytes, 0, length, [], beside) as T, shared };
}

type View = new (buffer: SharedArrayBuffer, offset?: number, length?: number) => ArrayBufferView;
const VIEWS = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
] as unknown as readonly View[];
const growable = (bytes: number): SharedArrayBuffer =>
  new (SharedArrayBuffer as unknown as new (n: number, o: object) => SharedArrayBuffer)(bytes, {
    maxByteLength: 128,
  });

/** Shared memory of a value, each buffer marked by its first byte. */
const buffersOf = (): SharedArrayBuffer[] =>
  [new SharedArrayBuffer(64), new SharedArrayBuffer(16), growable(32), new SharedArrayBuffer(1)].map(
    (buffer, i) => {
      new Uint8Array(buffer)[0] = i + 1;
      return buffer;
    },
  );

/** A graph in which shared memory and views on it stand anywhere, often the same ones. */
const withShared = fc
  .record({
    other: arbitraryValue,
    places: fc.array(
      fc.record({ buffer: fc.nat(3), kind: fc.nat(12), seed: fc.nat(1000), holder: fc.nat(7) }),
      { minLength: 1, maxLength: 40 },
    ),
  })
  .map(({ other, places }) => {
    const buffers = buffersOf();
    const made: object[] = [];
    const held = places.map(({ buffer: which, kind, seed, holder }) => {
      const buffer = buffers[which]!;
      const again = seed % 3 === 0 && made.length > 0;
      const one = again ? made[seed % made.length]! : viewOf(buffer, kind, seed);
      made.push(one);
      return hold(one, holder, other);
    });
    return { buffers: buffers.slice(0, places.length % 5), held, other };
  });

function viewOf(buffer: SharedArrayBuffer, kind: number, seed: number): object {
  const Kind = VIEWS[kind];
  if (Kind === undefined || buffer.byteLength < 16) return buffer;
  return [() => new Kind(buffer), () => new Kind(buffer, 8), () => new Kind(buffer, 8, 1)][seed % 3]!();
}

class Holder {
  readonly view: object;
  constructor(view: object) {
    this.view = view;
  }
}

function hold(one: object, holder: number, other: unknown): unknown {
  const holders = [
    one,
    { one, other },
    [one, other],
    new Map([['key', one]]),
    new Map([[one, 1]]),
    new Set([one]),
    new Holder(one),
    Object.assign(Object.create(null) as object, { one }),
  ];
  return holders[holder];
}

/** First bytes of the memory, lengths and growth of everything shared in a value, in the order it is met. */
function sharedIn(value: unknown): unknown[] {
  const found: unknown[] = [];
  const seen = new Set<unknown>();
  const go = (at: unknown): void => {
    if (typeof at !== 'object' || at === null || seen.has(at)) return;
    seen.add(at);
    const buffer = ArrayBuffer.isView(at) ? at.buffer : at;
    if (buffer instanceof SharedArrayBuffer) {
      const { growable: grows, maxByteLength } = buffer as unknown as Record<string, unknown>;
      found.push([new Uint8Array(buffer)[0], (at as Uint8Array).byteLength, grows, maxByteLength]);
    } else if (at instanceof Map) for (const entry of at) entry.forEach(go);
    else if (at instanceof Set) at.forEach(go);
    else for (const key of Object.keys(at)) go((at as Record<string, unknown>)[key]);
  };
  go(value);
  return found;
}

describe('shared memory inside a value', () => {
  it('is the same memory, with the identities of structuredClone', () => {
    fc.assert(
      fc.property(withShared, (value) => {
        const { back, shared } = roundTrip(value);
        const expected = structuredClone(value);
        expect(difference(back.held, expected.held)).toBeUndefined();
        expect(difference(back.buffers, expected.buffers)).toBeUndefined();
        expect(sharedIn(back)).toEqual(sharedIn(value));
        expect(new Set(shared).size).toBe(shared.length);
        for (const buffer of value.buffers) {
          new Uint8Array(buffer).fill(9);
          const twin = back.buffers[value.buffers.indexOf(buffer)]!;
          expect(new Uint8Array(twin).every((byte) => byte === 9)).toBe(true);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('two views on one buffer share it, and one view twice is one', () => {
    const buffer = new SharedArrayBuffer(64);
    const view = new Float64Array(buffer, 8, 2);
    const { back, shared } = roundTrip({ view, again: [view], other: new Uint8Array(buffer), buffer });
    expect(shared).toEqual([buffer]);
    expect(back.again[0]).toBe(back.view);
    expect(back.other.buffer).toBe(back.buffer);
    expect(back.view.buffer).toBe(back.buffer);
    back.view[1] = 5;
    expect(view[1]).toBe(5);
  });

  it('beyond the depth of one walk, too', () => {
    const buffer = new SharedArrayBuffer(8);
    let value: unknown = [buffer, new Int32Array(buffer)];
    for (let i = 0; i < 1000; i++) value = { value };
    let { back } = roundTrip(value);
    for (let i = 0; i < 1000; i++) back = (back as { value: unknown }).value;
    const [memory, view] = back as [SharedArrayBuffer, Int32Array];
    expect(view.buffer).toBe(memory);
  });

  it('thousands of buffers, each once', () => {
    const buffers = Array.from({ length: 3000 }, () => new SharedArrayBuffer(4));
    const value = [...buffers, ...buffers.map((buffer) => new Int32Array(buffer))];
    const { back, shared } = roundTrip(value);
    expect(shared).toHaveLength(3000);
    expect((back[3001] as Int32Array).buffer).toBe(back[1]);
  });

  it('views that grow with their buffer still do, others do not', () => {
    const buffer = growable(32);
    const value = [new Uint8Array(buffer), new Uint8Array(buffer, 8), new Uint8Array(buffer, 0, 32)] as const;
    const data = [new DataView(buffer, 8), new DataView(buffer, 8, 24)] as const;
    const doubles = [new Float64Array(buffer, 8), new Float64Array(buffer, 8, 3)] as const;
    const { back } = roundTrip([...value, ...data, ...doubles]);
    (buffer as unknown as { grow(n: number): void }).grow(64);
    expect(back.map((view) => view.byteLength)).toEqual([64, 56, 32, 56, 24, 56, 24]);
  });

  it('views of classes of the user’s become those of the language', () => {
    class Mine extends Int16Array<SharedArrayBuffer> {}
    const { back } = roundTrip([
      new Mine(new SharedArrayBuffer(8), 2, 2),
      Buffer.from(new SharedArrayBuffer(4)),
    ]);
    expect(back.map((view) => view.constructor.name)).toEqual(['Int16Array', 'Uint8Array']);
    expect(back[0]!.byteOffset).toBe(2);
  });

  it('of a part that cannot be sent is not taken along', () => {
    const [lost, kept] = [new SharedArrayBuffer(8), new SharedArrayBuffer(16)];
    const error = Object.assign(new Error('with parts'), { bad: [lost, () => 1], good: { kept } });
    const { back, shared } = roundTrip([error, new Uint8Array(kept)]);
    expect(shared).toEqual([kept]);
    const made = (back[0] as unknown as { good: { kept: SharedArrayBuffer }; bad: string }).good.kept;
    expect((back[1] as Uint8Array).buffer).toBe(made);
    expect((back[0] as unknown as { bad: string }).bad).toMatch(/not sent/);
  });
});

describe('a message with shared memory beside it', () => {
  it('is made only when that is asked for, and what only a port can carry still needs one', () => {
    const value = { view: new Int32Array(new SharedArrayBuffer(8)) };
    expect(encoder.encode(value, 'args')).toBe(NEEDS_PORT);
    expect(encoder.shared).toEqual([]);
    expect(encoder.encode([value, new Blob(['x'])], 'args', true)).toBe(NEEDS_PORT);
    expect(encoder.shared).toEqual([]);
    const { port1 } = new MessageChannel();
    expect(encoder.encode([value, port1], 'args', true)).toBe(NEEDS_PORT);
    port1.close();
    expect(() => encoder.encode([{ value, fn: () => 1 }], 'args', true)).toThrow(
      expect.objectContaining({ code: 'ERR_SERIALIZE', path: 'args[0].fn' }),
    );
    expect(encoder.shared).toEqual([]);
    expect(encoder.encode([value], 'args')).toBe(NEEDS_PORT);
  });

  it('has its own list when a getter encodes another', () => {
    const [outer, inner] = [new SharedArrayBuffer(8), new SharedArrayBuffer(16)];
    const own = new Encoder();
    let between: readonly SharedArrayBuffer[] = [];
    const value = {
      outer,
      get got() {
        own.encode({ inner, outer: 1 }, 'result', true);
        between = own.shared;
        own.copyTo(new Uint8Array(4096), 0);
        return new Uint8Array(outer, 1);
      },
    };
    const length = own.encode(value, 'result', true);
    expect([between, own.shared]).toEqual([[inner], [outer]]);
    expect(between[0]).toBe(inner);
    expect(own.shared[0]).toBe(outer);
    const bytes = new Uint8Array(length);
    own.copyTo(bytes, 0);
    expect(own.shared).toEqual([]);
    const back = decoder.decode(bytes, 0, length, [], [outer]) as { got: Uint8Array };
    expect(back.got.buffer).toBe(outer);
  });

  it('cannot be read without it, nor with memory that is too small', () => {
    const length = encoder.encode([new Float64Array(new SharedArrayBuffer(64), 8)], 'result', true);
    const bytes = new Uint8Array(length);
    encoder.copyTo(bytes, 0);
    const corrupt = expect.objectContaining({ code: 'ERR_CORRUPT' });
    const without: unknown[] = [
      [],
      [new SharedArrayBuffer(8)],
      [new SharedArrayBuffer(63)],
      [new ArrayBuffer(64)],
      [undefined],
    ];
    for (const shared of without)
      expect(() => decoder.decode(bytes, 0, length, [], shared as SharedArrayBuffer[])).toThrow(corrupt);
    expect(decoder.decode(bytes, 0, length, [], [new SharedArrayBuffer(64)])).toHaveLength(1);
  });

  it('that is damaged is an error or another value, never a read outside it', () => {
    const buffers = [new SharedArrayBuffer(64), growable(16)];
    const value = [new Float64Array(buffers[0]!, 8), { view: new Uint8Array(buffers[1]!) }, buffers];
    const length = encoder.encode(value, 'result', true);
    const bytes = new Uint8Array(length);
    encoder.copyTo(bytes, 0);
    fc.assert(
      fc.property(fc.nat(length - 1), fc.nat(255), (at, byte) => {
        const damaged = bytes.slice();
        damaged[at] = byte;
        try {
          decoder.decode(damaged, 0, length, [], buffers);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2000 },
    );
    expect(difference(decoder.decode(bytes, 0, length, [], buffers), value)).toBeUndefined();
  });
});
