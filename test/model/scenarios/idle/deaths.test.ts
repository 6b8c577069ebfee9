import { describe, it } from 'vitest';
import { call } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exposed } from '../faults.ts';
import { CORE } from '../plant.ts';
import { crewWithDeath, type LossShape } from './crew.ts';

const { holds, finds } = counts('deaths');
const LONG = 300_000;

const endless = { work: 'endless' } as const;
const two: LossShape = { workers: 2, tasks: 2, worker: endless, mortal: [0, 1] };
/** One task while the thread dies, and one more after the repair. */
const later: LossShape = {
  ...two,
  tasks: 1,
  worker: { work: 'short' },
  mortal: [0],
};

describe('nobody sleeps over a visible task when a worker dies before any of its accesses', () => {
  it.each([0, 1])('worker %d of two, with two tasks that never end', { timeout: LONG }, (mortal) => {
    holds(`worker ${mortal} of 2, 2 endless tasks`, crewWithDeath({ ...two, mortal: [mortal] }));
  });

  it('either of two that look for a while before they park', { timeout: LONG }, () => {
    const worker = { ...endless, spins: true };
    holds('either of 2 that spin, 2 endless tasks', crewWithDeath({ ...two, worker }));
  });

  it('one of two, with a task that ends', { timeout: LONG }, () => {
    holds('worker 0 of 2, 1 short task', crewWithDeath(later));
  });

  it('one of two, with two tasks that end', { timeout: LONG }, () => {
    const scenario = crewWithDeath({ ...later, tasks: 2 });
    holds('worker 0 of 2, 2 short tasks', scenario);
  });
});

describe('the checker finds in recovery', () => {
  const asleep = /^worker \d(, worker \d)*: asleep with \d visible$/;
  const waking = exposed(exposed(CORE, 'wakeOne', 0, 'wakeIdle'), 'wakeIdle', 0, 'wakeParked');
  const wakesAll = (): ReturnType<NonNullable<LossShape['repair']>> => [call('wakeAll')];

  const faults: readonly (readonly [fault: string, shape: LossShape])[] = [
    ['nobody woken after a death', { ...two, repair: (block) => [call('forget', block)] }],
    [
      'everyone woken before the dead is forgotten',
      { ...later, tasks: 2, repair: (block) => [call('wakeAll'), call('forget', block)] },
    ],
    ['the dead not forgotten', { ...later, tasks: 2, repair: wakesAll }],
    ['everyone woken before the exit of the dead', { ...two, mortal: [0], when: 'early' }],
    [
      'a searching bit that a waker does not take back from the dead',
      {
        ...later,
        tasks: 2,
        module: mutate(waking, { kind: 'fixed-condition', in: 'wakeParked', nth: 7, value: 0 }),
      },
    ],
    [
      'the dead forgotten before its park word says so',
      { ...later, tasks: 2, module: mutate(CORE, { kind: 'dropped-store', in: 'forget', nth: 0 }) },
    ],
  ];

  it.each(faults)('%s', { timeout: LONG }, (fault, shape) => {
    finds(fault, crewWithDeath(shape), asleep);
  });
});
