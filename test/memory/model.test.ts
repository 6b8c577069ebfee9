// Sequences of one thread against plain arrays: whatever is done in whatever order, the structures hold what an
// array would hold. What several threads do is the business of test/queues and test/model.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as L from '../../src/memory/layout.ts';
import { ground, STARTS } from './ground.ts';

const RUNS = 2000;

const capacity = fc.constantFrom(1, 2, 4, 8);
const start = fc.oneof(fc.constantFrom(...STARTS), fc.integer());
const op = fc.oneof(
  fc.record({ do: fc.constantFrom('push', 'put', 'stage' as const), item: fc.integer({ min: 1 }) }),
  fc.record({ do: fc.constantFrom('pop', 'steal', 'take', 'publish', 'spill' as const) }),
  fc.record({ do: fc.constant('claim' as const), most: fc.integer({ min: 1, max: 10 }) }),
);

it('a deque and a ring hold what arrays hold', () => {
  const { core, memory, ...make } = ground();
  const at = { deque: make.deque(8), ring: make.ring(8) };
  fc.assert(
    fc.property(capacity, capacity, start, start, fc.array(op, { maxLength: 60 }), (dc, rc, ds, rs, ops) => {
      const { deque: d, ring: r } = at;
      core.dequeInit(d, dc - 1, ds | 0);
      core.ringInit(r, rc - 1, rs | 0);
      const deque: number[] = [];
      const ring: number[] = [];
      const staged: number[] = [];
      for (const step of ops) {
        const dequeRoom = dc - deque.length;
        const ringRoom = rc - ring.length - staged.length;
        switch (step.do) {
          case 'push':
            expect(core.dequePush(d, step.item)).toBe(dequeRoom > 0 ? 1 : 0);
            if (dequeRoom > 0) deque.push(step.item);
            break;
          case 'pop':
            expect(core.dequePop(d)).toBe(deque.pop() ?? L.EMPTY);
            break;
          case 'steal':
            expect(core.dequeSteal(d)).toBe(deque.shift() ?? L.EMPTY);
            break;
          case 'stage':
            expect(core.ringStage(r, step.item)).toBe(ringRoom > 0 ? 1 : 0);
            if (ringRoom > 0) staged.push(step.item);
            break;
          case 'put':
            expect(core.ringPut(r, step.item)).toBe(ringRoom > 0 ? 1 : 0);
            if (ringRoom > 0) ring.push(...staged.splice(0), step.item);
            break;
          case 'publish':
            core.ringPublish(r);
            ring.push(...staged.splice(0));
            break;
          case 'take':
            expect(core.ringTake(r)).toBe(ring.shift() ?? L.EMPTY);
            break;
          case 'spill': {
            const moved = Math.min((deque.length + 1) >> 1, ringRoom);
            expect(core.dequeSpill(d, r)).toBe(moved);
            if (moved > 0) ring.push(...staged.splice(0), ...deque.splice(0, moved));
            break;
          }
          case 'claim': {
            const most = Math.min(ring.length, step.most, dequeRoom);
            const got = core.ringClaim(r, d, step.most);
            // The owner's idea of the top may lag: then it claims fewer, but never none without need.
            expect(got >= Math.min(most, 1) && got <= most).toBe(true);
            deque.push(...ring.splice(0, got).reverse());
          }
        }
        expect([core.dequeSize(d), core.ringSize(r)]).toEqual([deque.length, ring.length]);
      }
      while (deque.length > 0) expect(core.dequePop(d)).toBe(deque.pop());
      while (ring.length > 0) expect(core.ringTake(r)).toBe(ring.shift());
      expect([core.dequePop(d), core.dequeSteal(d), core.ringTake(r)]).toEqual([0, 0, 0]);
    }),
    { numRuns: RUNS },
  );
});

it('a ring with one consumer holds what an array holds', () => {
  const { core, ...make } = ground();
  const r = make.spsc(8);
  fc.assert(
    fc.property(capacity, start, fc.array(fc.integer({ min: 0 }), { maxLength: 60 }), (size, from, ops) => {
      core.spscInit(r, size - 1, from | 0);
      const ring: number[] = [];
      for (const item of ops) {
        // An even number takes, an odd one is put.
        if ((item & 1) === 0) expect(core.spscTake(r)).toBe(ring.shift() ?? L.EMPTY);
        else if (core.spscPut(r, item) === 1) ring.push(item);
        else expect(ring.length).toBe(size);
        expect(ring.length).toBeLessThanOrEqual(size);
        expect(core.spscSize(r)).toBe(ring.length);
      }
    }),
    { numRuns: RUNS },
  );
});
