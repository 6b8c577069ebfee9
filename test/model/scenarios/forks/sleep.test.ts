import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { call, done, load, type Scenario, store, type Thread, type View, wait } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exposed, movedBehind, without } from '../faults.ts';
import { CORE } from '../plant.ts';
import { Routine } from '../tasks/routine.ts';
import { owner, RAN } from './actors.ts';
import { family } from './family.ts';
import { type ForkGround, forkGround, ROOT } from './ground.ts';

const { holds, finds } = counts('fork sleep');

const GOT = 1;

/** Takes child 1, forks child 2 in it, and goes on for ever. */
function forkingThief(ground: ForkGround): Thread {
  const at = ground.blocks[1]!;
  const p = new Routine();
  p.do(store(at + L.W_STEALS, 0))
    .do(call('forkHelp', at, 0, 0))
    .keep(GOT);
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

function overAChild(module: Scenario['module'] = CORE, root: number = ROOT): Scenario {
  const ground = forkGround({ blocks: 2, forking: [0, 1], records: 1, roots: true, rootOf: [ROOT, root] });
  return {
    module,
    regions: ground.regions,
    setup: ground.prepare,
    threads: [
      { ...owner(ground, { script: 'f1 j1', helps: true }), mayEndAsleep: true },
      forkingThief(ground),
    ],
    end: (view: View) => {
      if (view.registers('thief')[GOT] !== -1 || root !== ROOT) return undefined;
      return (view.registers('owner')[RAN]! & (1 << 2)) !== 0
        ? undefined
        : 'the joiner sleeps over a child of its root';
    },
  };
}

/** Parks until there is a child to take; then runs it for ever. */
function parkingThief(ground: ForkGround): Thread {
  const at = ground.blocks[1]!;
  const p = new Routine();
  p.label('look')
    .do(store(at + L.W_PARKS, 0))
    .do(call('forkHelp', at, -1, 0))
    .keep(GOT);
  p.unless((r) => r[GOT] === 0, 'over');
  p.do(call('park', at)).keep(GOT);
  p.unless((r) => r[GOT] === 1, 'look');
  p.label('sleep')
    .do(load(at + L.W_PARK))
    .keep(GOT);
  p.unless((r) => r[GOT] === 0, 'awake');
  p.do(wait(at + L.W_PARK, 0)).jump('sleep');
  p.label('awake').do(call('unpark', at)).jump('look');
  p.label('over').do(call('endSearch', at)).do(done);
  const privateRanges = ground.own(1);
  return { name: 'thief', program: p.program(), registers: [0, 0], privateRanges, mayEndAsleep: true };
}

/** Worker 0 forks and goes on for ever without a join. */
function parked(module: Scenario['module'] = CORE): Scenario {
  const ground = forkGround({ blocks: 2, records: 2, idle: true });
  return {
    module,
    regions: ground.regions,
    setup: ground.prepare,
    threads: [owner(ground, { script: 'f1' }), parkingThief(ground)],
    end: (view) => (view.status('thief') === 'asleep' ? 'a parked worker sleeps over a child' : undefined),
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
  coordinator
    .do(call('ping', ground.blocks[1]!))
    .do(call('forkFinish', record, running, L.DONE))
    .do(done);
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

describe('who waits in a join', () => {
  it('does not sleep over the end of its child', () => {
    holds('1 child, 1 thief', family(joins));
  });

  it('does not sleep while a child of its root is on top of a deque, and nobody else was woken for it', () => {
    holds('a child of its root', overAChild());
  });

  it('is not needed for a parked worker to wake for a child', () => {
    holds('a child, a parked worker', parked());
  });

  it('sleeps over a child of another root', () => {
    holds('a child of another root', overAChild(CORE, ROOT + (1 << L.SLOT_BITS)));
  });

  it('does not search, though a waker may have taken it for asleep outside of a join', () => {
    holds('a waker, a ping, a join', searchingBit());
  });
});

const joins = { script: 'f1 j1', children: 1, thieves: [{ rounds: 1 }] };

describe('the checker finds', () => {
  const asleep = /sleeps on park0/;
  const over = /sleeps over a child/;
  const OR = 'i32.atomic.rmw.or';
  const LOAD = 'i32.atomic.load';
  const STORE = 'i32.atomic.store';

  it('a joiner that looks at its child before it sets its bit', () => {
    const module = movedBehind(CORE, 'joinPark', [OR, 0], [LOAD, 0]);
    finds('looked before the bit', family({ ...joins, module }), asleep);
  });

  it('a joiner that does not set its bit', () => {
    finds('no bit', family({ ...joins, module: without(CORE, 'joinPark', OR) }), asleep);
  });

  it('a park word reset after the bit is set', () => {
    const module = movedBehind(CORE, 'joinPark', [STORE, 0], [LOAD, 0]);
    finds('park word reset late', family({ ...joins, module }), asleep);
  });

  it('a thief that looks for the bit before it publishes the end', () => {
    const thieves = [{ rounds: 1, fault: 'looks for the bit before it ends' }] as const;
    finds('bit before the end', family({ ...joins, thieves }), asleep);
  });

  it('a thief that does not set the park word', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'forkFinish', nth: 1 });
    finds('park word not set', family({ ...joins, module }), asleep);
  });

  it('a thief that does not notify', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkFinish', nth: 3, value: 1 });
    finds('nobody notified', family({ ...joins, module }), asleep);
  });

  it('a joiner that does not look for children before it sleeps', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'joinPark', nth: 3, value: 1 });
    finds('children not looked for', overAChild(module), over);
  });

  it('a fork that wakes no joiner', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'fork', nth: 14, value: 0 });
    finds('no joiner woken', overAChild(module), over);
    finds('no parked worker woken', parked(module), over);
  });

  it('a fork that wakes before its child shows', () => {
    const module = movedBehind(CORE, 'fork', [STORE, 3], [LOAD, 9]);
    finds('joiner woken early', overAChild(module), over);
    finds('parked worker woken early', parked(module), over);
  });

  it('a joiner that takes any child for one of its root', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'joinPark', nth: 4, value: 1 });
    finds('roots not compared', overAChild(module, ROOT + (1 << L.SLOT_BITS)), /no end can be reached/);
  });

  it('a searching bit that the joiner keeps after its sleep', () => {
    const module = mutate(exposed(CORE, 'joinUnpark', 0, 'stopSearching'), {
      kind: 'fixed-condition',
      in: 'stopSearching',
      nth: 0,
      value: 0,
    });
    finds('searching bit kept', searchingBit(module), /silences every publisher/);
  });

  it('a park word left at 0 by a joiner that does not sleep', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'joinPark', nth: 1 });
    finds('park word left', searchingBit(module), /silences every publisher/);
  });
});
