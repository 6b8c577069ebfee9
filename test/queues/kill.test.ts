// Threads are ended at random instants. Nothing may be taken twice, and what is missing is at most what the dead thread
// had in its hands: the item it had taken and not yet counted, or the batch it had claimed and not yet shown.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  createSpace,
  EMPTY,
  OwnerDeque,
  type OwnerHandle,
  RETRY,
  RingConsumer,
  RingProducer,
  type RingProducerHandle,
  SpscConsumer,
  SpscProducer,
} from '../../dist/src/memory/queues/index.js';
import { until } from '../process/harness/until.ts';
import { Crew } from './crew.ts';
import { restart } from './restart.ts';

const ITEMS = 2 ** 21;
const ROUNDS = [0, 1, 2];
/** Also next to wrap-around. */
const startOf = (round: number): number => [0, -200, 2 ** 31 - 200][round]!;

/** A random instant: a few thousand items on, and some turns of the loop later. */
async function instant(crew: Crew): Promise<void> {
  const some = crew.progress + 1000 + Math.random() * 20_000;
  await until('some items went through', () => crew.progress >= Math.min(some, ITEMS));
  for (let turns = Math.random() * 50; turns > 0; turns--) await turn();
}

function drain(take: () => number, crew: Crew): void {
  for (let item = take(); item !== EMPTY; item = take()) if (item !== RETRY) crew.see(item);
}

/** Items up to `progress` are to be accounted for, but for as many as the dead thread can have had in its hands. */
function audit(crew: Crew, progress: number, held: number): void {
  const { missing, twice } = crew.audit(progress);
  expect(twice).toEqual([]);
  expect(missing.length).toBeLessThanOrEqual(held);
}

describe.each(ROUNDS)('round %i: of threads that share a deque', (round) => {
  async function scene() {
    const crew = new Crew(ITEMS + 1);
    const deque = createSpace().deque({ capacity: 64 });
    restart(deque.share(), startOf(round));
    const thief = deque.share();
    const handle = deque.handOver();
    const seed = round * 7919 + 1;
    const owner = crew.hire<OwnerHandle>('owner', { deque: handle, count: ITEMS, pops: 6, seed });
    const thieves = [1, 2].map(() => crew.hire('thief', { deque: thief }));
    await crew.start();
    return { crew, owner, thieves, handle };
  }

  it('a thief dies', async () => {
    const { crew, owner, thieves } = await scene();
    await using _crew = crew;
    await instant(crew);
    await thieves[0]!.kill();
    crew.stop();
    const heir = OwnerDeque.open(await owner.result);
    drain(() => heir.pop(), crew);
    await thieves[1]!.result;
    audit(crew, crew.progress, 1);
  });

  it('the owner dies', async () => {
    const { crew, owner, thieves, handle } = await scene();
    await using _crew = crew;
    await instant(crew);
    await owner.kill();
    const heir = OwnerDeque.recover(handle);
    // The thieves go on meanwhile, and the heir pushes what nobody has had.
    const { progress } = crew;
    for (let item = ITEMS; item > ITEMS - 1000 && item > progress + 1; ) if (heir.push(item)) item--;
    drain(() => heir.pop(), crew);
    crew.stop();
    await Promise.all(thieves.map(({ result }) => result));
    audit(crew, progress, 1);
    if (progress < ITEMS - 1001)
      expect(crew.seen.subarray(ITEMS - 999, ITEMS + 1).every((n) => n === 1)).toBe(true);
  });
});

describe.each(ROUNDS)('round %i: of threads that share a ring', (round) => {
  async function scene(batch: number) {
    const crew = new Crew(ITEMS + batch);
    const space = createSpace();
    const ring = space.ring({ capacity: 64 });
    restart(ring.share(), startOf(round));
    const consumer = RingConsumer.open(ring.share());
    const handle = ring.handOver();
    const data = { ring: handle, count: ITEMS, batch, seed: round + 1 };
    const producer = crew.hire<RingProducerHandle>('producer', data);
    return { crew, space, producer, handle, consumer };
  }

  it('a consumer dies', async () => {
    const { crew, producer, consumer } = await scene(8);
    await using _crew = crew;
    const [first, second] = [1, 2].map(() => crew.hire('consumer', { ring: consumer.share() }));
    await crew.start();
    await instant(crew);
    await first!.kill();
    crew.stop();
    await producer.result;
    await second!.result;
    drain(() => consumer.take(), crew);
    audit(crew, crew.progress, 1);
  });

  it('the producer dies', async () => {
    const { crew, producer, handle, consumer } = await scene(8);
    await using _crew = crew;
    const other = crew.hire('consumer', { ring: consumer.share() });
    await crew.start();
    await instant(crew);
    await producer.kill();
    const heir = RingProducer.recover(handle);
    const { progress } = crew;
    for (let item = ITEMS; item > ITEMS - 1000 && item > progress + 8; ) if (heir.put(item)) item--;
    crew.stop();
    await other.result;
    audit(crew, progress, 0);
    if (progress < ITEMS - 1008)
      expect(crew.seen.subarray(ITEMS - 999, ITEMS + 1).every((n) => n === 1)).toBe(true);
  });

  it('a worker dies that claims batches, spills and steals', async () => {
    const { crew, space, producer, consumer } = await scene(8);
    await using _crew = crew;
    const most = 5;
    const deques = [8, 16].map((capacity) => space.deque({ capacity }));
    const spills = [8, 8].map((capacity) => space.ring({ capacity }));
    const peers = deques.map((deque) => deque.share());
    const shared = spills.map((spill) => spill.share());
    const handles = deques.map((deque) => deque.handOver());
    const workers = handles.map((own, i) =>
      crew.hire('worker', {
        ring: consumer.share(),
        own,
        peers: [peers[1 - i]],
        spill: spills[i]!.handOver(),
        spills: shared,
        batch: most,
        seed: 11 + i,
      }),
    );
    await crew.start();
    await instant(crew);
    await workers[0]!.kill();
    const heir = OwnerDeque.recover(handles[0]!);
    crew.stop();
    await producer.result;
    await workers[1]!.result;
    drain(() => heir.pop(), crew);
    for (const ring of shared.map((spill) => RingConsumer.open(spill))) drain(() => ring.take(), crew);
    drain(() => consumer.take(), crew);
    // A batch between ring and deque, or half of the deque on its way to the spill ring.
    audit(crew, crew.progress, Math.max(most, 4));
  });
});

describe.each(ROUNDS)('round %i: of a producer and its consumer', (round) => {
  async function scene() {
    const crew = new Crew(ITEMS + 1);
    const ends = createSpace().spsc({ capacity: [1, 2, 32][round]! });
    const [put, take] = [ends.producer.handOver(), ends.consumer.handOver()];
    restart(put, startOf(round));
    const producer = crew.hire('spscProducer', { producer: put, count: ITEMS });
    const consumer = crew.hire('spscConsumer', { consumer: take });
    await crew.start();
    await until('some items went through', () => crew.progress >= 20 + Math.random() * 200);
    for (let turns = Math.random() * 50; turns > 0; turns--) await turn();
    return { crew, producer, consumer, put, take };
  }

  it('the consumer dies', async () => {
    const { crew, producer, consumer, take } = await scene();
    await using _crew = crew;
    await consumer.kill();
    const heir = SpscConsumer.recover(take);
    const before = crew.progress;
    // The producer goes on: what the heir takes gives it room.
    while (crew.progress < Math.min(before + 20, ITEMS)) drain(() => heir.take(), crew);
    crew.stop();
    await producer.result;
    drain(() => heir.take(), crew);
    audit(crew, crew.progress, 1);
  });

  it('the producer dies', async () => {
    const { crew, producer, consumer, put } = await scene();
    await using _crew = crew;
    await producer.kill();
    const { progress } = crew;
    const heir = SpscProducer.recover(put);
    for (let item = ITEMS; item > ITEMS - 10 && item > progress + 1; ) if (heir.put(item)) item--;
    crew.stop();
    await consumer.result;
    audit(crew, progress, 0);
    if (progress < ITEMS - 11)
      expect(crew.seen.subarray(ITEMS - 9, ITEMS + 1).every((n) => n === 1)).toBe(true);
  });
});

describe.each(ROUNDS)('round %i: of sleepers', (round) => {
  it('one dies, and after a notification to all the others take the rest', async () => {
    const items = 3_000;
    await using crew = new Crew(items);
    const space = createSpace();
    const ring = space.ring({ capacity: 4 });
    const event = space.eventCount();
    const form = round % 2 === 0 ? 'blocking' : 'async';
    const data = { ring: ring.share(), ready: event.share(), form };
    const [victim, other] = [1, 2].map(() => crew.hire('sleeper', data));
    const notifier = crew.hire('notifier', { ring: ring.handOver(), ready: event.share(), count: items });
    await crew.start();
    const some = 100 + Math.random() * 1000;
    await until('some items went through', () => crew.progress >= some);
    for (let turns = Math.random() * 50; turns > 0; turns--) await turn();
    await victim!.kill();
    event.notify();
    await notifier.result;
    await until('all but one were taken', () => crew.audit(items).missing.length <= 1);
    const empty = RingConsumer.open(data.ring);
    await until('the ring is empty', () => empty.size === 0);
    crew.stop();
    event.notify();
    await other!.result;
    audit(crew, items, 1);
  });
});
