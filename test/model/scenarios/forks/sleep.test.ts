import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { call, done, load, type Scenario, store, type Thread, type View, wait } from '../../explore.ts';
import { counts } from '../counts.ts';
import { CORE } from '../plant.ts';
import { Routine } from '../tasks/routine.ts';
import { owner, RAN } from './actors.ts';
import { type ForkGround, forkGround, ROOT } from './ground.ts';

const { holds } = counts('fork sleep');

const GOT = 1;

/** Takes child 1, forks child 2 in it, and goes on for ever. */
function forkingThief(ground: ForkGround): Thread {
  const at = ground.blocks[1]!;
  const p = new Routine();
  p.do(store(at + L.W_STEALS, 0)).do(call('forkHelp', at, 0, 0)).keep(GOT);
  p.when(
    (r) => r[GOT] !== 0,
    () => {
      p.do(load(at + L.W_FORK_FREE)).keep(GOT);
      p.do((r) => store(r[GOT]! + L.F_ARGS, 2)).do(call('fork', at, 2, 0, 1));
      p.do((r) => {
        r[GOT] = -1;
      });
    },
  );
  p.do(done);
  return { name: 'thief', program: p.program(), registers: [0, 0], privateRanges: ground.own(1) };
}

function overAChild(module: Scenario['module'] = CORE): Scenario {
  const ground = forkGround({ blocks: 2, forking: [0, 1], records: 1, roots: true });
  return {
    module,
    regions: ground.regions,
    setup: ground.prepare,
    threads: [{ ...owner(ground, { script: 'f1 j1', helps: true }), mayEndAsleep: true }, forkingThief(ground)],
    end: (view: View) => {
      if (view.registers('thief')[GOT] !== -1) return undefined;
      return (view.registers('owner')[RAN]! & (1 << 2)) !== 0 ? undefined : 'the joiner sleeps over a child of its root';
    },
  };
}

/** Worker 1 parks, is woken, and finds a task, in which it joins a child that worker 0 runs. */
function joinsAfterPark(ground: ForkGround): Thread {
  const at = ground.blocks[1]!;
  const record = ground.record(1, 1);
  const p = new Routine();
  const sleeps = (): void => {
    const [sleep, awake] = [p.fresh('sleep'), p.fresh('awake')];
    p.label(sleep)
      .do(load(at + L.W_PARK))
      .keep(GOT);
    p.unless((r) => r[GOT] === 0, awake);
    p.do(wait(at + L.W_PARK, 0)).jump(sleep);
    p.label(awake);
  };
  p.do(call('park', at)).keep(GOT);
  p.when(
    (r) => r[GOT] === 1,
    () => {
      sleeps();
      p.do(call('unpark', at));
    },
  );
  p.do(call('endSearch', at));
  p.label('look').do(load(record)).keep(GOT);
  p.unless((r) => (r[GOT]! & L.STATE_MASK) < L.DONE, 'over');
  p.do(call('joinPark', at, record)).keep(GOT);
  p.unless((r) => r[GOT] === 1, 'look');
  sleeps();
  p.do(call('joinUnpark', at)).jump('look');
  p.label('over').do(done);
  return { name: 'worker 1', program: p.program(), registers: [0, 0] };
}

function searchingBit(module: Scenario['module'] = CORE): Scenario {
  const ground = forkGround({ blocks: 2, forking: [1], records: 1, idle: true });
  const running = ROOT | (0 << L.OWNER_SHIFT) | L.RUNNING;
  const record = ground.record(1, 1);
  const waker = new Routine();
  waker.do(call('wakeOne')).do(done);
  const coordinator = new Routine();
  coordinator.do(call('ping', ground.blocks[1]!)).do(call('forkFinish', record, running, L.DONE)).do(done);
  return {
    module,
    regions: ground.regions,
    setup: (setup) => {
      ground.prepare(setup);
      setup.store(record, running);
      setup.store(record + L.F_OWNER, 1);
    },
    threads: [
      { name: 'waker', program: waker.program(), registers: [0] },
      joinsAfterPark(ground),
      { name: 'coordinator', program: coordinator.program(), registers: [0] },
    ],
    end: (view) =>
      view.load(L.HEADER + L.H_SEARCHING) === 0
        ? undefined
        : 'the searching bit of a worker that runs a task silences every publisher',
  };
}

describe('sleep', () => {
  it('over', () => {
    holds('joiner, a child of its root', overAChild());
  });
  it('searching', () => {
    holds('a waker, a ping, a join', searchingBit());
  });
});
