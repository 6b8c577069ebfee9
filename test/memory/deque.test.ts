import { describe, expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { drain, ground, range, SHAPES } from './ground.ts';

describe.each(SHAPES)('a deque of %i from %i', (capacity, start) => {
  const { core, deque, ring } = ground();
  const fresh = () => deque(capacity, start);
  const full = () => {
    const d = fresh();
    for (const item of range(capacity)) expect(core.dequePush(d, item)).toBe(1);
    return d;
  };

  it('is empty at first, for both sides', () => {
    const d = fresh();
    expect([core.dequePop(d), core.dequeSteal(d), core.dequeSize(d)]).toEqual([L.EMPTY, L.EMPTY, 0]);
  });

  it('refuses one more than it holds, and keeps the rest', () => {
    const d = full();
    expect([core.dequePush(d, 99), core.dequeSize(d)]).toEqual([0, capacity]);
    expect(drain(() => core.dequePop(d))).toEqual(range(capacity).toReversed());
    expect(core.dequeSize(d)).toBe(0);
  });

  it('gives thieves the oldest first', () => {
    const d = full();
    expect(drain(() => core.dequeSteal(d))).toEqual(range(capacity));
    expect(core.dequePop(d)).toBe(L.EMPTY);
  });

  it('has room again for each item that was stolen, and for no more', () => {
    const d = full();
    for (const item of range(3 * capacity)) {
      expect(core.dequeSteal(d)).toBe(item);
      expect(core.dequePush(d, capacity + item)).toBe(1);
      expect(core.dequePush(d, 99)).toBe(0);
    }
    expect(core.dequeSize(d)).toBe(capacity);
  });

  it('can be filled and emptied over and over', () => {
    const d = fresh();
    for (let round = 0; round < 10; round++) {
      for (const item of range(capacity)) expect(core.dequePush(d, item)).toBe(1);
      expect(core.dequePush(d, 99)).toBe(0);
      expect(drain(() => (round & 1 ? core.dequePop(d) : core.dequeSteal(d))).length).toBe(capacity);
      expect([core.dequePop(d), core.dequeSteal(d)]).toEqual([L.EMPTY, L.EMPTY]);
    }
  });

  it('spills the older half, in order, behind what the ring holds', () => {
    const d = full();
    const r = ring(2 * capacity, start);
    core.ringPut(r, 50);
    const half = (capacity + 1) >> 1;
    expect(core.dequeSpill(d, r)).toBe(half);
    expect(core.ringSize(r)).toBe(half + 1);
    expect(drain(() => core.ringTake(r))).toEqual([50, ...range(half)]);
    expect(drain(() => core.dequePop(d))).toEqual(range(capacity - half, half + 1).toReversed());
  });

  it('spills no more than the ring takes, and loses nothing', () => {
    const d = full();
    const r = ring(1, start);
    expect(core.dequeSpill(d, r)).toBe(1);
    expect(core.dequeSpill(d, r)).toBe(0);
    expect(core.dequeSize(d)).toBe(capacity - 1);
    expect(drain(() => core.ringTake(r))).toEqual([1]);
    expect(drain(() => core.dequeSteal(d))).toEqual(range(capacity - 1, 2));
  });

  it('spills nothing when it is empty, and leaves nothing in the ring', () => {
    const d = fresh();
    const r = ring(2, start);
    expect([core.dequeSpill(d, r), core.ringSize(r), core.ringRoom(r)]).toEqual([0, 0, 2]);
  });
});

it('has a size of 0 while pop looks for an item that is not there', () => {
  const { core, deque, memory } = ground();
  const d = deque(2);
  // What a thief sees between the two stores of pop.
  Atomics.store(memory.i32, (d + L.DQ_BOTTOM) >> 2, -1);
  expect([core.dequeSize(d), core.dequeSteal(d)]).toEqual([0, L.EMPTY]);
});
