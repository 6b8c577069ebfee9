import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import {
  call,
  done,
  load,
  type Program,
  type Region,
  type Scenario,
  type Step,
  store,
  wait,
} from '../../explore.ts';
import { counts } from '../counts.ts';
import { without } from '../faults.ts';
import { CORE } from '../plant.ts';

const { holds, finds } = counts('event count');

const EVENT = 0;
const CONDITION = 0x400;
const regions: readonly Region[] = [
  { name: 'epoch', start: EVENT + L.EV_EPOCH, words: 1 },
  { name: 'waiters', start: EVENT + L.EV_WAITERS, words: 1 },
  { name: 'condition', start: CONDITION, words: 1 },
];

type Waiting = 'right' | 'key after the look' | 'no look';

/** Waits until the condition is at least `enough`. Register 1 holds the key, 2 the condition. */
function waiter(enough: number, waiting: Waiting): Program {
  const late = waiting === 'key after the look';
  return (r, result) => {
    const got = Number(result);
    r[0]! += 1;
    switch (r[0]) {
      case 1:
        return late ? load(CONDITION) : call('eventPrepare', EVENT);
      case 2:
        r[late ? 2 : 1] = got;
        return late ? call('eventPrepare', EVENT) : load(CONDITION);
      case 3:
        r[late ? 1 : 2] = got;
        if (r[2]! >= enough && waiting !== 'no look') {
          r[0] = 9;
          return call('eventLeave', EVENT);
        }
        return wait(EVENT + L.EV_EPOCH, r[1]!);
      case 4:
        return call('eventLeave', EVENT);
      case 5:
        if (waiting === 'no look') return done;
        r[0] = 1;
        return late ? load(CONDITION) : call('eventPrepare', EVENT);
      default:
        return done;
    }
  };
}

/** Makes the condition one more true, and says so. */
const notifier: readonly Step[] = [
  { op: 'add', address: CONDITION, value: 1 },
  call('eventNotify', EVENT, 8),
];

interface Shape {
  readonly waiters: number;
  readonly notifiers: number;
  readonly epoch?: number;
  readonly waiting?: Waiting;
  readonly steps?: readonly Step[];
  readonly module?: Scenario['module'];
}

function events({
  waiters,
  notifiers,
  epoch = -1,
  waiting = 'right',
  steps = notifier,
  module = CORE,
}: Shape): Scenario {
  const program: Program = (r) => {
    r[0]! += 1;
    return steps[r[0]! - 1] ?? done;
  };
  return {
    module,
    regions,
    setup: (s) => s.store(EVENT + L.EV_EPOCH, epoch),
    threads: [
      ...Array.from({ length: waiters }, (_, i) => {
        return { name: `waiter ${i}`, program: waiter(notifiers, waiting), registers: [0, 0, 0] };
      }),
      ...Array.from({ length: notifiers }, (_, i) => ({ name: `notifier ${i}`, program, registers: [0] })),
    ],
    end: (view) => (view.load(EVENT + L.EV_WAITERS) === 0 ? undefined : 'waiters are left in the count'),
  };
}

describe('the event count', () => {
  it.each([0, -1, 2 ** 31 - 1])('wakes every waiter whose condition came true, from epoch %d on', (epoch) => {
    holds(`2 waiters, 1 notifier, from ${epoch}`, events({ waiters: 2, notifiers: 1, epoch: epoch | 0 }));
    holds(`1 waiter, 2 notifiers, from ${epoch}`, events({ waiters: 1, notifiers: 2, epoch: epoch | 0 }));
  });

  it('loses nothing with two waiters and two notifiers', () => {
    holds('2 waiters, 2 notifiers', events({ waiters: 2, notifiers: 2 }));
  });
});

describe('the checker finds in the event count', () => {
  const one = { waiters: 1, notifiers: 1 };
  const faults: readonly (readonly [fault: string, shape: Shape])[] = [
    ['a key taken after the look', { ...one, waiting: 'key after the look' }],
    ['no look before the wait', { ...one, waiting: 'no look' }],
    ['an epoch that stays', { ...one, module: without(CORE, 'eventNotify', 'i32.atomic.rmw.add') }],
    ['waiters that are not counted', { ...one, module: without(CORE, 'eventPrepare', 'i32.atomic.rmw.add') }],
    [
      'a notify before the epoch goes on',
      {
        ...one,
        steps: [
          { op: 'add', address: CONDITION, value: 1 },
          { op: 'notify', address: EVENT + L.EV_EPOCH },
          { op: 'add', address: EVENT + L.EV_EPOCH, value: 1 },
        ],
      },
    ],
    [
      'a notify before the condition is true',
      { ...one, steps: [call('eventNotify', EVENT, 8), store(CONDITION, 1)] },
    ],
    ['no notify', { ...one, module: without(CORE, 'eventNotify', 'memory.atomic.notify') }],
  ];
  it.each(faults)('%s', (fault, shape) => {
    finds(fault, events(shape), /^deadlock: waiter 0 sleeps on epoch/);
  });
});
