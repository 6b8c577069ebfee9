import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../../src/errors.ts';
import {
  createSpace,
  EMPTY,
  EventCount,
  OwnerDeque,
  type OwnerHandle,
  RETRY,
  RingConsumer,
  RingProducer,
  SpscConsumer,
  SpscProducer,
  ThiefDeque,
  type ThiefHandle,
} from '../../../src/memory/queues/index.ts';
import { drain, range } from '../ground.ts';

const space = createSpace();

function message(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return (error as Error).message;
  }
  throw new Error('It did not throw.');
}

describe('a space', () => {
  it('takes its memory as queues are made, and is full at its limit', () => {
    const small = createSpace({ maxBytes: 131072 });
    const before = small.used;
    small.deque({ capacity: 1024 });
    expect(small.used).toBeGreaterThanOrEqual(before + 4096);
    expect(() => range(100).map(() => small.ring({ capacity: 1024 }))).toThrow(
      expect.objectContaining({ code: 'ERR_NO_MEMORY', message: expect.stringContaining('`maxBytes`') }),
    );
    expect([small.maxBytes, small.used <= small.maxBytes]).toEqual([131072, true]);
  });

  it('grows under queues that were made before', () => {
    const growing = createSpace();
    const first = growing.deque();
    const thief = ThiefDeque.open(first.share());
    const rest = range(60).map(() => growing.deque({ capacity: 65536 }));
    first.push(1);
    rest.at(-1)?.push(2);
    expect([thief.steal(), ThiefDeque.open(rest.at(-1)!.share()).steal(), thief.capacity]).toEqual([
      1, 2, 1024,
    ]);
  });

  it.each([0, 131071, 2 ** 32 + 1, 1e6 + 0.5, Number.NaN, '1' as never])(
    'refuses maxBytes %s',
    (maxBytes) => {
      expect(message(() => createSpace({ maxBytes }))).toMatch(
        /^Expected `maxBytes` to be an integer from 131072 to 4294967296, got /,
      );
    },
  );

  it.each([null, 5, { cap: 4 }])('refuses options %j', (options) => {
    const wanted = /^Expected `options` to be (an object|made of `(maxBytes|capacity)`), got /;
    expect(message(() => createSpace(options as never))).toMatch(wanted);
    for (const kind of ['deque', 'ring', 'spsc'] as const) {
      expect(message(() => space[kind](options as never))).toMatch(wanted);
    }
  });

  it.each([0, 3, 1.5, -1, 2 ** 25, Number.NaN, '4' as never])('refuses capacity %s', (capacity) => {
    const wanted = /^Expected `capacity` to be a power of two from 1 to 16777216, got /;
    for (const kind of ['deque', 'ring', 'spsc'] as const) {
      expect(message(() => space[kind]({ capacity }))).toMatch(wanted);
    }
  });
});

describe('items', () => {
  const deque = space.deque();
  const ring = space.ring();
  const { producer } = space.spsc();

  it.each([
    0,
    -0,
    -1,
    0.5,
    2 ** 31,
    -(2 ** 31) - 1,
    Number.NaN,
    '7' as never,
    7n as never,
    undefined as never,
  ])('are not %s', (item) => {
    const wanted =
      /^Expected `item` to be an integer from -2147483648 to 2147483647 other than 0 and -1, got /;
    for (const put of [
      () => deque.push(item),
      () => ring.put(item),
      () => ring.stage(item),
      () => producer.put(item),
    ]) {
      expect(message(put)).toMatch(wanted);
    }
    expect([deque.size, ring.size, producer.size]).toEqual([0, 0, 0]);
  });

  it.each([1, -2, 2 ** 31 - 1, -(2 ** 31)])('can be %i', (item) => {
    const { producer, consumer } = space.spsc();
    expect([deque.push(item), ring.put(item), producer.put(item)]).toEqual([true, true, true]);
    expect([deque.pop(), RingConsumer.open(ring.share()).take(), consumer.take()]).toEqual([
      item,
      item,
      item,
    ]);
  });

  it('are none of the codes', () => {
    expect([EMPTY, RETRY]).toEqual([0, -1]);
  });
});

describe('roles that only one may have', () => {
  const kinds = {
    OwnerDeque: { open: OwnerDeque, make: () => space.deque() },
    RingProducer: { open: RingProducer, make: () => space.ring() },
    SpscProducer: { open: SpscProducer, make: () => space.spsc().producer },
    SpscConsumer: { open: SpscConsumer, make: () => space.spsc().consumer },
  };

  describe.each(Object.entries(kinds))('%s', (kind, { make, open }) => {
    const role = open as unknown as {
      open(handle: unknown): { handOver(): { readonly kind: string }; readonly size: number };
      recover(handle: unknown): { readonly size: number };
    };

    it('go on after they were handed over', () => {
      const handle = make().handOver();
      expect(handle.kind).toBe(kind);
      expect(role.open(handle).handOver().kind).toBe(kind);
      expect(role.open(handle).size).toBe(0);
    });

    it('are not opened twice', () => {
      const handle = make().handOver();
      role.open(handle);
      expect(message(() => role.open(handle))).toMatch(/has been opened already, and only one may exist/);
      expect(role.recover(handle).size).toBe(0);
    });

    it('throw once they were handed over', () => {
      const old = make();
      old.handOver();
      const use: (() => unknown)[] = [() => old.size, () => old.handOver()];
      if (old instanceof OwnerDeque)
        use.push(
          () => old.push(1),
          () => old.pop(),
        );
      if (old instanceof RingProducer) {
        use.push(
          () => old.put(1),
          () => old.stage(1),
          () => old.publish(),
          () => old.room,
        );
        use.push(() => space.deque().spillInto(old));
      }
      if (old instanceof SpscProducer) use.push(() => old.put(1));
      if (old instanceof SpscConsumer) use.push(() => old.take());
      for (const action of use) expect(message(action)).toMatch(/was handed over/);
    });
  });

  it('keep what the queue holds, staged items too', () => {
    const ring = space.ring();
    ring.put(1);
    ring.stage(2);
    const heir = RingProducer.open(ring.handOver());
    heir.put(3);
    expect(drain(() => RingConsumer.open(heir.share()).take())).toEqual([1, 2, 3]);
  });
});

describe('handles', () => {
  const deque = space.deque();

  it('can be structured clones', () => {
    const thief = ThiefDeque.open(structuredClone(deque.share()));
    deque.push(5);
    expect([thief.size, thief.steal(), deque.size]).toEqual([1, 5, 0]);
    expect(ThiefDeque.open(thief.share()).steal()).toBe(EMPTY);
  });

  it('open their own role only', () => {
    expect(message(() => OwnerDeque.open(deque.share() as unknown as OwnerHandle))).toBe(
      'Expected `handle.kind` to be "OwnerDeque", got `"ThiefDeque"` (string)',
    );
    expect(message(() => ThiefDeque.open(space.ring().share() as unknown as ThiefHandle))).toBe(
      'Expected `handle.kind` to be "ThiefDeque", got `"RingConsumer"` (string)',
    );
    expect(message(() => EventCount.open(undefined as never))).toMatch(
      /^Expected `handle` to be a handle of kind/,
    );
  });

  it('of another version, another memory or another place open nothing', () => {
    const handle = deque.share();
    expect(() => ThiefDeque.open({ ...handle, version: handle.version + 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_VERSION_MISMATCH' }),
    );
    expect(message(() => ThiefDeque.open({ ...handle, memory: {} as never }))).toMatch(
      /^Expected `handle.memory`/,
    );
    for (const address of [
      handle.address + 4,
      handle.address + 128,
      -4,
      2 ** 31,
      Number.NaN,
      undefined as never,
    ]) {
      expect(message(() => ThiefDeque.open({ ...handle, address }))).toMatch(/^Expected `handle.address`/);
    }
    const ring = space.ring().share();
    expect(message(() => ThiefDeque.open({ ...handle, address: ring.address }))).toMatch(/`handle.address`/);
  });
});

describe('batches', () => {
  it('stay within one space', () => {
    const other = createSpace();
    const ring = other.ring();
    const deque = space.deque();
    expect(message(() => deque.spillInto(ring))).toMatch(/different spaces/);
    expect(message(() => deque.claimFrom(RingConsumer.open(ring.share()), 1))).toMatch(/different spaces/);
  });

  it('move between queues that were opened from clones', () => {
    const ring = RingProducer.open(structuredClone(space.ring().handOver()));
    const deque = OwnerDeque.open(structuredClone(space.deque({ capacity: 4 }).handOver()));
    for (const item of range(4)) deque.push(item);
    expect(deque.spillInto(ring)).toBe(2);
    expect(deque.claimFrom(RingConsumer.open(structuredClone(ring.share())), Infinity)).toBe(2);
    expect(drain(() => deque.pop())).toEqual([1, 2, 4, 3]);
  });

  it.each([0, -1, 1.5, Number.NaN])('are not of %s items', (most) => {
    const ring = RingConsumer.open(space.ring().share());
    expect(message(() => space.deque().claimFrom(ring, most))).toMatch(
      /^Expected `most` to be an integer from 1/,
    );
  });
});

describe('an event count', () => {
  it('ends a wait that was notified between prepare and wait', async () => {
    const event = space.eventCount();
    const [one, other] = [event.prepare(), event.prepare()];
    expect(event.notify()).toBe(0);
    expect(event.wait(one)).toBe('woken');
    expect(await event.waitAsync(other)).toBe('woken');
  });

  it('ends a wait at its time, and counts nobody afterwards', async () => {
    const event = space.eventCount();
    expect(event.wait(event.prepare(), 1)).toBe('timed-out');
    expect(await event.waitAsync(event.prepare(), 0)).toBe('timed-out');
    event.cancel(event.prepare());
    expect(event.until(() => false, 1)).toBe(false);
    expect(await event.untilAsync(() => false, 0)).toBe(false);
    expect(waiters(event)).toBe(0);
  });

  it('looks at the condition once more after it has announced itself', async () => {
    const event = space.eventCount();
    for (const looks of [1, 2]) {
      let left = looks;
      expect(event.until(() => --left === 0)).toBe(true);
      left = looks;
      expect(await event.untilAsync(() => --left === 0)).toBe(true);
    }
    expect(waiters(event)).toBe(0);
  });

  it('lets through what the condition throws, and counts nobody afterwards', async () => {
    const event = space.eventCount();
    for (const looks of [1, 2]) {
      let left = looks;
      const condition = () => {
        if (--left === 0) throw new RangeError('mine');
        return false;
      };
      expect(() => event.until(condition)).toThrow('mine');
      left = looks;
      await expect(event.untilAsync(condition)).rejects.toThrow('mine');
    }
    expect(waiters(event)).toBe(0);
  });

  it('wakes as many as it is told', async () => {
    const event = EventCount.open(structuredClone(space.eventCount().share()));
    const waits = range(3).map(() => event.waitAsync(event.prepare()));
    expect([event.notify(1), event.notify(), event.notify()]).toEqual([1, 2, 0]);
    expect(await Promise.all(waits)).toEqual(['woken', 'woken', 'woken']);
    expect(waiters(event)).toBe(0);
  });

  it('refuses a wrong timeout or count', async () => {
    const event = space.eventCount();
    const wanted = /^Expected `timeout` to be a number from 0, in ms, got /;
    for (const timeout of [-1, Number.NaN, '1' as never]) {
      expect(message(() => event.wait(event.prepare(), timeout))).toMatch(wanted);
      expect(message(() => event.until(() => true, timeout))).toMatch(wanted);
      await expect(event.waitAsync(event.prepare(), timeout)).rejects.toThrow(wanted);
      await expect(event.untilAsync(() => true, timeout)).rejects.toThrow(wanted);
    }
    for (const count of [0, -1, 0.5]) {
      expect(message(() => event.notify(count))).toMatch(
        /^Expected `count` to be an integer from 1, or Infinity/,
      );
    }
    expect(waiters(event)).toBe(0);
  });
});

function waiters(event: EventCount): number {
  const { memory, address } = event.share();
  return new Int32Array(memory.buffer)[(address + 128) >> 2]!;
}
