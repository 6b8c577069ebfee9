import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { call, store } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import type { WasmModule } from '../../wasm/module.ts';
import { counts } from '../counts.ts';
import { exposed, updatesAfterCall, without } from '../faults.ts';
import { CORE, STARTS } from '../plant.ts';
import { type CrewShape, crew, publish } from './crew.ts';

const { holds, finds } = counts('parking');

const LONG = 300_000;

type Fault = readonly [fault: string, shape: CrewShape, module: WasmModule, message?: RegExp];

const short = { work: 'short' } as const;
const endless = { work: 'endless' } as const;

describe('nobody sleeps over a visible task', () => {
  it.each(STARTS)('with two workers and a task, from index %d on', (start) => {
    holds(
      `2 workers, 1 task, from ${start}`,
      crew({ workers: 2, tasks: 1, worker: short, start: start | 0 }),
    );
  });

  it('with two workers and two tasks that end', () => {
    holds('2 workers, 2 short tasks', crew({ workers: 2, tasks: 2, worker: short }));
  });

  it.each([2, 3])('with two workers and %d tasks that never end', (tasks) => {
    holds(`2 workers, ${tasks} endless tasks`, crew({ workers: 2, tasks, worker: endless }));
  });

  it('with two workers that look for a while before they park', () => {
    holds('2 workers that spin, 2 tasks', crew({ workers: 2, tasks: 2, worker: { ...short, spins: true } }));
    const worker = { ...endless, spins: true };
    holds('2 workers that spin, 3 endless tasks', crew({ workers: 2, tasks: 3, worker }));
  });

  it('with three workers and two tasks that never end', { timeout: LONG }, () => {
    holds('3 workers, 2 endless tasks', crew({ workers: 3, tasks: 2, worker: endless }));
  });

  it('with two workers that pick by `next` what `inject` published', { timeout: LONG }, () => {
    const worker = { ...endless, next: true };
    holds('2 workers, next and inject, 2 endless tasks', crew({ workers: 2, tasks: 2, worker }));
  });

  it('when a worker that was woken lets its event loop turn and gives its token back', () => {
    const worker = { ...endless, turns: 'give' } as const;
    holds('2 workers away after a wake, 2 tasks', crew({ workers: 2, tasks: 2, worker }));
  });

  it('when tasks are published together and several workers are woken', () => {
    const batch: CrewShape['publish'] = (g) => [
      call('ringStage', g.level.at, 1),
      call('ringStage', g.level.at, 2),
      call('ringPublish', g.level.at),
      call('wakeSome', 2),
    ];
    holds('2 workers, a batch of 2', crew({ workers: 2, tasks: 2, worker: endless, publish: batch }));
  });

  it('nor over a command', () => {
    const stop: CrewShape['publish'] = (g) => [
      ...publish(g, 1),
      ...g.blocks.map((block) => store(block + L.W_COMMAND, L.CMD_STOP)),
      call('wakeAll'),
    ];
    const scenario = crew({ workers: 2, tasks: 1, worker: { ...short, commands: true }, publish: stop });
    const threads = scenario.threads.map((thread) => ({ ...thread, mayEndAsleep: false }));
    holds('2 workers, 1 task, stop', { ...scenario, threads, end: () => undefined });
  });
});

describe('the checker finds in parking', () => {
  const asleep = /^worker \d(, worker \d)*: asleep with \d visible$/;
  const two = { workers: 2, tasks: 2, worker: endless };
  const spinning = { ...two, worker: { ...endless, spins: true } };
  const waking = exposed(exposed(CORE, 'wakeOne', 0, 'wakeIdle'), 'wakeIdle', 0, 'wakeParked');

  const faults: readonly Fault[] = [
    [
      'no look before the sleep',
      two,
      mutate(CORE, { kind: 'fixed-condition', in: 'park', nth: 0, value: 0 }),
    ],
    ['the parked bit set after the look', two, updatesAfterCall(CORE, 'park', 'i32.atomic.rmw.or', 0)],
    [
      'the searching bit cleared after the look',
      spinning,
      updatesAfterCall(CORE, 'park', 'i32.atomic.rmw.and', 0),
    ],
    ['the searching bit not cleared', spinning, without(CORE, 'park', 'i32.atomic.rmw.and', 0)],
    [
      'the park word reset after the parked bit is set',
      two,
      mutate(CORE, { kind: 'delayed-store', in: 'park', nth: 0, after: 1 }),
    ],
    [
      'the park word not reset',
      { ...two, tasks: 1 },
      // Without the count of parks, which would make every turn a new state.
      mutate(
        CORE,
        { kind: 'dropped-store', in: 'park', nth: 0 },
        { kind: 'dropped-store', in: 'park', nth: 2 },
      ),
      /threads spin for ever/,
    ],
    [
      'the park word reset once more before the sleep',
      { ...two, worker: { ...endless, sleep: 'reset late' } },
      CORE,
    ],
    ['a sleep whatever park says', { ...two, worker: { ...endless, sleep: 'unasked' } }, CORE],
    [
      'a worker that turns back from parking and does not search on',
      spinning,
      without(mutate(CORE, { kind: 'dropped-store', in: 'park', nth: 2 }), 'park', 'i32.atomic.rmw.or', 1),
    ],
    ['a searching bit without a token', two, mutate(CORE, { kind: 'dropped-store', in: 'unpark', nth: 0 })],
    [
      'a token given back without a last look',
      two,
      mutate(CORE, { kind: 'fixed-condition', in: 'endSearch', nth: 0, value: 0 }),
    ],
    [
      'a token given back after the last look',
      two,
      updatesAfterCall(CORE, 'endSearch', 'i32.atomic.rmw.and', 0),
    ],
    ['a token kept while the event loop turns', { ...two, worker: { ...endless, turns: 'keep' } }, CORE],
    [
      'a publisher that always believes somebody searches',
      two,
      mutate(exposed(CORE, 'wakeOne', 0, 'wakeIdle'), {
        kind: 'fixed-condition',
        in: 'wakeIdle',
        nth: 1,
        value: 1,
      }),
    ],
    ['no wake after a publication', { ...two, publish: (g) => [call('ringPut', g.level.at, 1)] }, CORE],
    [
      'a wake before the publication',
      { ...two, publish: (g) => [call('wakeOne'), call('ringPut', g.level.at, 1)] },
      CORE,
    ],
    ['a waker that does not notify', two, without(waking, 'wakeParked', 'memory.atomic.notify')],
    ['a waker that does not set the park word', two, without(waking, 'wakeParked', 'i32.atomic.rmw.xchg')],
    ['a parked bit set in two steps', two, mutate(CORE, { kind: 'torn-rmw', in: 'park', nth: 0 })],
    [
      'a parked bit taken without comparing',
      two,
      mutate(waking, { kind: 'forced-cmpxchg', in: 'wakeParked' }),
    ],
  ];

  for (const [fault, shape, module, message] of faults) {
    it(fault, () => {
      finds(fault, crew({ ...shape, module }), message ?? asleep);
    });
  }
});
