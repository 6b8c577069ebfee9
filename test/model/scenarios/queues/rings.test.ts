import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { call, done, type Program, type Result, type Scenario, type Step } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exchanged, readsTooLate } from '../faults.ts';
import { CORE, dequePart, ringPart, STARTS, spscPart } from '../plant.ts';
import { all, bounded, conserved, type Operation, once, pop, push, steal, take, thread } from './items.ts';

const { holds, finds } = counts('rings');
const wrongOne = /twice|two threads|refused|inside|nobody put in|lost|out of order|nowhere|items in a queue/;

const ring = (start: number, capacity = 2): ReturnType<typeof ringPart> =>
  ringPart('ring', 0, capacity, start | 0);

interface Setting {
  readonly start?: number;
  readonly capacity?: number;
  readonly module?: Scenario['module'];
}

describe('a ring with many consumers', () => {
  const put = (at: number, item: number): Operation => ({
    step: call('ringPut', at, item),
    kind: 'put',
    item,
  });

  /** A producer of four items and two consumers, each of which takes `takes` of them. */
  function producerAndTwo(
    { start = 2 ** 31 - 2, capacity = 2, module = CORE }: Setting,
    takes = 2,
  ): Scenario {
    const r = ring(start, capacity);
    const names = ['producer', 'consumer 1', 'consumer 2'];
    const puts = [1, 2, 3, 4].map((item) => put(r.at, item));
    const takesAll = Array.from({ length: takes }, () => take(r));
    return {
      module,
      regions: r.regions,
      setup: r.prepare,
      threads: [
        { name: 'producer', ...thread(puts, capacity, r), privateRanges: [r.producer] },
        { name: 'consumer 1', ...thread(takesAll) },
        { name: 'consumer 2', ...thread(takesAll) },
      ],
      invariant: all(once(names), bounded(r)),
      end: conserved(names, [r]),
    };
  }

  /** Items come in one batch; one consumer claims into its own deque and pops, with a thief; another one takes. */
  function claim({ start = 2 ** 31 - 2, module = CORE }: Setting, popped = 3): Scenario {
    const r = ring(start, 4);
    const deque = dequePart('deque', 0x1000, 4, start | 0);
    const names = ['producer', 'owner', 'taker', 'thief'];
    const stages = [1, 2, 3].map(
      (item): Operation => ({ step: call('ringStage', r.at, item), kind: 'put', item }),
    );
    const other = (step: Step): Operation => ({ step, kind: 'other' });
    const pops = Array.from({ length: popped }, () => ({ ...pop(deque), rising: true }));
    return {
      module,
      regions: [...r.regions, ...deque.regions],
      setup: (s) => {
        r.prepare(s);
        deque.prepare(s);
      },
      threads: [
        {
          name: 'producer',
          ...thread([...stages, other(call('ringPublish', r.at))]),
          privateRanges: [r.producer],
        },
        {
          name: 'owner',
          ...thread([other(call('ringClaim', r.at, deque.at, 2)), ...pops]),
          privateRanges: [deque.own],
        },
        { name: 'taker', ...thread([take(r), take(r)]) },
        // The newest item of a claimed batch lies oldest in the deque, so a thief sees no order.
        { name: 'thief', ...thread([{ step: call('dequeSteal', deque.at), kind: 'take' }]) },
      ],
      invariant: all(once(names), bounded(r), bounded(deque)),
      end: conserved(names, [r, deque]),
    };
  }

  /** An owner spills half of a full deque into its ring, beside a thief and a consumer of the ring. */
  function spill({ start = 2 ** 31 - 2, module = CORE }: Setting): Scenario {
    const r = ring(start, 2);
    const deque = dequePart('deque', 0x1000, 2, start | 0);
    const names = ['owner', 'thief', 'consumer'];
    return {
      module,
      regions: [...r.regions, ...deque.regions],
      setup: (s) => {
        r.prepare(s);
        deque.prepare(s);
      },
      threads: [
        {
          name: 'owner',
          ...thread([
            push(deque, 1),
            push(deque, 2),
            { step: call('dequeSpill', deque.at, r.at), kind: 'other' },
            push(deque, 3),
            pop(deque),
            pop(deque),
          ]),
          privateRanges: [deque.own, r.producer],
        },
        { name: 'thief', ...thread([steal(deque), steal(deque)]) },
        { name: 'consumer', ...thread([take(r), take(r)]) },
      ],
      invariant: all(once(names), bounded(r), bounded(deque)),
      end: conserved(names, [r, deque]),
    };
  }

  it.each(STARTS)('gives each item once and in order to one of two consumers, from index %d on', (start) => {
    holds(`2 places, 2 consumers, from ${start}`, producerAndTwo({ start }));
  });

  it.each(STARTS)('gives a claimed batch once, beside a taker and a thief, from index %d on', (start) => {
    holds(`claim, taker, thief, from ${start}`, claim({ start }));
  });

  it.each(STARTS)('takes what a deque spills beside a thief and a consumer, from index %d on', (start) => {
    holds(`spill, thief, consumer, from ${start}`, spill({ start }));
  });

  const ringFaults: readonly (readonly [string, Scenario['module']])[] = [
    [
      'an item shown before it is written',
      mutate(CORE, { kind: 'delayed-store', in: 'ringPut', nth: 1, after: 3 }),
    ],
    ['a take without comparing', mutate(CORE, { kind: 'forced-cmpxchg', in: 'ringTake' })],
    ['a take in two steps', mutate(CORE, { kind: 'torn-cmpxchg', in: 'ringTake' })],
    ['an item read after the compare-exchange', readsTooLate(CORE, 'ringTake')],
    ['room not asked for', mutate(CORE, { kind: 'fixed-condition', in: 'ringPut', nth: 0, value: 0 })],
    ['one place too few', mutate(CORE, { kind: 'changed-constant', in: 'ringPut', from: 1, to: 0 })],
    ['an item that is not counted', mutate(CORE, { kind: 'dropped-store', in: 'ringPut', nth: 2 })],
  ];
  for (const [fault, module] of ringFaults) {
    it(`the checker finds ${fault}`, () => {
      finds(fault, producerAndTwo({ module }), wrongOne);
    });
  }

  const claimFaults: readonly (readonly [string, Scenario['module']])[] = [
    ['a claim without comparing', mutate(CORE, { kind: 'forced-cmpxchg', in: 'ringClaim' })],
    ['a claim in two steps', mutate(CORE, { kind: 'torn-cmpxchg', in: 'ringClaim' })],
  ];
  it.each(claimFaults)('the checker finds %s', (fault, module) => {
    finds(fault, claim({ module }), wrongOne);
  });

  it('the checker finds a claim that is not shown to thieves', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'ringClaim', nth: 3 });
    finds('a claim that is not shown', claim({ module }, 0), /lost/);
  });

  it('the checker finds a batch shown in the deque before it is claimed', () => {
    // The steps of `ringClaim`, bottom first.
    const scenario = claim({});
    const deque = 0x1000;
    const early: Operation[] = [
      { step: call('dequePush', deque, 1), kind: 'other' },
      {
        step: { op: 'cas', address: L.MC_HEAD, expected: (2 ** 31 - 2) | 0, replacement: 2 ** 31 - 1 },
        kind: 'other',
      },
    ];
    const threads = scenario.threads.map((t) => {
      return t.name === 'owner'
        ? { ...t, ...thread([...early, { step: call('dequePop', deque), kind: 'take' }]) }
        : t;
    });
    finds('batch shown, then claimed', { ...scenario, threads }, wrongOne);
  });

  const spillFaults: readonly (readonly [string, Scenario['module']])[] = [
    ['a spill that takes without comparing', mutate(CORE, { kind: 'forced-cmpxchg', in: 'dequeSpill' })],
    ['a spill that is not shown', mutate(CORE, { kind: 'dropped-store', in: 'dequeSpill', nth: 4 })],
    ['a spill that takes in two steps', mutate(CORE, { kind: 'torn-cmpxchg', in: 'dequeSpill' })],
  ];
  it.each(spillFaults)('the checker finds %s', (fault, module) => {
    finds(fault, spill({ module }), wrongOne);
  });
});

describe('a ring with one consumer', () => {
  function pair({ start = 2 ** 31 - 2, capacity = 2, module = CORE }: Setting): Scenario {
    const r = spscPart('ring', 0, capacity, start | 0);
    const names = ['producer', 'consumer'];
    const puts = [1, 2, 3, 4, 5].map(
      (item): Operation => ({ step: call('spscPut', r.at, item), kind: 'put', item }),
    );
    const takes = Array.from({ length: 5 }, (): Operation => {
      return { step: call('spscTake', r.at), kind: 'take', rising: true };
    });
    return {
      module,
      regions: r.regions,
      setup: r.prepare,
      threads: [
        { name: 'producer', ...thread(puts, capacity, r), privateRanges: [r.producer] },
        { name: 'consumer', ...thread(takes), privateRanges: [r.consumer] },
      ],
      invariant: all(once(names), bounded(r)),
      end: conserved(names, [r]),
    };
  }

  it.each(STARTS)('gives each item once and in order, with 1, 2 and 4 places, from index %d on', (start) => {
    for (const capacity of [1, 2, 4])
      holds(`spsc, ${capacity} places, from ${start}`, pair({ start, capacity }));
  });

  const faults: readonly (readonly [string, Scenario['module']])[] = [
    [
      'an item shown before it is written',
      mutate(CORE, { kind: 'delayed-store', in: 'spscPut', nth: 1, after: 3 }),
    ],
    ['room not asked for', mutate(CORE, { kind: 'fixed-condition', in: 'spscPut', nth: 0, value: 0 })],
    ['head not looked at again', mutate(CORE, { kind: 'fixed-condition', in: 'spscPut', nth: 1, value: 1 })],
    ['emptiness not asked for', mutate(CORE, { kind: 'fixed-condition', in: 'spscTake', nth: 0, value: 0 })],
    ['an item never given back', mutate(CORE, { kind: 'dropped-store', in: 'spscTake', nth: 1 })],
    ['an item taken without end', mutate(CORE, { kind: 'dropped-store', in: 'spscTake', nth: 0 })],
    ['one place too many', exchanged(CORE, 'spscPut', 'i32.gt_s', 'i32.lt_s')],
  ];
  it.each(faults)('the checker finds %s', (fault, module) => {
    finds(`spsc: ${fault}`, pair({ module }), wrongOne);
  });

  it('the checker finds a head stored before the item is read', () => {
    const scenario = pair({});
    // `spscTake` in the wrong order, by hand.
    const program: Program = (r: number[], result: Result): Step => {
      const got = Number(result);
      const at = r[0]!;
      r[0] = at + 1;
      if (at % 3 === 0) {
        if (at > 0) {
          if ((r[2]! & (1 << got)) !== 0) return { op: 'fail', message: `got item ${got} twice` };
          r[2]! |= 1 << got;
        }
        return at >= 9 ? done : { op: 'load', address: L.SC_TAIL };
      }
      const head = ((2 ** 31 - 2) | 0) + (at - (at % 3)) / 3;
      if (at % 3 === 1) {
        if (got === (head | 0)) return done;
        return { op: 'store', address: L.SC_HEAD, value: (head + 1) | 0 };
      }
      return { op: 'read', address: L.SC_SLOTS + 4 * (head & 1) };
    };
    const threads = scenario.threads.map((t) => (t.name === 'consumer' ? { ...t, program } : t));
    finds('spsc: head stored before the read', { ...scenario, threads }, wrongOne);
  });
});
