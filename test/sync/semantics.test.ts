import { beforeEach, describe, expect, it } from 'vitest';
import { Barrier, Channel, Latch, Mutex, RwLock, Semaphore } from '../../src/sync/index.ts';
import { onePerThread } from '../../workers/one-per-thread.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const NOW = { timeout: 0 };

const held = onePerThread('held', () => ({ count: 0 }));
const liveness = onePerThread('liveness', () => ({
  isAlive: (_id: number): boolean | undefined => undefined,
}));

/** Writes what a thread of that id would have written. */
const STATE = 32;
const words = ({ handle }: { readonly handle: { readonly memory: SharedArrayBuffer } }) =>
  new Int32Array(handle.memory);
const OTHER = 1000;

beforeEach(() => {
  expect(held.count).toBe(0);
  liveness.isAlive = () => undefined;
});

describe('Mutex', () => {
  it('counts what the thread holds', () => {
    const mutex = new Mutex();
    const guard = mutex.lock();
    expect([held.count, guard.released]).toEqual([1, false]);
    guard.release();
    guard.release();
    expect([held.count, guard.released]).toEqual([0, true]);
  });

  it('says at once that a thread would wait for itself', () => {
    const mutex = new Mutex({ name: 'mine' });
    using _guard = mutex.lock();
    expect(() => mutex.lock()).toThrow(code('ERR_DEADLOCK'));
    expect(() => Mutex.open(mutex.handle).lock(NOW)).toThrow('the mutex "mine"');
    expect(mutex.tryLock()).toBeUndefined();
  });

  it('releases what run holds, whatever happens', async () => {
    const mutex = new Mutex();
    expect(mutex.run(() => 5)).toBe(5);
    expect(() =>
      mutex.run(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    const slow = mutex.run(async () => held.count);
    expect(held.count).toBe(1);
    expect(await slow).toBe(1);
    await expect(mutex.runAsync(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(mutex.poisoned).toBe(false);
  });

  it('lets async code of one thread take turns', async () => {
    const mutex = new Mutex();
    const first = await mutex.lockAsync();
    let second = false;
    const other = mutex.lockAsync().then((guard) => {
      second = true;
      guard.release();
    });
    await expect(mutex.lockAsync({ timeout: 1 })).rejects.toThrow(code('ERR_WAIT_TIMEOUT'));
    expect(second).toBe(false);
    first.release();
    await other;
    expect(second).toBe(true);
  });

  it('does not take a thread for dead of which nobody knows', () => {
    const mutex = new Mutex();
    words(mutex)[STATE] = OTHER << 2;
    expect(() => mutex.lock({ timeout: 30 })).toThrow(code('ERR_WAIT_TIMEOUT'));
    expect(mutex.tryLock()).toBeUndefined();
  });

  it('is poisoned by a death, until somebody clears it', async () => {
    const mutex = new Mutex();
    liveness.isAlive = (id) => id !== OTHER;
    words(mutex)[STATE] = OTHER << 2;
    expect(() => mutex.lock()).toThrow(code('ERR_LOCK_POISONED'));
    expect(() => mutex.tryLock()).toThrow(code('ERR_LOCK_POISONED'));
    await expect(mutex.lockAsync()).rejects.toThrow(code('ERR_LOCK_POISONED'));
    const guard = mutex.lock({ poisoned: 'recover' });
    guard.release();
    expect(mutex.poisoned).toBe(true);
    mutex.run(() => mutex.clearPoison(), { poisoned: 'recover' });
    mutex.lock().release();
  });

  it('travels as a clone of its handle, with its name', () => {
    const mutex = new Mutex({ name: 'totals' });
    const other = Mutex.open(structuredClone(mutex.handle));
    expect(other.name).toBe('totals');
    using _guard = mutex.lock();
    expect(other.tryLock()).toBeUndefined();
  });

  it.each([
    ['a handle of another kind', () => Mutex.open(new Latch({ count: 1 }).handle as never), 'handle.kind'],
    ['no handle', () => Mutex.open(null as never), 'handle'],
    [
      'other memory',
      () => Mutex.open({ ...new Mutex().handle, memory: new SharedArrayBuffer(256) }),
      'handle.memory',
    ],
    ['an empty name', () => new Mutex({ name: '' }), 'options.name'],
    ['a wrong timeout', () => new Mutex().lock({ timeout: -1 }), 'options.timeout'],
    ['a wrong choice', () => new Mutex().lock({ poisoned: 'no' as never }), 'options.poisoned'],
    ['no permits', () => new Semaphore({ permits: 0 }), 'options.permits'],
    ['no parties', () => new Barrier({ parties: 0 }), 'options.parties'],
    ['a count below 0', () => new Latch({ count: -1 }), 'options.count'],
    ['a step of 0', () => new Latch({ count: 1 }).countDown(0), 'by'],
    ['no readers', () => new RwLock({ readers: 0 }), 'options.readers'],
    ['an option of another object', () => new Mutex({ capacity: 8 } as never), 'options'],
    ['an option that is none', () => new Channel({ cap: 1024 } as never), 'options'],
    ['an option of waiting that is none', () => new Mutex().lock({ timeOut: 5 } as never), 'options'],
    [
      'that for a look without waiting',
      () => new RwLock().tryRead({ poison: 'recover' } as never),
      'options',
    ],
    [
      'a choice where there is none',
      () => new Latch({ count: 0 }).wait({ poisoned: 'throw' } as never),
      'options',
    ],
    ['a capacity too small', () => new Channel({ capacity: 8 }), 'options.capacity'],
  ])('refuses %s', (_what, call, name) => {
    expect(call).toThrow(code('ERR_INVALID_ARGUMENT'));
    expect(call).toThrow(`Expected \`${name}\``);
  });

  const wrong = [null, true, false, '8', 8n, Number.NaN, {}, [], -1, -0.5];
  const waits: Readonly<Record<string, (options: never) => unknown>> = {
    'Mutex.lock': (options) => new Mutex().lock(options),
    'Mutex.lockAsync': (options) => new Mutex().lockAsync(options),
    'RwLock.read': (options) => new RwLock().read(options),
    'RwLock.write': (options) => new RwLock().write(options),
    'RwLock.readAsync': (options) => new RwLock().readAsync(options),
    'RwLock.writeAsync': (options) => new RwLock().writeAsync(options),
    'Semaphore.acquire': (options) => new Semaphore({ permits: 1 }).acquire(options),
    'Semaphore.acquireAsync': (options) => new Semaphore({ permits: 1 }).acquireAsync(options),
    'Barrier.wait': (options) => new Barrier({ parties: 1 }).wait(options),
    'Barrier.waitAsync': (options) => new Barrier({ parties: 1 }).waitAsync(options),
    'Latch.wait': (options) => new Latch({ count: 0 }).wait(options),
    'Latch.waitAsync': (options) => new Latch({ count: 0 }).waitAsync(options),
    'Channel.send': (options) => new Channel().send(1, options),
    'Channel.sendAsync': (options) => new Channel().sendAsync(1, options),
    'Channel.receive': (options) => new Channel().receive(options),
    'Channel.receiveAsync': (options) => new Channel().receiveAsync(options),
  };
  it.each(Object.entries(waits))('%s refuses a timeout that is no number from 0', async (_what, wait) => {
    for (const timeout of wrong) {
      const error = expect.objectContaining({
        code: 'ERR_INVALID_ARGUMENT',
        message: expect.stringMatching(/^Expected `options.timeout` to be a number from 0, in ms, got /),
      });
      await expect((async () => await wait({ timeout } as never))(), `${timeout}`).rejects.toEqual(error);
    }
    expect(held.count).toBe(0);
  });

  it.each<[string, string, (value: never) => unknown]>([
    ['Channel', 'options.capacity', (capacity) => new Channel({ capacity })],
    ['RwLock', 'options.readers', (readers) => new RwLock({ readers })],
    ['Semaphore', 'options.permits', (permits) => new Semaphore({ permits })],
    ['Barrier', 'options.parties', (parties) => new Barrier({ parties })],
    ['Latch', 'options.count', (count) => new Latch({ count })],
    ['Latch.countDown', 'by', (by) => new Latch({ count: 9 }).countDown(by)],
  ])('%s refuses `%s` that is no integer in its range', (_what, name, call) => {
    for (const value of [...wrong, 64.5, Number.POSITIVE_INFINITY]) {
      expect(() => call(value as never), `${value}`).toThrow(code('ERR_INVALID_ARGUMENT'));
      expect(() => call(value as never), `${value}`).toThrow(`Expected \`${name}\` to be an integer from`);
    }
  });

  it.each<[string, object, (value: never) => unknown]>([
    ['Mutex', {}, (options) => new Mutex(options)],
    ['RwLock', {}, (options) => new RwLock(options)],
    ['Semaphore', { permits: 1 }, (options) => new Semaphore(options)],
    ['Barrier', { parties: 1 }, (options) => new Barrier(options)],
    ['Latch', { count: 1 }, (options) => new Latch(options)],
    ['Channel', {}, (options) => new Channel(options)],
  ])('%s refuses options, and a name, of another type', (_what, own, make) => {
    for (const options of [null, 8, '8', true]) {
      expect(() => make(options as never), `${options}`).toThrow(code('ERR_INVALID_ARGUMENT'));
    }
    expect(() => make({ ...own, name: null } as never)).toThrow('Expected `options.name` to be a string');
  });

  it('refuses what is no choice for a poisoned lock', () => {
    for (const poisoned of [null, true, 'yes']) {
      expect(() => new Mutex().lock({ poisoned } as never)).toThrow('Expected `options.poisoned` to be');
    }
  });

  const odd = { timeOut: 5 } as never;
  it.each<[string, () => unknown]>([
    ['Mutex.lock', () => new Mutex().lock(odd)],
    ['Mutex.tryLock', () => new Mutex().tryLock(odd)],
    ['Mutex.lockAsync', () => new Mutex().lockAsync(odd)],
    ['RwLock.read', () => new RwLock().read(odd)],
    ['RwLock.write', () => new RwLock().write(odd)],
    ['RwLock.tryRead', () => new RwLock().tryRead(odd)],
    ['RwLock.tryWrite', () => new RwLock().tryWrite(odd)],
    ['RwLock.readAsync', () => new RwLock().readAsync(odd)],
    ['RwLock.writeAsync', () => new RwLock().writeAsync(odd)],
  ])('%s refuses an option that it does not have', async (_what, take) => {
    await expect((async () => await take())()).rejects.toThrow('Expected `options` to be made of `timeout`');
    expect(held.count).toBe(0);
  });

  it('refuses a handle of another version', () => {
    const { handle } = new Mutex();
    expect(() => Mutex.open({ ...handle, version: 0 })).toThrow(code('ERR_VERSION_MISMATCH'));
  });
});

describe('RwLock', () => {
  it('lets many read, or one write', () => {
    const lock = new RwLock();
    const readers = [lock.read(), lock.read(), lock.tryRead()!];
    expect(lock.tryWrite()).toBeUndefined();
    expect(() => lock.write()).toThrow(code('ERR_DEADLOCK'));
    for (const guard of readers) guard.release();
    const writer = lock.write();
    expect(lock.tryRead()).toBeUndefined();
    expect(() => lock.read()).toThrow(code('ERR_DEADLOCK'));
    writer.release();
    expect(lock.runRead(() => lock.runRead(() => 5))).toBe(5);
    expect(held.count).toBe(0);
  });

  it('keeps new readers out while a writer waits, but not one that reads already', async () => {
    const lock = new RwLock();
    const reader = lock.read();
    const writing = lock.writeAsync();
    expect(lock.tryRead()).toBeUndefined();
    const again = Array.from({ length: 3 }, () => lock.read());
    for (const guard of again) guard.release();
    reader.release();
    const writer = await writing;
    const reading = lock.readAsync();
    writer.release();
    (await reading).release();
  });

  it('waits for a slot when all are taken', () => {
    const lock = new RwLock({ readers: 1 });
    words(lock)[STATE + 64] = OTHER << 8;
    words(lock)[STATE + 32] = 1;
    expect(() => lock.read({ timeout: 5 })).toThrow(code('ERR_WAIT_TIMEOUT'));
    liveness.isAlive = (id) => id !== OTHER;
    lock.read().release();
  });

  it('is not poisoned by a reader, nor by a writer that has not begun', () => {
    const lock = new RwLock();
    liveness.isAlive = (id) => id !== OTHER;
    words(lock)[STATE] = (OTHER << 3) | 4;
    lock.read().release();
    words(lock)[STATE + 64] = OTHER << 8;
    words(lock)[STATE + 32] = 1;
    lock.write().release();
    expect(lock.poisoned).toBe(false);
  });

  it('is poisoned by a writer', async () => {
    const lock = new RwLock();
    liveness.isAlive = (id) => id !== OTHER;
    words(lock)[STATE] = OTHER << 3;
    expect(() => lock.read()).toThrow(code('ERR_LOCK_POISONED'));
    expect(() => lock.write()).toThrow(code('ERR_LOCK_POISONED'));
    expect(() => lock.tryRead()).toThrow(code('ERR_LOCK_POISONED'));
    lock.read({ poisoned: 'recover' }).release();
    (await lock.writeAsync({ poisoned: 'recover' })).release();
    lock.runWrite(() => lock.clearPoison(), { poisoned: 'recover' });
    lock.read().release();
  });

  it('gives up in time, and is as before', () => {
    const lock = new RwLock();
    words(lock)[STATE + 64] = (OTHER << 8) | 1;
    words(lock)[STATE + 32] = 1;
    expect(() => lock.write({ timeout: 30 })).toThrow(code('ERR_WAIT_TIMEOUT'));
    lock.read().release();
  });
});

describe('Semaphore', () => {
  it('has so many permits', async () => {
    const semaphore = new Semaphore({ permits: 2, name: 'two' });
    const first = semaphore.acquire();
    const second = await semaphore.acquireAsync();
    expect([semaphore.available, semaphore.permits, held.count]).toEqual([0, 2, 2]);
    expect(semaphore.tryAcquire()).toBeUndefined();
    expect(() => semaphore.acquire({ timeout: 1 })).toThrow('semaphore "two"');
    const third = semaphore.acquireAsync();
    first.release();
    (await third).release();
    second.release();
    expect(await semaphore.runAsync(async () => semaphore.run(() => semaphore.available))).toBe(0);
    expect(semaphore.available).toBe(2);
  });

  it('says at once that a thread would wait for itself', () => {
    const semaphore = new Semaphore({ permits: 2, name: 'mine' });
    const guards = [semaphore.acquire(), semaphore.acquire()];
    expect(() => semaphore.acquire()).toThrow(code('ERR_DEADLOCK'));
    expect(() => Semaphore.open(semaphore.handle).acquire()).toThrow('every permit of the semaphore "mine"');
    expect(() => semaphore.acquire(NOW)).toThrow(code('ERR_WAIT_TIMEOUT'));
    expect(semaphore.tryAcquire()).toBeUndefined();
    for (const guard of guards) guard.release();
    expect(semaphore.available).toBe(2);
  });

  it('takes the permits of the dead', () => {
    const semaphore = new Semaphore({ permits: 2 });
    words(semaphore).fill(OTHER, STATE + 32, STATE + 34);
    expect(semaphore.tryAcquire()).toBeUndefined();
    liveness.isAlive = (id) => id !== OTHER;
    const guards = [semaphore.acquire(), semaphore.tryAcquire()!];
    expect(semaphore.tryAcquire()).toBeUndefined();
    for (const guard of guards) guard.release();
  });
});

describe('Barrier and Latch', () => {
  it('a barrier lets all go, and tells one that it leads', async () => {
    const barrier = new Barrier({ parties: 3 });
    for (let round = 0; round < 3; round++) {
      const others = [barrier.waitAsync(), barrier.waitAsync()];
      expect(barrier.arrived).toBe(2);
      expect(barrier.wait()).toBe(true);
      expect(await Promise.all(others)).toEqual([false, false]);
    }
  });

  it('who gives up has not come', () => {
    const barrier = new Barrier({ parties: 2 });
    expect(() => barrier.wait({ timeout: 1 })).toThrow(code('ERR_WAIT_TIMEOUT'));
    expect(barrier.arrived).toBe(0);
  });

  it('a broken barrier lets nobody wait', async () => {
    const barrier = new Barrier({ parties: 2 });
    const waiting = barrier.waitAsync();
    barrier.break();
    await expect(waiting).rejects.toThrow(code('ERR_BARRIER_BROKEN'));
    expect(() => barrier.wait()).toThrow(code('ERR_BARRIER_BROKEN'));
    expect(barrier.broken).toBe(true);
  });

  it('a latch opens once and stays open', async () => {
    const latch = new Latch({ count: 3 });
    const waiting = latch.waitAsync();
    latch.countDown(2);
    expect(() => latch.wait(NOW)).toThrow(code('ERR_WAIT_TIMEOUT'));
    latch.countDown(5);
    await waiting;
    latch.wait();
    latch.countDown();
    expect(latch.count).toBe(0);
  });
});
