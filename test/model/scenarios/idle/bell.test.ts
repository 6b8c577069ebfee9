import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import {
  call,
  done,
  fail,
  load,
  type Program,
  type Scenario,
  type Step,
  store,
  wait,
} from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { without } from '../faults.ts';
import { CORE, type Ground, ground, STARTS } from '../plant.ts';
import { steps } from './crew.ts';

const { holds, finds } = counts('bell');

const NEXT = 0;
const SEEN = 1;
const RING = 2;
const DRAINED = 0;
const ARMED = 1;
const SLEPT = 2;
const LOOKED = 3;

type Arming = 'arm' | 'unlooked' | 'late';

/** Drains all rings, and sleeps on the bell when they are empty, as `src/coordinator/bell.ts` does. */
function coordinator(g: Ground, workers: number, all: number, arming: Arming): Program {
  const drain = (r: number[]): Step => {
    r[NEXT] = DRAINED;
    return call('spscTake', g.completions(r[RING]!).at);
  };
  return (r, result) => {
    const got = Number(result);
    if (result === undefined) return drain(r);
    switch (r[NEXT]) {
      case DRAINED: {
        if (got !== L.EMPTY) {
          const bit = 1 << (got & L.SLOT_MASK);
          if ((r[SEEN]! & bit) !== 0) return fail(`completion ${got & L.SLOT_MASK} came twice`);
          r[SEEN]! |= bit;
          return drain(r);
        }
        if (r[RING]! + 1 < workers) {
          r[RING]! += 1;
          return drain(r);
        }
        r[RING] = 0;
        if (r[SEEN] === all) return done;
        r[NEXT] = arming === 'late' ? LOOKED : ARMED;
        if (arming === 'late') return load(g.completions(0).at + L.SC_TAIL);
        return arming === 'arm' ? call('arm') : store(g.armed, 1);
      }
      case LOOKED:
        // Looked first, armed then.
        r[NEXT] = ARMED;
        return store(g.armed, 1);
      case ARMED:
        if (got === 0) return drain(r);
        r[NEXT] = SLEPT;
        return wait(g.armed, 1);
      case SLEPT:
        return drain(r);
      default:
        return fail('the coordinator lost its place');
    }
  };
}

interface Shape {
  readonly workers: number;
  /** Tasks each worker ends. */
  readonly each: number;
  readonly start?: number;
  readonly arming?: Arming;
  readonly module?: Scenario['module'];
}

function bell({ workers, each, start = 2 ** 31 - 2, arming = 'arm', module = CORE }: Shape): Scenario {
  const records = workers * each;
  const g = ground({ workers, start: start | 0, level: 2, records, completions: 2 });
  // The first generation: a reference is never 0.
  const running = (worker: number): number => (1 << L.SLOT_BITS) | (worker << L.OWNER_SHIFT) | L.RUNNING;
  const unread = (view: { load(address: number): number }): number => {
    let n = 0;
    for (let w = 0; w < workers; w++) {
      const { at } = g.completions(w);
      n += view.load(at + L.SC_TAIL) - view.load(at + L.SC_HEAD);
    }
    return n;
  };
  return {
    module,
    regions: g.regions,
    setup: (s) => {
      g.prepare(s);
      for (let slot = 0; slot < records; slot++) {
        s.store(g.task(slot), running(Math.floor(slot / each)));
      }
    },
    threads: [
      ...g.blocks.map((block, w) => {
        const ends = Array.from({ length: each }, (_, i) => {
          return call('finish', block, w * each + i, running(w), L.DONE);
        });
        return { name: `worker ${w}`, ...steps(ends), privateRanges: g.own(w) };
      }),
      {
        name: 'coordinator',
        program: coordinator(g, workers, (1 << records) - 1, arming),
        registers: [0, 0, 0],
        privateRanges: g.blocks.map((_, w) => g.completions(w).consumer),
        mayEndAsleep: true,
      },
    ],
    end: (view) => {
      if (view.status('coordinator') !== 'asleep') return undefined;
      const n = unread(view);
      const dead = g.blocks.some((_, w) => view.status(`worker ${w}`) === 'dead');
      if (n > 0) return `the coordinator sleeps over ${n} completions`;
      // What a dead worker has not published nobody waits for here: that is recovery's part.
      return dead ? undefined : 'the coordinator sleeps though all was read';
    },
  };
}

/** A worker may die anywhere; its `exit` event makes the coordinator look again. */
function withDeath(shape: Shape, nudge = true): Scenario {
  const scenario = bell(shape);
  const armed = L.HEADER + L.H_ARMED;
  const look: Step[] = nudge ? [store(armed, 0), { op: 'notify', address: armed }] : [];
  return {
    ...scenario,
    threads: scenario.threads.map((t) => ({ ...t, mayDie: t.name !== 'coordinator' })),
    recovery: {
      when: 'exit',
      registers: [0, 0],
      program: (r) => {
        r[1]! += 1;
        return look[r[1]! - 1] ?? done;
      },
    },
  };
}

describe('the coordinator never sleeps over a completion', () => {
  it.each(STARTS)('with two workers that end a task each, from index %d on', (start) => {
    holds(`2 workers, a task each, from ${start}`, bell({ workers: 2, each: 1, start }));
  });

  it('with two workers that end two tasks each', () => {
    holds('2 workers, 2 tasks each', bell({ workers: 2, each: 2 }));
  });

  it('when a worker dies anywhere, also between clearing the bell and ringing it', () => {
    holds('2 workers, a task each, a death', withDeath({ workers: 2, each: 1 }));
    holds('2 workers, 2 tasks each, a death', withDeath({ workers: 2, each: 2 }));
  });
});

describe('the checker finds in the bell', () => {
  const sleeps = /the coordinator sleeps (over \d completions|though all was read)/;
  const two: Shape = { workers: 2, each: 1 };
  const one: Shape = { workers: 1, each: 1 };

  const faults: readonly (readonly [fault: string, scenario: Scenario])[] = [
    ['no look after arming', bell({ ...one, arming: 'unlooked' })],
    ['arming after the look', bell({ ...one, arming: 'late' })],
    [
      'an arm that looks at nothing',
      bell({ ...two, module: mutate(CORE, { kind: 'fixed-condition', in: 'arm', nth: 1, value: 0 }) }),
    ],
    [
      'an arm that looks at the first ring only',
      bell({ ...two, module: mutate(CORE, { kind: 'changed-constant', in: 'arm', from: 1, to: 2, nth: 2 }) }),
    ],
    ['a bell not rung', bell({ ...two, module: without(CORE, 'finish', 'memory.atomic.notify') })],
    [
      'a bell taken for disarmed',
      bell({ ...two, module: mutate(CORE, { kind: 'fixed-condition', in: 'finish', nth: 3, value: 0 }) }),
    ],
    [
      'a completion that is not shown',
      bell({ ...two, module: mutate(CORE, { kind: 'dropped-store', in: 'finish', nth: 4 }) }),
    ],
    ['no look at the exit of a worker', withDeath(two, false)],
  ];
  it.each(faults)('%s', (fault, scenario) => {
    finds(fault, scenario, sleeps);
  });
});
