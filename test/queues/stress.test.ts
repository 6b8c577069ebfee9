import { describe, expect, it } from 'vitest';
import {
  createSpace,
  EMPTY,
  OwnerDeque,
  type OwnerHandle,
  RETRY,
  RingConsumer,
} from '../../dist/src/memory/queues/index.js';
import { PAGE, SharedMemory } from '../../dist/src/memory/shared-memory.js';
import { busy } from '../process/harness/busy.ts';
import { until } from '../process/harness/until.ts';
import { Crew } from './crew.ts';
import { restart } from './restart.ts';

interface Taker {
  readonly count: number;
  readonly ascending: boolean;
}

const NOTHING_WRONG = { missing: [], twice: [] };
const STARTS = [0, 2 ** 31 - 2, -2];

describe('smoke', () => {
  it('each kind of queue carries items to another thread', async () => {
    await using crew = new Crew(9);
    const space = createSpace();
    const [deque, ring, { producer, consumer }] = [space.deque(), space.ring(), space.spsc()];
    for (const item of [1, 2, 3]) deque.push(item);
    for (const item of [4, 5, 6]) ring.put(item);
    for (const item of [7, 8, 9]) producer.put(item);
    crew.stop();
    const takers = [
      crew.hire<Taker>('thief', { deque: deque.share() }),
      crew.hire<Taker>('consumer', { ring: ring.share() }),
      crew.hire<Taker>('spscConsumer', { consumer: consumer.handOver() }),
    ];
    await crew.start();
    expect((await Promise.all(takers.map((taker) => taker.result))).map(({ count }) => count)).toEqual([
      3, 3, 3,
    ]);
    expect(crew.audit(9)).toEqual(NOTHING_WRONG);
    expect([deque.size, ring.size, producer.size]).toEqual([0, 0, 0]);
  });

  it('a worker sees memory that was added after it came', async () => {
    await using crew = new Crew(0);
    const memory = SharedMemory.create(64 * PAGE);
    const at = new Int32Array(new SharedArrayBuffer(4));
    const witness = crew.hire('witness', { memory: memory.memory, at });
    await until('the worker is ready', () => Atomics.load(crew.control, 1) === 1);
    memory.reserve(30 * PAGE);
    at[0] = memory.reserve(4);
    memory.i32[at[0] / 4] = 77;
    await crew.start();
    const result = await witness.result;
    expect(result).toEqual({ before: 2 * PAGE, stale: undefined, after: memory.u8.length, value: 77 });
  });
});

describe('spsc', () => {
  it.each(STARTS)('a thief alone sees every item in order, from %i', async (start) => {
    const items = 10_000;
    await using crew = new Crew(items);
    const deque = createSpace().deque({ capacity: 64 });
    restart(deque.share(), start);
    const thief = crew.hire<Taker>('thief', { deque: deque.share() });
    await crew.start();
    for (let item = 1; item <= items; ) if (deque.push(item)) item++;
    crew.stop();
    expect(await thief.result).toEqual({ count: items, ascending: true });
  });

  it.each(STARTS)('a ring of one producer and one consumer keeps the order, from %i', async (start) => {
    const items = 10_000;
    await using crew = new Crew(items);
    const { producer, consumer } = createSpace().spsc({ capacity: 32 });
    const handle = producer.handOver();
    restart(handle, start);
    const put = crew.hire('spscProducer', { producer: handle, count: items });
    const take = crew.hire<Taker>('spscConsumer', { consumer: consumer.handOver() });
    await crew.start();
    await put.result;
    crew.stop();
    expect(await take.result).toEqual({ count: items, ascending: true });
    expect(crew.audit(items)).toEqual(NOTHING_WRONG);
  });
});

describe('stampede', () => {
  it('eight thieves and the owner share 50000 items: thieves see them ascend, the owner sees them descend', async () => {
    const items = 50_000;
    await using crew = new Crew(items);
    const deque = createSpace().deque({ capacity: 65_536 });
    for (let item = 1; item <= items; item++) deque.push(item);
    const thieves = Array.from({ length: 8 }, () => crew.hire<Taker>('thief', { deque: deque.share() }));
    await crew.start();
    let own = 0;
    let descending = true;
    for (let last = items + 1, item = deque.pop(); item !== EMPTY; last = item, item = deque.pop()) {
      crew.see(item);
      if (item >= last) descending = false;
      own++;
    }
    crew.stop();
    const results = await Promise.all(thieves.map((thief) => thief.result));
    expect(results.every(({ ascending }) => ascending) && descending).toBe(true);
    expect(results.reduce((sum, { count }) => sum + count, own)).toBe(items);
    expect(crew.audit(items)).toEqual(NOTHING_WRONG);
  });
});

describe('no_starvation', () => {
  it('every thief gets something in the end, beside an owner that pops as well', async () => {
    const items = 2 ** 22;
    await using crew = new Crew(items);
    const deque = createSpace().deque({ capacity: 1024 });
    const thieves = Array.from({ length: 4 }, () => crew.hire<Taker>('thief', { deque: deque.share() }));
    await crew.start();
    let item = 0;
    await until('enough was stolen', () => {
      for (let i = 0; i < 1000 && item < items; i++) if (deque.push(item + 1)) item++;
      for (let i = 0; i < 100; i++) {
        const own = deque.pop();
        if (own !== EMPTY) crew.see(own);
      }
      return crew.taken >= 20_000;
    });
    crew.stop();
    const counts = (await Promise.all(thieves.map((thief) => thief.result))).map(({ count }) => count);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(crew.audit(item)).toEqual(NOTHING_WRONG);
  });
});

describe('exactly once', () => {
  const items = 30_000;

  async function round(start: number, capacity: number, pops: number, thieves: number): Promise<void> {
    await using crew = new Crew(items);
    const deque = createSpace().deque({ capacity });
    restart(deque.share(), start);
    const thief = deque.share();
    const owner = crew.hire<OwnerHandle>('owner', {
      deque: deque.handOver(),
      count: items,
      pops,
      seed: start + 7,
    });
    const crowd = Array.from({ length: thieves }, () => crew.hire<Taker>('thief', { deque: thief }));
    await crew.start();
    const heir = OwnerDeque.open(await owner.result);
    for (let item = heir.pop(); item !== EMPTY; item = heir.pop()) crew.see(item);
    crew.stop();
    await Promise.all(crowd.map(({ result }) => result));
    expect(crew.audit(items)).toEqual(NOTHING_WRONG);
  }

  describe.each(STARTS)('from %i', (start) => {
    it.each([
      { capacity: 1, pops: 8, thieves: 2 },
      { capacity: 2, pops: 7, thieves: 1 },
      { capacity: 64, pops: 7, thieves: 4 },
      { capacity: 1024, pops: 4, thieves: 2 },
    ])(
      'a deque of $capacity beside $thieves thieves, $pops of 16 pop',
      async ({ capacity, pops, thieves }) => {
        await round(start, capacity, pops, thieves);
      },
    );

    it('beside a busy process', async () => {
      await using _work = await busy(2);
      await round(start, 4, 7, 3);
    });

    it.each([
      { capacity: 1, batch: 1, items: 500 },
      { capacity: 64, batch: 10, items: 10_000 },
    ])('a ring of $capacity with four consumers, batches of $batch', async ({ capacity, batch, items }) => {
      await using crew = new Crew(items);
      const ring = createSpace().ring({ capacity });
      restart(ring.share(), start);
      const takers = Array.from({ length: 4 }, () => crew.hire<Taker>('consumer', { ring: ring.share() }));
      const put = crew.hire('producer', { ring: ring.handOver(), count: items, batch, seed: 3 });
      await crew.start();
      await put.result;
      crew.stop();
      const results = await Promise.all(takers.map(({ result }) => result));
      expect(results.every(({ ascending }) => ascending)).toBe(true);
      expect(crew.audit(items)).toEqual(NOTHING_WRONG);
    });

    it('workers that claim batches, spill and steal from each other', async () => {
      const items = 10_000;
      await using crew = new Crew(items);
      const space = createSpace();
      const ring = space.ring({ capacity: 64 });
      restart(ring.share(), start);
      const deques = [8, 16, 4].map((capacity) => space.deque({ capacity }));
      const spills = [8, 4, 8].map((capacity) => space.ring({ capacity }));
      for (const deque of deques) restart(deque.share(), start);
      for (const spill of spills) restart(spill.share(), start);
      const peers = deques.map((deque) => deque.share());
      const shared = spills.map((spill) => spill.share());
      const workers = deques.map((deque, i) =>
        crew.hire('worker', {
          ring: ring.share(),
          own: deque.handOver(),
          peers: peers.filter((_, j) => j !== i),
          spill: spills[i]!.handOver(),
          spills: shared,
          batch: 5,
          seed: 11 + i,
        }),
      );
      const put = crew.hire('producer', { ring: ring.handOver(), count: items, batch: 10, seed: 5 });
      await crew.start();
      await put.result;
      await until('every item was taken', () => crew.taken >= items);
      crew.stop();
      await Promise.all(workers.map(({ result }) => result));
      expect(crew.audit(items)).toEqual(NOTHING_WRONG);
    });
  });
});

describe('an event count loses no wake-up', () => {
  it.each([
    { forms: ['blocking', 'blocking', 'blocking'], capacity: 2 },
    { forms: ['blocking', 'async'], capacity: 64 },
    { forms: ['async', 'async'], capacity: 1 },
  ])('$forms sleepers, a ring of $capacity', async ({ forms, capacity }) => {
    const items = 10_000;
    await using crew = new Crew(items);
    const space = createSpace();
    const ring = space.ring({ capacity });
    const event = space.eventCount();
    const consumer = ring.share();
    const ready = event.share();
    const sleepers = forms.map((form) =>
      crew.hire<{ count: number }>('sleeper', { ring: consumer, ready, form }),
    );
    const put = crew.hire('notifier', { ring: ring.handOver(), ready, count: items });
    await crew.start();
    await put.result;
    // Each item was notified of once. If a wake-up is lost, the last ones lie there and everybody sleeps.
    await until('every item was taken', () => crew.taken === items);
    crew.stop();
    event.notify();
    await Promise.all(sleepers.map(({ result }) => result));
    expect(crew.audit(items)).toEqual(NOTHING_WRONG);
  });

  it('a thread that waits on the main thread’s event loop is woken', async () => {
    const items = 2_000;
    await using crew = new Crew(items);
    const space = createSpace();
    const ring = space.ring({ capacity: 1 });
    const event = space.eventCount();
    const consumer = RingConsumer.open(ring.share());
    crew.hire('notifier', { ring: ring.handOver(), ready: event.share(), count: items });
    await crew.start();
    for (let taken = 0; taken < items; ) {
      expect(await event.untilAsync(() => consumer.size > 0, 20_000)).toBe(true);
      const item = consumer.take();
      if (item === RETRY || item === EMPTY) continue;
      crew.see(item);
      taken++;
    }
    expect(crew.audit(items)).toEqual(NOTHING_WRONG);
  });
});
