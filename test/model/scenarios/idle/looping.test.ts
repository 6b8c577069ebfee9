import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { call, done, load, type Program, type Scenario, type Step, store, wait } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exposed } from '../faults.ts';
import type { Ground } from '../plant.ts';
import { CORE, STARTS } from '../plant.ts';
import { type CrewShape, crew, publish, steps } from './crew.ts';

const { holds, finds } = counts('looping');

const LONG = 300_000;
const CALLED = L.HEADER + L.H_CALLED;

const AT = 0;
const STEP = 1;
const PUBLISH = 0;
const TURN = 1;
const HEARD = 2;
const LOOKED = 3;
const ARMED = 4;
const SLEPT = 5;

/** Publishes, then turns as `src/coordinator/bell.ts` and `recall.ts` do, until it sleeps on the bell. */
function coordinator(g: Ground, list: readonly Step[], turns: boolean): Program {
  const at = (r: number[], place: number, step: Step): Step => {
    r[AT] = place;
    return step;
  };
  return (r, result) => {
    const got = Number(result);
    switch (r[AT]) {
      case PUBLISH: {
        const step = list[r[STEP]!];
        r[STEP]! += 1;
        if (step !== undefined) return step;
        r[STEP] = 0;
        return turns ? at(r, TURN, load(CALLED)) : done;
      }
      case TURN:
        return got === 0 ? at(r, ARMED, call('arm')) : at(r, HEARD, store(CALLED, 0));
      case HEARD:
        return at(r, LOOKED, call('recall'));
      case LOOKED:
        return got === 0 ? at(r, TURN, load(CALLED)) : call('recall');
      case ARMED:
        return got === 0 ? at(r, TURN, load(CALLED)) : at(r, SLEPT, wait(g.armed, 1));
      default:
        return at(r, TURN, load(CALLED));
    }
  };
}

/** Who publishes: the coordinator, or another thread while the coordinator may be asleep. Or nobody looks after them. */
type Way = 'coordinator' | 'worker' | 'nobody looks';

/** As `crew`, with workers that keep their event loop alive. */
function looping(shape: CrewShape, way: Way = 'coordinator'): Scenario {
  let program: Program | undefined;
  let published: readonly Step[] = [];
  const scenario = crew({
    ...shape,
    loops: true,
    publish: (g) => {
      published = Array.from({ length: shape.tasks }, (_, i) => publish(g, i + 1)).flat();
      program = coordinator(g, way === 'worker' ? [] : published, way !== 'nobody looks');
      return [];
    },
  });
  const threads = scenario.threads.map((thread) =>
    thread.name === 'coordinator'
      ? { ...thread, program: program!, registers: [PUBLISH, 0], mayEndAsleep: true }
      : thread,
  );
  if (way !== 'worker') return { ...scenario, threads };
  const { privateRanges = [], ...turning } = threads.at(-1)!;
  const publisher = { name: 'publisher', ...steps(published), privateRanges };
  return { ...scenario, threads: [...threads.slice(0, -1), turning, publisher] };
}

const short = { work: 'short' } as const;
const endless = { work: 'endless' } as const;
/** Worker 0, which would be woken first, is kept by a task's code. */
const first = (i: number) => (i === 0 ? ({ loops: 'keeps' } as const) : {});
const both = (i: number) => ({ loops: i === 0 ? ('keeps' as const) : ('comes' as const) });

describe('nobody sleeps over a task because of a worker that does not come', () => {
  it.each(STARTS)('beside one that does nothing but sleep, from index %d on', (start) => {
    const shape = { workers: 2, tasks: 1, worker: short, but: first, start: start | 0 };
    holds(`1 kept, 1 blocked, from ${start}`, looping(shape));
  });

  it.each(STARTS)('beside one whose event loop is alive, too, from index %d on', (start) => {
    const shape = { workers: 2, tasks: 1, worker: short, but: both, start: start | 0 };
    holds(`1 kept, 1 looping, from ${start}`, looping(shape));
  });

  it('with two tasks', { timeout: LONG }, () => {
    holds('1 kept, 1 looping, 2 tasks', looping({ workers: 2, tasks: 2, worker: short, but: both }));
  });

  it('when another thread has called it', { timeout: LONG }, () => {
    const shape = { workers: 2, tasks: 1, worker: short, but: both };
    holds('1 kept, 1 looping, a task of another thread', looping(shape, 'worker'));
  });

  it('when the others come, two tasks that never end', { timeout: LONG }, () => {
    const but = () => ({ loops: 'comes' as const });
    holds('2 looping, 2 endless tasks', looping({ workers: 2, tasks: 2, worker: endless, but }));
  });
});

describe('the checker finds, with event loops alive,', () => {
  const asleep = /asleep with \d visible$/;
  const two = { workers: 2, tasks: 1, worker: short, but: both };
  const waking = exposed(exposed(CORE, 'wakeOne', 0, 'wakeIdle'), 'wakeIdle', 0, 'wakeParked');
  const sure = (nth: number, value: 0 | 1) =>
    mutate(waking, { kind: 'fixed-condition', in: 'wakeParked', nth, value });

  it('nobody who looks after those who were called', () => {
    finds('nobody looks', looping(two, 'nobody looks'), asleep);
  });
  it('a look that sees nothing', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'recall', nth: 2, value: 1 });
    finds('a look that sees nothing', looping({ ...two, module }), asleep);
  });
  it('a look that wakes nobody', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'recall', nth: 3, value: 0 });
    finds('a look that wakes nobody', looping({ ...two, module }), /no end can be reached/);
  });
  it('a searching bit set for who may not come', () => {
    finds('a searching bit', looping({ ...two, module: sure(6, 1) }), /no end can be reached/);
  });
  it('a call that is not told', () => {
    finds('a call not told', looping({ ...two, module: sure(8, 0) }), asleep);
  });
  it('a call that does not ring', { timeout: LONG }, () => {
    finds(
      'a call that does not ring',
      looping(
        { ...two, module: mutate(CORE, { kind: 'fixed-condition', in: 'wakeOne', nth: 1, value: 0 }) },
        'worker',
      ),
      asleep,
    );
  });
  it('a bell armed over a call', { timeout: LONG }, () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'arm', nth: 3, value: 1 });
    finds('a bell armed over a call', looping({ ...two, module }, 'worker'), asleep);
  });
});
