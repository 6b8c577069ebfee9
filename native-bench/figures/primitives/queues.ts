import type { Figure } from '../figure.ts';
import { type Batch, batchFigure, nsMetric } from './batch.ts';
import { type Queues, queues } from './library.ts';

/** Items claimed in one step. */
const CLAIMED = 8;

/** 1 + … + calls. */
const sum = (calls: number): number => (calls * (calls + 1)) / 2;

const LABELS = [
  { name: 'pushPop', label: 'deque: push, pop' },
  { name: 'pushSteal', label: 'deque: push, steal' },
  { name: 'putTake', label: 'ring: put, take' },
  { name: 'stageTake', label: `ring: stage, publish each ${CLAIMED}, take` },
  { name: 'claim', label: `ring: put, ${CLAIMED} claimed into a deque at once, pop` },
  { name: 'spsc', label: 'SPSC ring: put, take' },
  { name: 'event', label: 'event count: notify, nobody waiting' },
] as const;

type Name = (typeof LABELS)[number]['name'];

/** Each in a space of its own. Every item is a number of its own, and what comes out is summed up. */
function programs({ createSpace, ThiefDeque, RingConsumer }: Queues): Readonly<Record<Name, Batch['run']>> {
  return {
    pushPop: ((deque) => (calls: number) => {
      let total = 0;
      for (let i = 1; i <= calls; i++) {
        deque.push(i);
        total += deque.pop();
      }
      return total;
    })(createSpace().deque()),

    pushSteal: ((deque) => {
      const thief = ThiefDeque.open(deque.share());
      return (calls: number) => {
        let total = 0;
        for (let i = 1; i <= calls; i++) {
          deque.push(i);
          total += thief.steal();
        }
        return total;
      };
    })(createSpace().deque()),

    putTake: ((producer) => {
      const consumer = RingConsumer.open(producer.share());
      return (calls: number) => {
        let total = 0;
        for (let i = 1; i <= calls; i++) {
          producer.put(i);
          total += consumer.take();
        }
        return total;
      };
    })(createSpace().ring()),

    stageTake: ((producer) => {
      const consumer = RingConsumer.open(producer.share());
      return (calls: number) => {
        let total = 0;
        for (let i = 1; i <= calls; i += CLAIMED) {
          for (let j = i; j < i + CLAIMED; j++) producer.stage(j);
          producer.publish();
          for (let j = 0; j < CLAIMED; j++) total += consumer.take();
        }
        return total;
      };
    })(createSpace().ring()),

    claim: ((space) => {
      const producer = space.ring();
      const consumer = RingConsumer.open(producer.share());
      const deque = space.deque();
      return (calls: number) => {
        let total = 0;
        for (let i = 1; i <= calls; i += CLAIMED) {
          for (let j = i; j < i + CLAIMED; j++) producer.put(j);
          deque.claimFrom(consumer, CLAIMED);
          for (let j = 0; j < CLAIMED; j++) total += deque.pop();
        }
        return total;
      };
    })(createSpace()),

    spsc: (
      ({ producer, consumer }) =>
      (calls: number) => {
        let total = 0;
        for (let i = 1; i <= calls; i++) {
          producer.put(i);
          total += consumer.take();
        }
        return total;
      }
    )(createSpace().spsc()),

    event: ((event) => (calls: number) => {
      let total = 0;
      for (let i = 1; i <= calls; i++) total += event.notify(1) + i;
      return total;
    })(createSpace().eventCount()),
  };
}

const [first, ...others] = LABELS.map(nsMetric);

export const queueSteps: Figure = batchFigure({
  name: 'queues',
  title: 'Steps of the queues',
  does: 'the classes of `millrace/queues`; the time of one item from one end to the other, both ends on this thread',
  metrics: [first!, ...others],
  async open() {
    const run = programs(await queues());
    return LABELS.map((label): Batch => ({ ...label, run: run[label.name], wanted: sum }));
  },
});
