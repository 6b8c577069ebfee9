// Threads are ended at random instants. Nobody hangs, and what they held is poisoned or free.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Channel, Mutex, RwLock, Semaphore } from '../../../dist/src/sync/index.js';
import { Crew, cells } from './crew.ts';

const ROUNDS = [0, 1, 2];

/** A random instant; `all`: how many steps there are at most. */
async function instant(crew: Crew, all?: number): Promise<void> {
  await crew.further(200 + Math.random() * 2000, all);
  for (let turns = Math.random() * 50; turns > 0; turns--) await turn();
}

describe('the holder of a mutex dies', () => {
  it('others get the poison, until it is cleared', async () => {
    await using crew = new Crew();
    const mutex = new Mutex();
    const holder = crew.hire('holder', { mutex: mutex.handle });
    const lockers = [1, 2].map(() => crew.hire('locker', { mutex: mutex.handle }));
    await crew.start();
    await crew.further(0);
    const here = mutex.lockAsync();
    here.catch(() => {});
    expect(mutex.tryLock()).toBeUndefined();
    await holder.kill();
    for (const { result } of lockers) expect(await result).toBe('ERR_LOCK_POISONED');
    await expect(here).rejects.toMatchObject({ code: 'ERR_LOCK_POISONED' });
    expect(() => mutex.tryLock()).toThrow(expect.objectContaining({ code: 'ERR_LOCK_POISONED' }));
    const guard = mutex.lock({ poisoned: 'recover' });
    mutex.clearPoison();
    guard.release();
    mutex.lock().release();
  });

  it.each(ROUNDS)('at a random instant (%i)', async () => {
    await using crew = new Crew();
    const mutex = new Mutex();
    const shared = cells(3);
    const data = { mutex: mutex.handle, cells: shared, rounds: 10_000_000 };
    const victims = [1, 2, 3].map(() => crew.hire('adder', data));
    const survivor = crew.hire<{ torn: number }>('adder', data);
    await crew.start();
    for (const victim of victims) {
      await instant(crew);
      await victim.kill();
    }
    // Somebody gets on: nothing hangs.
    await crew.further(1000);
    crew.stop();
    expect((await survivor.result).torn).toBe(0);
    expect(mutex.tryLock({ poisoned: 'recover' })).toBeDefined();
  });
});

describe.each(ROUNDS)('round %i: a thread dies', (round) => {
  it('that uses a reader-writer lock', async () => {
    await using crew = new Crew();
    const lock = new RwLock();
    const data = { lock: lock.handle, cells: cells(3), rounds: 10_000_000 };
    const victims = ['reader', 'writer'].map((role) => crew.hire(role, data));
    const reader = crew.hire<{ torn: number }>('reader', data);
    const writer = crew.hire<{ torn: number }>('writer', data);
    await crew.start();
    for (const victim of victims) {
      await instant(crew);
      await victim.kill();
    }
    await crew.further(500);
    crew.stop();
    expect((await reader.result).torn).toBe(0);
    expect((await writer.result).torn).toBe(0);
    (await lock.writeAsync({ poisoned: 'recover' })).release();
  });

  it('that has a permit', async () => {
    await using crew = new Crew();
    const semaphore = new Semaphore({ permits: 2 });
    const data = { semaphore: semaphore.handle, cells: cells(1), rounds: 10_000_000 };
    const victims = [1, 2, 3].map(() => crew.hire('permits', data));
    const survivor = crew.hire('permits', data);
    await crew.start();
    for (const victim of victims) {
      await instant(crew);
      await victim.kill();
    }
    await crew.further(500);
    crew.stop();
    await survivor.result;
    const all = [await semaphore.acquireAsync(), await semaphore.acquireAsync()];
    expect(semaphore.tryAcquire()).toBeUndefined();
    for (const guard of all) guard.release();
  });

  it('that sends or receives', async () => {
    const each = 20_000;
    await using crew = new Crew();
    const channel = new Channel({ capacity: 512 });
    const seen = cells(2 * each);
    const data = { channel: channel.handle, form: 'number' };
    const senders = [0, 1].map((n) => crew.hire('sender', { ...data, from: n * each, to: (n + 1) * each }));
    const receivers = [1, 2].map(() =>
      crew.hire('receiver', { channel: channel.handle, seen, form: 'blocking' }),
    );
    await crew.start();
    await instant(crew, 2 * each);
    await receivers[0]!.kill();
    // By then all may have been sent.
    await instant(crew, 2 * each);
    if (round > 0) await senders[0]!.kill();
    await Promise.all(senders.slice(round > 0 ? 1 : 0).map(({ result }) => result));
    channel.close();
    await receivers[1]!.result;
    expect(seen.every((times) => times <= 1)).toBe(true);
    // All that the living sent arrived, but for what the dead receiver had in its hand.
    const missing = seen.subarray(round > 0 ? each : 0).filter((times) => times === 0).length;
    expect(missing).toBeLessThanOrEqual(1);
    // What the dead one sent arrived in its order, so there is no gap but the one in the dead receiver's hand.
    const last = seen.subarray(0, each).lastIndexOf(1);
    expect(seen.subarray(0, last + 1).filter((times) => times === 0).length).toBeLessThanOrEqual(1);
  });
});
