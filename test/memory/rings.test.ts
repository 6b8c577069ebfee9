import { describe, expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { drain, ground, range, SHAPES } from './ground.ts';

describe.each(SHAPES)('a ring of %i from %i', (capacity, start) => {
  const { core, deque, ring } = ground();
  const fresh = () => ring(capacity, start);

  it('is empty at first', () => {
    const r = fresh();
    expect([core.ringTake(r), core.ringSize(r), core.ringRoom(r)]).toEqual([L.EMPTY, 0, capacity]);
  });

  it('gives items in their order and refuses one too many, round after round', () => {
    const r = fresh();
    for (let round = 0; round < 5; round++) {
      for (const item of range(capacity)) expect(core.ringPut(r, item)).toBe(1);
      expect([core.ringPut(r, 99), core.ringSize(r), core.ringRoom(r)]).toEqual([0, capacity, 0]);
      expect(drain(() => core.ringTake(r))).toEqual(range(capacity));
    }
  });

  it('has room again for each item that was taken, and for no more', () => {
    const r = fresh();
    for (const item of range(capacity)) core.ringPut(r, item);
    for (const item of range(3 * capacity)) {
      expect([core.ringTake(r), core.ringRoom(r)]).toEqual([item, 1]);
      expect([core.ringPut(r, capacity + item), core.ringPut(r, 99)]).toEqual([1, 0]);
    }
  });

  it('shows staged items when they are published, all at once', () => {
    const r = fresh();
    for (const item of range(capacity)) expect(core.ringStage(r, item)).toBe(1);
    expect([core.ringStage(r, 99), core.ringSize(r), core.ringTake(r)]).toEqual([0, 0, L.EMPTY]);
    core.ringPublish(r);
    expect(core.ringSize(r)).toBe(capacity);
    expect(drain(() => core.ringTake(r))).toEqual(range(capacity));
  });

  it('claims a batch that the owner pops in ring order', () => {
    const r = fresh();
    const d = deque(8, start);
    core.dequePush(d, 50);
    for (const item of range(capacity)) core.ringPut(r, item);
    expect(core.ringClaim(r, d, 100)).toBe(capacity);
    expect([core.ringSize(r), core.dequeSize(d)]).toEqual([0, capacity + 1]);
    expect(drain(() => core.dequePop(d))).toEqual([...range(capacity), 50]);
  });

  it('claims no more than was asked for', () => {
    const r = fresh();
    const d = deque(8, start);
    for (const item of range(capacity)) core.ringPut(r, item);
    expect(core.ringClaim(r, d, 1)).toBe(1);
    expect([core.dequePop(d), core.ringSize(r)]).toEqual([1, capacity - 1]);
  });

  it('claims no more than the deque has room for', () => {
    const r = fresh();
    const d = deque(2, start);
    for (const item of range(capacity)) core.ringPut(r, item);
    core.dequePush(d, 50);
    expect(core.ringClaim(r, d, 100)).toBe(1);
    expect(core.ringClaim(r, d, 100)).toBe(0);
    expect(drain(() => core.dequeSteal(d))).toEqual([50, 1]);
    expect(core.ringSize(r)).toBe(capacity - 1);
  });

  it('claims nothing from an empty ring, nor what is only staged', () => {
    const r = fresh();
    const d = deque(2, start);
    core.ringStage(r, 1);
    expect([core.ringClaim(r, d, 100), core.dequeSize(d), core.dequePop(d)]).toEqual([0, 0, L.EMPTY]);
  });
});

describe.each(SHAPES)('a ring of %i from %i for one consumer', (capacity, start) => {
  const { core, spsc } = ground();

  it('is empty at first', () => {
    const r = spsc(capacity, start);
    expect([core.spscTake(r), core.spscSize(r)]).toEqual([L.EMPTY, 0]);
  });

  it('gives items in their order and refuses one too many, round after round', () => {
    const r = spsc(capacity, start);
    for (let round = 0; round < 5; round++) {
      for (const item of range(capacity)) expect(core.spscPut(r, item)).toBe(1);
      expect([core.spscPut(r, 99), core.spscSize(r)]).toEqual([0, capacity]);
      expect(drain(() => core.spscTake(r))).toEqual(range(capacity));
      expect(core.spscSize(r)).toBe(0);
    }
  });

  it('has room again for each item that was taken, and for no more', () => {
    const r = spsc(capacity, start);
    for (const item of range(capacity)) core.spscPut(r, item);
    for (const item of range(3 * capacity)) {
      expect(core.spscTake(r)).toBe(item);
      expect([core.spscPut(r, capacity + item), core.spscPut(r, 99)]).toEqual([1, 0]);
    }
  });
});

describe('an event count', () => {
  const { core, event, memory } = ground();
  const read = (e: number) => [
    Atomics.load(memory.i32, (e + L.EV_EPOCH) >> 2),
    Atomics.load(memory.i32, (e + L.EV_WAITERS) >> 2),
  ];

  it('counts who waits', () => {
    const e = event();
    expect(core.eventPrepare(e)).toBe(0);
    expect(core.eventPrepare(e)).toBe(0);
    expect(read(e)).toEqual([0, 2]);
    core.eventLeave(e);
    core.eventLeave(e);
    expect(read(e)).toEqual([0, 0]);
  });

  it('makes every key stale that was given before a notification', () => {
    const e = event();
    const key = core.eventPrepare(e);
    expect(core.eventNotify(e, 1)).toBe(0);
    expect(Atomics.wait(memory.i32, (e + L.EV_EPOCH) >> 2, key, 0)).toBe('not-equal');
    core.eventLeave(e);
    expect(Atomics.wait(memory.i32, (e + L.EV_EPOCH) >> 2, core.eventPrepare(e), 0)).toBe('timed-out');
  });

  it('goes on over the end of the numbers', () => {
    const e = event();
    Atomics.store(memory.i32, (e + L.EV_EPOCH) >> 2, 2 ** 31 - 1);
    const key = core.eventPrepare(e);
    core.eventNotify(e, 1);
    expect([key, read(e)]).toEqual([2 ** 31 - 1, [-(2 ** 31), 1]]);
  });

  it('wakes as many sleepers as it is told', async () => {
    const e = event();
    const word = (e + L.EV_EPOCH) >> 2;
    const sleepers = [1, 2, 3].map(() => Atomics.waitAsync(memory.i32, word, core.eventPrepare(e)).value);
    expect([core.eventNotify(e, 2), core.eventNotify(e, 2), core.eventNotify(e, 2)]).toEqual([2, 1, 0]);
    expect(await Promise.all(sleepers)).toEqual(['ok', 'ok', 'ok']);
  });
});
