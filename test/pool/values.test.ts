import { MessageChannel, type MessagePort } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejection, startPool } from './pools.ts';

/** Values of every kind structured clone knows, nested. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('leaf'),
    tie('list'),
    tie('record'),
    tie('keyed'),
  ),
  leaf: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, Number.NaN, '\ud800', '', '__proto__'),
    fc.date({ noInvalidDate: false }),
    fc.constantFrom(/a+b/gi, /(?<n>.)\k<n>/su),
    fc.uint8Array().map((bytes) => bytes.buffer),
    fc.uint8Array(),
    fc.float64Array(),
    fc.int16Array().map((a) => a.subarray(a.length >> 1)),
    fc.bigInt64Array(),
    fc.uint8Array().map((bytes) => new DataView(bytes.buffer)),
    fc.boolean().map((b) => Object(b) as object),
    fc.string().map((s) => Object(s) as object),
    fc.constantFrom(TypeError, RangeError, Error).chain((Type) => fc.string().map((m) => new Type(m))),
  ),
  list: fc.oneof(fc.array(tie('value'), { maxLength: 5 }), fc.sparseArray(tie('value'), { maxLength: 5 })),
  record: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', '0', 'length')), tie('value'), {
    maxKeys: 5,
  }),
  keyed: fc.oneof(
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
}));

describe('what crosses', () => {
  it('is what structuredClone gives, there and back', async () => {
    const pool = await startPool();
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 6 }), async (args) => {
        const expected = structuredClone(args);
        expect(await pool.run('all', args)).toStrictEqual(expected);
        const [first] = args;
        expect(await pool.run('id', [first])).toStrictEqual(structuredClone(first));
        expect(await pool.run('asyncId', [first], { priority: 'high' })).toStrictEqual(
          structuredClone(first),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('keeps identity and cycles inside one call', async () => {
    const pool = await startPool();
    const shared = { n: 1 };
    const cyclic: Record<string, unknown> = { shared };
    cyclic['self'] = cyclic;
    const [a, b] = (await pool.run('all', [cyclic, shared])) as [typeof cyclic, object];
    expect(a['self']).toBe(a);
    expect(a['shared']).toBe(b);
  });

  it('loses what structuredClone loses', async () => {
    class Point {
      x = 1;
      get double(): number {
        return this.x * 2;
      }
    }
    const pool = await startPool();
    for (const one of [
      new Point(),
      Object.freeze({ a: 1 }),
      { [Symbol('s')]: 1, b: 2 },
      {
        get c() {
          return 3;
        },
      },
      Object.create(null),
    ]) {
      const got = await pool.run('id', [one]);
      expect(got).toStrictEqual(structuredClone(one));
      expect(Object.isFrozen(got)).toBe(Object.isFrozen(structuredClone(one)));
    }
  });

  it('is never a view into the memory of the pool', async () => {
    const pool = await startPool();
    const [a, b] = (await Promise.all([
      pool.run('id', [new Uint8Array([1, 2, 3])]),
      pool.run('id', [Buffer.from('abc')]),
    ])) as [Uint8Array, Uint8Array];
    for (let i = 0; i < 2000; i++) void pool.run('id', [new Uint8Array(64).fill(255)]);
    await pool.drain();
    expect([...a]).toEqual([1, 2, 3]);
    expect(a.buffer.byteLength).toBe(3);
    expect([...b]).toEqual([97, 98, 99]);
  });

  it('may be larger than the rings of the pool', async () => {
    const pool = await startPool();
    const text = 'é'.repeat(3_000_000);
    expect(await pool.run('id', [text])).toBe(text);
    const bytes = new Uint8Array(5_000_000).fill(3);
    const back = (await pool.run('id', [bytes])) as Uint8Array;
    expect(Buffer.compare(back, bytes)).toBe(0);
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, i) => pool.run('id', [new Uint8Array(200_000).fill(i)])),
    );
    for (const [i, got] of many.entries()) {
      expect((got as Uint8Array).length).toBe(200_000);
      expect((got as Uint8Array)[199_999]).toBe(i);
    }
    expect(pool.stats().memory.payloadBytes).toBe(0);
  });
});

describe('shared memory', () => {
  it('passes by reference, alone and inside other values', async () => {
    const pool = await startPool();
    const words = new Int32Array(new SharedArrayBuffer(8));
    await Promise.all(Array.from({ length: 100 }, () => pool.run('increment', [words])));
    expect(words[0]).toBe(100);
    const back = (await pool.run('id', [{ deep: [words] }])) as { deep: [Int32Array] };
    back.deep[0][1] = 7;
    expect(words[1]).toBe(7);
    expect(await pool.run('typeName', [words.buffer])).toBe('[object SharedArrayBuffer]');
  });
});

describe('errors beside what needs a port', () => {
  const failures = (): Record<string, Error> => {
    const coded = Object.assign(new TypeError('coded'), { code: 'C', details: { at: [1, 2] } });
    const cyclic = new Error('cyclic');
    cyclic.cause = cyclic;
    const all = new AggregateError([coded, new RangeError('range')], 'all');
    return { coded, cyclic, all, dom: new DOMException('stop', 'AbortError') };
  };
  const expectWhole = (back: Record<string, Error>): void => {
    const { coded, cyclic, all, dom } = back;
    expect(coded).toBeInstanceOf(TypeError);
    expect(coded).toMatchObject({ message: 'coded', code: 'C', details: { at: [1, 2] } });
    expect(coded!.stack).toContain('values.test');
    expect(cyclic!.cause).toBe(cyclic);
    expect(all).toBeInstanceOf(AggregateError);
    expect((all as AggregateError).errors[0]).toBe(coded);
    expect((all as AggregateError).errors[1]).toBeInstanceOf(RangeError);
    expect(dom).toBeInstanceOf(DOMException);
    expect(dom).toMatchObject({ name: 'AbortError', message: 'stop', code: 20 });
  };

  it('keep what they keep elsewhere, there and back', async () => {
    const pool = await startPool({ workers: 1 });
    const words = new Int32Array(new SharedArrayBuffer(4));
    for (const beside of [words, words.buffer, new Blob(['b']), [words, { words }]]) {
      const back = (await pool.run('id', [{ ...failures(), beside, again: beside }])) as Record<
        string,
        never
      >;
      expectWhole(back);
      expect(back['again']).toBe(back['beside']);
    }
    const back = (await pool.run('asyncId', [{ ...failures(), words }])) as Record<string, never>;
    expectWhole(back);
    Atomics.store(words, 0, 7);
    expect((back['words'] as Int32Array | undefined)?.[0]).toBe(7);
  });

  it('and what is moved with them is moved', async () => {
    const pool = await startPool({ workers: 1 });
    const { port1, port2 } = new MessageChannel();
    const bytes = new Uint8Array([1, 2, 3]);
    const all = { ...failures(), bytes };
    const running = pool.run('errorCodes', [all, port2], { transfer: [bytes.buffer, port2] });
    expect(bytes.byteLength).toBe(0);
    expect(await running).toEqual(['C', 3]);
    expect(await new Promise((resolve) => port1.once('message', resolve))).toBe('C');
    port1.close();

    const back = (await pool.run('movedWithError', ['E_MOVED'])) as {
      readonly error: Error & { readonly sent: MessagePort; readonly unsent: unknown };
      readonly bytes: Uint8Array;
      readonly port: MessagePort;
    };
    expect(back.error).toMatchObject({ message: 'beside', code: 'E_MOVED' });
    expect(back.error.sent).toBe(back.port);
    expect(back.error.unsent).toMatch(/^\[not sent: object\]/);
    expect(back.bytes).toEqual(new Uint8Array([1, 2, 3]));
    back.port.close();
  });

  it('the list of what is moved is checked as ever', async () => {
    const pool = await startPool({ workers: 1 });
    const { port1, port2 } = new MessageChannel();
    const bytes = new Uint8Array(4);
    const list = [bytes.buffer, {}] as unknown as ArrayBuffer[];
    expect(await rejection(pool.run('id', [failures(), bytes], { transfer: list }))).toMatchObject({
      code: 'ERR_TRANSFER',
    });
    expect(bytes.byteLength).toBe(4);
    expect(await rejection(pool.run('id', [failures(), { port2 }]))).toMatchObject({
      code: 'ERR_SERIALIZE',
      path: 'args[1].port2',
    });
    port1.close();
  });
});

describe('transfer', () => {
  it('moves array buffers to the task', async () => {
    const pool = await startPool();
    const bytes = new Uint8Array([1, 2, 3]);
    const running = pool.run('id', [{ bytes }], { transfer: [bytes.buffer] });
    expect(bytes.byteLength).toBe(0);
    expect(await running).toEqual({ bytes: new Uint8Array([1, 2, 3]) });
  });

  it('moves array buffers back', async () => {
    const pool = await startPool();
    const noise = (await pool.run('noise', [1000])) as Uint8Array;
    expect(noise.length).toBe(1000);
    expect(noise[999]).toBe(7);
  });

  it('moves ports both ways', async () => {
    const pool = await startPool();
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => port1.once('message', resolve));
    port1.postMessage(21);
    expect(await pool.run('double', [port2], { transfer: [port2] })).toBe(21);
    expect(await answer).toBe(42);

    const port = (await pool.run('newPort')) as MessagePort;
    const next = new Promise((resolve) => port.once('message', resolve));
    port.postMessage(1);
    expect(await next).toBe(2);
    port.close();
  });

  it('moves streams both ways', async () => {
    const pool = await startPool({ workers: 1 });
    const numbers = new ReadableStream<number>({
      start(controller) {
        for (let n = 1; n <= 100; n++) controller.enqueue(n);
        controller.close();
      },
    });
    expect(await pool.run('sum', [numbers], { transfer: [numbers] })).toBe(5050);

    const { stream } = (await pool.run('numbersStream', [100])) as { stream: ReadableStream<number> };
    let total = 0;
    for await (const n of stream) total += n;
    expect(total).toBe(5050);

    const written: number[] = [];
    // The last chunk may come after the task's result, and the result after the last chunk.
    let closed = (): void => {};
    const whole = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const sink = new WritableStream<number>({ write: (n) => void written.push(n), close: () => closed() });
    await Promise.all([pool.run('writeNumbers', [sink, 5], { transfer: [sink] }), whole]);
    expect(written).toEqual([1, 2, 3, 4, 5]);
  });

  it('detaches nothing when the list or the arguments are wrong', async () => {
    const pool = await startPool({ workers: 1 });
    const bytes = new Uint8Array(4);
    const wrong: readonly unknown[][] = [
      [bytes],
      [bytes.buffer, bytes.buffer],
      [bytes.buffer, new SharedArrayBuffer(1)],
      [bytes.buffer, 5],
      [bytes.buffer, {}],
    ];
    for (const transfer of wrong) {
      const error = await rejection(pool.run('id', [bytes], { transfer: transfer as ArrayBuffer[] }));
      expect(error).toMatchObject({ code: 'ERR_TRANSFER' });
      expect(bytes.byteLength).toBe(4);
    }
    const error = await rejection(pool.run('id', [bytes, { f: () => {} }], { transfer: [bytes.buffer] }));
    expect(error).toMatchObject({ code: 'ERR_SERIALIZE', path: 'args[1].f' });
    expect(bytes.byteLength).toBe(4);
  });

  it('inside another value is refused, with what to do', async () => {
    const pool = await startPool({ workers: 1 });
    for (const beside of [1, new SharedArrayBuffer(4), [new SharedArrayBuffer(4), new Error('x')], 'twice']) {
      const error = await rejection(pool.run('nestedTransfer', [beside]));
      const path = beside === 'twice' ? 'result' : 'result.bytes';
      expect(error).toMatchObject({ code: 'ERR_RESULT_SERIALIZE', path });
      expect(error.message).toContain(`\`${path}\``);
      expect(error.message).toContain('return transfer({ bytes, n }, [bytes.buffer])');
    }
    expect(await pool.run('noise', [8])).toHaveLength(8);
  });

  it('names a result that cannot be moved, and keeps the worker', async () => {
    const pool = await startPool({ workers: 1 });
    expect(await rejection(pool.run('badTransfer'))).toMatchObject({ code: 'ERR_RESULT_SERIALIZE' });
    expect(await rejection(pool.run('notAList'))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(await pool.run('add', [1, 1])).toBe(2);
    expect(pool.stats().crashes).toBe(0);
  });
});

describe('what cannot cross', () => {
  it.each<[string, unknown[], string]>([
    ['a function', [() => {}], 'args[0]'],
    ['a nested function', [1, { list: [{ cb: () => {} }] }], 'args[1].list[0].cb'],
    ['a symbol', [1, Symbol('s')], 'args[1]'],
    ['a function in a map', [new Map([['k', () => {}]])], 'args[0]'],
    ['a WeakMap', [{ cache: new WeakMap() }], 'args[0].cache'],
    ['a promise', [[Promise.resolve()]], 'args[0][0]'],
    ['a port that is not moved', [new MessageChannel().port1], 'args[0]'],
  ])('%s: the path is said', async (_, args, path) => {
    const pool = await startPool({ workers: 1 });
    for (const options of [undefined, { priority: 'high' } as const]) {
      const error = await rejection(pool.run('id', args, options));
      expect(error).toMatchObject({ code: 'ERR_SERIALIZE', name: 'SerializeError' });
      expect(error['path']).toContain(path);
      expect(error.message).toContain(path);
    }
    expect(await pool.run('add', [1, 1])).toBe(2);
  });

  it('a result that needs a port: the path is said all the same', async () => {
    const pool = await startPool({ workers: 1 });
    for (const [name, path] of [
      ['functionBesideShared', 'result.a[0].cb'],
      ['functionInTransferred', 'result.a[0].cb'],
      ['portNotMoved', 'result.ports[0]'],
    ] as const) {
      const error = await rejection(pool.run(name));
      expect(error).toMatchObject({ code: 'ERR_RESULT_SERIALIZE', path });
      expect(error.message).toContain(`\`${path}\``);
      expect(error.cause).toMatchObject({ name: expect.stringMatching(/DataCloneError|TypeError/) });
    }
    expect(await pool.run('add', [1, 1])).toBe(2);
  });

  it('a result: the path is said, and the worker kept', async () => {
    const pool = await startPool({ workers: 1 });
    expect(await rejection(pool.run('returnFunction'))).toMatchObject({
      code: 'ERR_RESULT_SERIALIZE',
      path: 'result.list[1].callback',
    });
    expect(await rejection(pool.run('returnSymbol'))).toMatchObject({
      code: 'ERR_RESULT_SERIALIZE',
      path: 'result',
    });
    expect(await rejection(pool.run('throwingGetter'))).toMatchObject({
      code: 'ERR_RESULT_SERIALIZE',
      path: 'result.bad',
      cause: { message: 'from the getter' },
    });
    expect(await pool.run('add', [1, 1])).toBe(2);
    expect(pool.stats().crashes).toBe(0);
  });
});
