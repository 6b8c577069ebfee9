// More threads than cores, and everything counted.
import { describe, expect, it } from 'vitest';
import { Barrier, Channel, Latch, Mutex, RwLock, Semaphore } from '../../../dist/src/sync/index.js';
import { Crew, cells } from './crew.ts';

const four = [0, 1, 2, 3];

describe('threads that share', () => {
  it('a mutex: blocked and with their event loop alive', async () => {
    await using crew = new Crew();
    const mutex = new Mutex();
    const shared = cells(3);
    const data = { mutex: mutex.handle, cells: shared, rounds: 3000 };
    const members = four.map(() => crew.hire<{ torn: number; mended: number }>('adder', data));
    const other = crew.hire<{ torn: number }>('asyncAdder', { ...data, rounds: 200 });
    await crew.start();
    for (let i = 0; i < 100; i++) {
      using _guard = await mutex.lockAsync();
      shared[0]!++;
      shared[1]!++;
    }
    for (const { result } of members) expect(await result).toEqual({ torn: 0, mended: 0 });
    expect(await other.result).toEqual({ torn: 0 });
    expect([shared[0], shared[1]]).toEqual([12_500, 12_500]);
  });

  it('a reader-writer lock', async () => {
    await using crew = new Crew();
    const shared = cells(3);
    const data = { lock: new RwLock({ readers: 2 }).handle, cells: shared, rounds: 2000 };
    const readers = [1, 2, 3].map(() => crew.hire('reader', data));
    const writers = [1, 2].map(() => crew.hire('writer', data));
    await crew.start();
    for (const { result } of writers) expect(await result).toEqual({ torn: 0, mended: 0 });
    for (const { result } of readers) expect(await result).toEqual({ torn: 0, poisoned: 0 });
    expect([shared[0], shared[1]]).toEqual([4000, 4000]);
  });

  it('a semaphore', async () => {
    await using crew = new Crew();
    const semaphore = new Semaphore({ permits: 2 });
    const data = { semaphore: semaphore.handle, cells: cells(1), rounds: 2000 };
    const members = four.map(() => crew.hire<{ most: number }>('permits', data));
    await crew.start();
    for (const { result } of members) expect((await result).most).toBeLessThanOrEqual(2);
    expect(semaphore.available).toBe(2);
  });

  it('a barrier, again and again', async () => {
    await using crew = new Crew();
    const barrier = new Barrier({ parties: 4 }).handle;
    const shared = cells(4);
    const members = four.map((me) =>
      crew.hire<{ wrong: number; led: number }>('meeting', {
        barrier,
        cells: shared,
        rounds: 300,
        me,
        parties: 4,
      }),
    );
    await crew.start();
    const results = await Promise.all(members.map(({ result }) => result));
    expect(results.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0]);
    expect(results.reduce((sum, { led }) => sum + led, 0)).toBe(300);
  });

  it('a latch', async () => {
    await using crew = new Crew();
    const latch = new Latch({ count: 3 });
    const shared = cells(1);
    const waiting = [1, 2].map(() => crew.hire('latched', { latch: latch.handle, cells: shared }));
    const counting = [1, 2].map(() => crew.hire('counter', { latch: latch.handle }));
    await crew.start();
    await Promise.all(counting.map(({ result }) => result));
    expect([shared[0], latch.count]).toEqual([0, 1]);
    latch.countDown();
    await Promise.all([latch.waitAsync(), ...waiting.map(({ result }) => result)]);
    expect(shared[0]).toBe(2);
  });
});

describe.each(['number', 'object'])('a channel of type %s', (form) => {
  it('hands each message to one of its receivers', async () => {
    const each = 3000;
    await using crew = new Crew();
    const channel = new Channel({ capacity: 512 });
    const seen = cells(3 * each);
    const data = { channel: channel.handle, form };
    const senders = [0, 1, 2].map((n) =>
      crew.hire('sender', { ...data, from: n * each, to: (n + 1) * each }),
    );
    const receivers = ['blocking', 'async'].map((way) =>
      crew.hire<{ strange: number }>('receiver', { channel: channel.handle, seen, form: way }),
    );
    await crew.start();
    await Promise.all(senders.map(({ result }) => result));
    channel.close();
    for (const { result } of receivers) expect(await result).toEqual({ strange: 0 });
    expect(seen.every((times) => times === 1)).toBe(true);
    expect(channel.used).toBe(0);
  });
});
