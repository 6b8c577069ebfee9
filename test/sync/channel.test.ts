import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Channel } from '../../src/sync/index.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('Channel', () => {
  it.each([
    [1.5],
    [Number.NaN],
    [-0],
    [new Uint8Array([1, 2, 3])],
    [new Uint8Array()],
    [null],
    ['text'],
    [[1, 2]],
    [[]],
    [{ a: [1, { b: 'x' }], c: new Map([[1, new Date(5)]]) }],
    [new Float64Array([1, 2])],
    [12n],
  ])('carries %o', (value) => {
    const channel = new Channel();
    channel.send(value);
    expect(channel.receive()).toEqual(value);
    expect(channel.used).toBe(0);
  });

  it('hands out copies', () => {
    const channel = new Channel<Uint8Array | { bytes: Uint8Array }>();
    const bytes = new Uint8Array([1, 2, 3]);
    channel.send(bytes);
    channel.send({ bytes });
    bytes.fill(9);
    const first = channel.receive() as Uint8Array;
    const second = channel.receive() as { bytes: Uint8Array };
    new Uint8Array(channel.handle.memory).fill(255, 128);
    expect([[...first], [...second.bytes]]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(first.buffer).toBeInstanceOf(ArrayBuffer);
    expect(second.bytes.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it('is full, is empty, and says so', () => {
    const channel = new Channel<number>({ capacity: 64 });
    expect(channel.tryReceive()).toBeUndefined();
    for (let n = 0; n < 4; n++) expect(channel.trySend(n)).toBe(true);
    expect(channel.trySend(4)).toBe(false);
    expect(() => channel.send(4, { timeout: 1 })).toThrow(code('ERR_WAIT_TIMEOUT'));
    expect(channel.receive()).toBe(0);
    expect(channel.trySend(4)).toBe(true);
    expect([...Array(4)].map(() => channel.tryReceive())).toEqual([1, 2, 3, 4]);
    expect(() => channel.receive({ timeout: 1 })).toThrow(code('ERR_WAIT_TIMEOUT'));
  });

  it('gives what is left after it was closed, and then nothing', async () => {
    const channel = new Channel<number>();
    channel.send(1);
    channel.send(2);
    channel.close();
    channel.close();
    expect(channel.closed).toBe(true);
    expect(() => channel.send(3)).toThrow(code('ERR_CHANNEL_CLOSED'));
    expect(() => channel.trySend(3)).toThrow(code('ERR_CHANNEL_CLOSED'));
    expect([...channel]).toEqual([1, 2]);
    expect([channel.receive(), channel.tryReceive()]).toEqual([undefined, undefined]);
    expect(await channel.receiveAsync()).toBeUndefined();
  });

  it('closes under those who wait', async () => {
    const full = new Channel<number>({ capacity: 64 });
    while (full.trySend(0));
    const sending = full.sendAsync(1);
    full.close();
    await expect(sending).rejects.toThrow(code('ERR_CHANNEL_CLOSED'));
    const empty = new Channel<number>();
    const receiving = empty.receiveAsync();
    empty.close();
    expect(await receiving).toBeUndefined();
  });

  it('lets async senders and receivers of one thread take turns', async () => {
    const channel = new Channel<number>({ capacity: 64 });
    const received: number[] = [];
    const receiver = async () => {
      for await (const n of channel) received.push(n);
    };
    const receivers = [receiver(), receiver()];
    for (let n = 0; n < 100; n++) await channel.sendAsync(n);
    channel.close();
    await Promise.all(receivers);
    expect(received.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it('refuses what cannot be sent, and is as before', () => {
    const channel = new Channel({ capacity: 256 });
    expect(() => channel.send(undefined)).toThrow(code('ERR_INVALID_ARGUMENT'));
    expect(() => channel.send({ a: () => 1 })).toThrow(code('ERR_SERIALIZE'));
    expect(() => channel.send(new SharedArrayBuffer(8))).toThrow(code('ERR_SERIALIZE'));
    expect(() => channel.send(new Uint8Array(121))).toThrow('up to 120 bytes');
    channel.send(new Uint8Array(120));
    channel.send(new Uint8Array(120));
    expect(channel.used).toBe(256);
  });

  it('lets a getter of a message send another', () => {
    const channel = new Channel();
    channel.send({
      get a() {
        channel.send('inner');
        return 1;
      },
    });
    expect([channel.receive(), channel.receive()]).toEqual(['inner', { a: 1 }]);
  });

  it('keeps the order and the content of any messages, past the end of the ring', () => {
    const message = fc.oneof(
      fc.double(),
      fc.uint8Array({ maxLength: 50 }),
      fc.record({ s: fc.string({ maxLength: 10 }) }, { noNullPrototype: true }),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(message, fc.constant(undefined)), { maxLength: 60 }), (steps) => {
        const channel = new Channel({ capacity: 512 });
        const model: unknown[] = [];
        for (const step of steps) {
          if (step === undefined) expect(channel.tryReceive()).toEqual(model.shift());
          else if (channel.trySend(step)) model.push(step);
          else expect(model.length).toBeGreaterThan(1);
        }
        channel.close();
        expect([...channel]).toEqual(model);
        expect(channel.used).toBe(0);
      }),
    );
  });
});
