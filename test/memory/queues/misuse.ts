// Never run: what the compiler must refuse. A line marked as an error that is none is an error itself.
import {
  createSpace,
  type EventCount,
  type EventKey,
  OwnerDeque,
  RingConsumer,
  type RingProducer,
  type SpscConsumer,
  ThiefDeque,
} from '../../../src/memory/queues/index.ts';

declare const owner: OwnerDeque;
declare const thief: ThiefDeque;
declare const producer: RingProducer;
declare const consumer: RingConsumer;
declare const event: EventCount;

function stealsFrom(_deque: ThiefDeque): void {}
function owns(_deque: OwnerDeque): void {}
function takesFrom(_ring: RingConsumer): void {}

export function rightUse(): void {
  stealsFrom(ThiefDeque.open(owner.share()));
  owns(OwnerDeque.open(owner.handOver()));
  takesFrom(RingConsumer.open(producer.share()));
  event.wait(event.prepare());
}

export function misuse(): void {
  // @ts-expect-error an owner is no thief
  stealsFrom(owner);
  // @ts-expect-error a thief is no owner
  owns(thief);
  // @ts-expect-error a thief cannot push
  thief.push(1);
  // @ts-expect-error a thief cannot pop
  thief.pop();
  // @ts-expect-error an owner does not steal
  owner.steal();
  // @ts-expect-error what a thief gets makes nobody an owner
  OwnerDeque.open(owner.share());
  // @ts-expect-error ownership is not for thieves
  ThiefDeque.open(owner.handOver());
  // @ts-expect-error a producer is no consumer
  takesFrom(producer);
  // @ts-expect-error a consumer cannot put
  consumer.put(1);
  // @ts-expect-error a producer does not take
  producer.take();
  // @ts-expect-error the one consumer of one ring is none of the many of another
  takesFrom(createSpace().spsc().consumer);
  // @ts-expect-error neither is one of the many the only one
  consumer satisfies SpscConsumer;
  // @ts-expect-error a ring's handle opens no deque
  ThiefDeque.open(producer.share());
  // @ts-expect-error an object that looks like a thief is none
  stealsFrom({ capacity: 1, size: 1, steal: () => 1, share: () => owner.share() });
  // @ts-expect-error a number is no key: only prepare makes one
  event.wait(1);
  // @ts-expect-error a key is not made up
  const key: EventKey = 0;
  event.cancel(key);
}
