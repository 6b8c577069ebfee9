// A thread may end between any two accesses to memory. For each operation: the accesses it makes, in their order. Each
// prefix of them is written by hand, a new owner recovers, and what is there then must be what was there before the
// operation or after it, with nothing twice, and nothing missing but what the dead thread had in its hands.
// The full list is compared with what the operation really does, so that the lists cannot go stale.
import { describe, expect, it } from 'vitest';
import * as L from '../../../src/memory/layout.ts';
import {
  createSpace,
  OwnerDeque,
  RingConsumer,
  RingProducer,
  SpscConsumer,
  SpscProducer,
  ThiefDeque,
} from '../../../src/memory/queues/index.ts';
import { drain, range, STARTS } from '../ground.ts';
import { restart } from './restart.ts';

/** Offset from the structure's address, and the value that is stored there. */
type Access = readonly [offset: number, value: number];

const CAPACITY = 4;

function apply(i32: Int32Array, address: number, accesses: readonly Access[]): void {
  for (const [offset, value] of accesses) Atomics.store(i32, (address + offset) >> 2, value);
}

const slot = (base: number, index: number): number => base + 4 * (index & (CAPACITY - 1));

/** All prefixes, the empty one and the whole one too. */
const prefixes = (all: readonly Access[]): (readonly Access[])[] =>
  Array.from({ length: all.length + 1 }, (_, n) => all.slice(0, n));

describe.each(STARTS)('a deque from %i whose owner dies', (start) => {
  function make(count: number) {
    const space = createSpace({ maxBytes: 2 ** 18 });
    const deque = space.deque({ capacity: CAPACITY });
    const { i32, address, bytes } = restart(deque.share(), start);
    for (const item of range(count)) deque.push(item);
    return { deque, i32, address, bytes };
  }

  /** The state after the real operation; the hand-written list must lead to the same. */
  function after(count: number, op: (deque: OwnerDeque) => unknown): Uint8Array {
    const { deque, bytes } = make(count);
    op(deque);
    return bytes();
  }

  function recovered(count: number, torn: readonly Access[]) {
    const { deque, i32, address, bytes } = make(count);
    apply(i32, address, torn);
    const state = bytes();
    const handle = deque.handOver();
    return { state, owner: OwnerDeque.recover(handle), thief: ThiefDeque.open(deque.share()) };
  }

  function check(
    count: number,
    op: (deque: OwnerDeque) => unknown,
    accesses: readonly Access[],
    allowed: readonly (readonly number[])[],
  ) {
    for (const torn of prefixes(accesses)) {
      const { state, owner, thief } = recovered(count, torn);
      if (torn.length === accesses.length) expect(state).toEqual(after(count, op));
      const size = owner.size;
      const rest = drain(() => thief.steal());
      expect(allowed).toContainEqual(rest);
      expect(size).toBe(rest.length);
      // It works on as new: full again, both ways.
      for (const item of range(CAPACITY, 100)) expect(owner.push(item)).toBe(true);
      expect(owner.push(1)).toBe(false);
      expect(thief.steal()).toBe(100);
      expect(drain(() => owner.pop())).toEqual(range(CAPACITY - 1, 101).toReversed());
    }
  }

  const own = (by: number): Access => [L.DQ_OWN_BOTTOM, (start + by) | 0];
  const bottom = (by: number): Access => [L.DQ_BOTTOM, (start + by) | 0];
  const top = (by: number): Access => [L.DQ_TOP, (start + by) | 0];
  const ownTop = (by: number): Access => [L.DQ_OWN_TOP, (start + by) | 0];

  it('in push: the item is there or not', () => {
    const accesses = [[slot(L.DQ_SLOTS, start + 2), 3], own(3), bottom(3)] as Access[];
    check(2, (deque) => deque.push(3), accesses, [range(2), range(3)]);
  });

  it('in pop: the item is there, or in its hands', () => {
    check(3, (deque) => deque.pop(), [bottom(2), own(2)], [range(3), range(2)]);
  });

  it('in pop of the last item: the item is there, or in its hands', () => {
    check(1, (deque) => deque.pop(), [bottom(0), top(1), bottom(1), ownTop(1)], [[1], []]);
  });

  it('in pop of an item that thieves have taken: nothing is there', () => {
    const stolen = (deque: OwnerDeque) => ThiefDeque.open(deque.share()).steal();
    const accesses = [top(1), bottom(0), bottom(1), ownTop(1)];
    const op = (deque: OwnerDeque) => [stolen(deque), deque.pop()];
    check(1, op, accesses, [[1], []]);
  });

  it('as a thief: the item is there, or in its hands', () => {
    check(3, (deque) => ThiefDeque.open(deque.share()).steal(), [top(1)], [range(3), range(2, 2)]);
  });
});

describe.each(STARTS)('a batch claimed by an owner that dies, from %i', (start) => {
  it('is in the ring, in its hands, or in the deque', () => {
    const space = createSpace({ maxBytes: 2 ** 20 });
    const make = () => {
      const producer = space.ring({ capacity: CAPACITY });
      const deque = space.deque({ capacity: CAPACITY });
      const ring = restart(producer.share(), start);
      const own = restart(deque.share(), start);
      for (const item of [1, 2, 3]) producer.put(item);
      return { producer, deque, ring, own, consumer: RingConsumer.open(producer.share()) };
    };
    const real = make();
    expect(real.deque.claimFrom(real.consumer, 2)).toBe(2);
    const onDeque: Access[] = [
      [slot(L.DQ_SLOTS, start + 1), 1],
      [slot(L.DQ_SLOTS, start), 2],
    ];
    const head: Access = [L.MC_HEAD, (start + 2) | 0];
    const shown: Access[] = [
      [L.DQ_OWN_BOTTOM, (start + 2) | 0],
      [L.DQ_BOTTOM, (start + 2) | 0],
    ];
    for (let done = 0; done <= 5; done++) {
      const torn = make();
      apply(torn.own.i32, torn.own.address, onDeque.slice(0, done));
      if (done > 2) apply(torn.ring.i32, torn.ring.address, [head]);
      apply(torn.own.i32, torn.own.address, shown.slice(0, Math.max(0, done - 3)));
      if (done === 5) {
        expect(torn.own.bytes()).toEqual(real.own.bytes());
        expect(torn.ring.bytes()).toEqual(real.ring.bytes());
      }
      const owner = OwnerDeque.recover(torn.deque.handOver());
      const found = [drain(() => owner.pop()), drain(() => torn.consumer.take())];
      const expected = done < 3 ? [[], [1, 2, 3]] : done < 4 ? [[], [3]] : [[1, 2], [3]];
      expect([done, found]).toEqual([done, expected]);
    }
  });
});

describe.each(STARTS)('a ring from %i whose producer dies', (start) => {
  it('shows what was published, and takes as much as before', () => {
    for (let done = 0; done <= 3; done++) {
      const space = createSpace({ maxBytes: 2 ** 18 });
      const producer = space.ring({ capacity: CAPACITY });
      const { i32, address } = restart(producer.share(), start);
      for (const item of [1, 2]) producer.put(item);
      const accesses: Access[] = [
        [slot(L.MC_SLOTS, start + 2), 3],
        [L.MC_OWN_TAIL, (start + 3) | 0],
        [L.MC_TAIL, (start + 3) | 0],
      ];
      apply(i32, address, accesses.slice(0, done));
      const consumer = RingConsumer.open(producer.share());
      const heir = RingProducer.recover(producer.handOver());
      expect(heir.room).toBe(done === 3 ? 1 : 2);
      expect(drain(() => consumer.take())).toEqual(done === 3 ? [1, 2, 3] : [1, 2]);
      for (const item of range(CAPACITY, 100)) expect(heir.put(item)).toBe(true);
      expect(heir.put(1)).toBe(false);
      expect(drain(() => consumer.take())).toEqual(range(CAPACITY, 100));
    }
  });
});

describe.each(STARTS)('a ring with one consumer from %i', (start) => {
  it('shows a put that has happened when its producer dies, and not one that has not', () => {
    for (let done = 0; done <= 3; done++) {
      const { producer, consumer } = createSpace({ maxBytes: 2 ** 18 }).spsc({ capacity: CAPACITY });
      const handle = producer.handOver();
      const { i32, address } = restart(handle, start);
      const accesses: Access[] = [
        [slot(L.SC_SLOTS, start), 1],
        [L.SC_OWN_TAIL, (start + 1) | 0],
        [L.SC_TAIL, (start + 1) | 0],
      ];
      apply(i32, address, accesses.slice(0, done));
      const heir = SpscProducer.recover(handle);
      expect(heir.put(2)).toBe(true);
      expect(drain(() => consumer.take())).toEqual(done === 3 ? [1, 2] : [2]);
    }
  });

  it('has all its room when its consumer dies, even if it holds one', () => {
    for (let done = 0; done <= 2; done++) {
      const { producer, consumer } = createSpace({ maxBytes: 2 ** 18 }).spsc({ capacity: 1 });
      const handle = consumer.handOver();
      const { i32, address } = restart(handle, start);
      producer.put(1);
      const accesses: Access[] = [
        [L.SC_TAKEN, (start + 1) | 0],
        [L.SC_HEAD, (start + 1) | 0],
      ];
      apply(i32, address, accesses.slice(0, done));
      const heir = SpscConsumer.recover(handle);
      expect(heir.take()).toBe(done === 0 ? 1 : 0);
      expect([producer.put(2), producer.put(3)]).toEqual([true, false]);
      expect(drain(() => heir.take())).toEqual([2]);
    }
  });
});
