import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import {
  call,
  done,
  fail,
  load,
  type PrivateRange,
  read,
  type Scenario,
  store,
  type Thread,
  wait,
} from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { CORE } from '../plant.ts';
import { type Ground, ground } from '../tasks/ground.ts';
import { Routine } from '../tasks/routine.ts';

const { holds, finds } = counts('grace');

// Two pieces of memory and the word that says which one is in use.
const POINTER = 0x1f10;
const OLD = 0x1f20;
const NEW = 0x1f30;
const GOOD = 1;
const SOMETHING_ELSE = 2;

type Fault = 'epoch copied within a task' | 'awake counted as parked' | 'no wait';

/** At a boundary, in `next`: then it reads where the memory is, and later the memory. It parks between tasks. */
function worker(memory: Ground, block: number, fault?: Fault): Thread {
  const at = memory.blocks[block]!;
  const p = new Routine();
  p.label('loop').do((r) => r.fill(0, 1) && undefined);
  p.do(store(at + L.W_TICK, 0))
    .do(store(at + L.W_RANDOM, 1))
    .do(store(at + L.W_PARKS, 0));
  p.do(call('next', at));
  p.do(load(POINTER)).keep(1);
  if (fault === 'epoch copied within a task') {
    p.do(load(L.HEADER + L.H_EPOCH)).keep(2);
    p.do((r) => store(at + L.W_SEEN, r[2]!));
  }
  p.do((r) => read(r[1]!)).do((_, x) => {
    return x === GOOD ? undefined : fail('a worker used memory that has become something else');
  });
  p.do((r) => {
    r.fill(0, 1);
    return call('park', at);
  }).keep(1);
  p.unless((r) => r[1] === 1, 'loop');
  const [sleep, awake] = ['sleep', 'awake'];
  p.label(sleep)
    .do(load(at + L.W_PARK))
    .keep(1);
  p.unless((r) => r[1] === 0, awake);
  p.do(wait(at + L.W_PARK, 0)).jump(sleep);
  p.label(awake);
  if (fault !== 'awake counted as parked') p.do(call('unpark', at));
  p.jump('loop');
  const own: readonly PrivateRange[] = [
    { start: at + L.W_EXECUTED, words: 3 },
    { start: at + L.W_TICK, words: 3 },
  ];
  return {
    name: `worker ${block}`,
    program: p.program(),
    registers: [0, 0, 0],
    privateRanges: own,
    mayEndAsleep: true,
  };
}

/** The coordinator: new memory in use, a grace period, and the old memory becomes something else. */
function scenario(workers: number, fault?: Fault, module: Scenario['module'] = CORE): Scenario {
  const blocks = Array.from({ length: workers }, () => ({}));
  const memory = ground({ slots: 1, blocks, start: 0, records: [] });
  const changing = /^(epoch|seen\d)$/;
  const p = new Routine();
  p.do(call('wakeAll'));
  p.do(store(POINTER, NEW)).do(call('graceBegin')).keep(1);
  p.do(call('wakeAll'));
  p.label('ask');
  if (fault !== 'no wait') {
    p.do((r) => call('graceOver', r[1]!)).keep(2);
    p.unless((r) => r[2] === 1, 'ask');
  }
  p.do(store(OLD, SOMETHING_ELSE)).do(call('wakeAll')).do(done);
  return {
    module,
    regions: [
      ...memory.regions.map((r) => (changing.test(r.name) ? { ...r, constant: false } : r)),
      { name: 'pointer', start: POINTER, words: 1 },
      { name: 'old', start: OLD, words: 1 },
      { name: 'new', start: NEW, words: 1, constant: true },
    ],
    setup: (setup) => {
      memory.prepare(setup);
      // The next epoch is past the sign.
      setup.store(L.HEADER + L.H_EPOCH, 2 ** 31 - 1);
      for (const at of memory.blocks) setup.store(at + L.W_SEEN, 2 ** 31 - 1);
      setup.store(POINTER, OLD);
      setup.store(OLD, GOOD);
      setup.store(NEW, GOOD);
    },
    threads: [
      { name: 'coordinator', program: p.program(), registers: [0, 0, 0] },
      ...blocks.map((_, i) => worker(memory, i, fault)),
    ],
  };
}

describe('a grace period', () => {
  it('is over only when no worker can act on memory it knew before, asleep or awake', () => {
    holds('1 worker', scenario(1));
    holds('2 workers', scenario(2));
  });
});

describe('the checker finds in grace periods', () => {
  const wrong = /become something else/;

  it('an epoch copied in the middle of a task', () => {
    finds('epoch copied within a task', scenario(1, 'epoch copied within a task'), wrong);
  });

  it('a worker that is awake and still counted as parked', () => {
    finds('awake counted as parked', scenario(1, 'awake counted as parked'), wrong);
  });

  it('everybody counted as parked', () => {
    const module = mutate(CORE, { kind: 'changed-constant', in: 'graceOver', from: 1, to: -1 });
    finds('all parked', scenario(2, undefined, module), wrong);
  });

  it('an epoch that is raised and not waited for', () => {
    finds('no wait', scenario(1, 'no wait'), wrong);
  });
});
