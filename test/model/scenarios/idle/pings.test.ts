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
  type Thread,
  type View,
  wait,
} from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exchanged, without } from '../faults.ts';
import { CORE, type Ground, ground } from '../plant.ts';
import { Routine } from '../tasks/routine.ts';
import { nobodySleepsOver, publish, steps } from './crew.ts';

const { holds, finds } = counts('pings');

/** What a ping is about: set before it, by the coordinator; that a task is cancelled, say. */
const SIGN = 0x1f10;

const TAKEN = 1;
const SEEN = 2;
const GOT = 3;
const PING = 4;
const PONG = 5;

/** How it sleeps: in `Atomics.wait`, or with its event loop alive. */
type Sleep = 'blocked' | 'event loop';

/** Faults of the steps in JavaScript. */
type Slip = 'sign before ping' | 'no answer' | 'look before clear';

/** As `#answerPing`: the signs are looked for after the ping has been read. */
function answer(p: Routine, block: number, slip?: Slip): void {
  const sign = (): void => {
    p.do(load(SIGN)).keep(SEEN);
  };
  if (slip === 'sign before ping') sign();
  p.do(load(block + L.W_PING)).keep(PING);
  if (slip !== 'sign before ping') sign();
  p.do((r) => store(block + L.W_PONG, r[PING]!));
}

/** As `#idle`: it picks, parks, sleeps, and answers. */
function idles(g: Ground, block: number, sleep: Sleep, slip?: Slip): Program {
  const p = new Routine();
  p.label('pick').do(call('ringTake', g.level.at)).keep(GOT);
  p.when(
    (r) => r[GOT] !== L.EMPTY,
    () => {
      p.do((r) => {
        if (r[GOT] === L.RETRY) return;
        if ((r[TAKEN]! & (1 << r[GOT]!)) !== 0) return fail(`task ${r[GOT]} was taken twice`);
        r[TAKEN]! |= 1 << r[GOT]!;
        return;
      });
      p.do(load(block + L.W_TOKEN)).keep(GOT);
      p.when(
        (r) => r[GOT] !== 0,
        () => p.do(call('endSearch', block)),
      );
      p.jump('pick');
    },
  );
  p.do(call('park', block)).keep(GOT);
  p.unless((r) => r[GOT] === 0, 'sleep');
  p.do(load(block + L.W_PING)).keep(PING);
  p.do(load(block + L.W_PONG)).keep(PONG);
  p.unless((r) => r[PING] !== r[PONG], 'pick');
  // `#roundTheLoop` gives the token back.
  p.do(call('endSearch', block));
  if (slip !== 'no answer') answer(p, block, slip);
  p.jump('pick');
  p.label('sleep')
    .do(load(block + L.W_PARK))
    .keep(GOT);
  p.unless((r) => r[GOT] === 0, 'awake');
  p.do(wait(block + L.W_PARK, 0)).jump('sleep');
  p.label('awake');
  if (sleep === 'event loop') answer(p, block, slip);
  p.do(call('unpark', block)).jump('pick');
  return p.program();
}

/** As `#untilRoom` and `#finish`: it takes nothing, lets its event loop turn, and waits for a command. */
function waitsForCommand(block: number, slip?: Slip): Program {
  const p = new Routine();
  const look = (): void => {
    answer(p, block, slip);
    p.do(load(block + L.W_COMMAND)).keep(GOT);
    p.unless((r) => r[GOT] === 0, 'told');
  };
  p.label('again');
  if (slip === 'look before clear') look();
  p.do(store(block + L.W_PARK, 0));
  if (slip !== 'look before clear') look();
  p.do(wait(block + L.W_PARK, 0)).jump('again');
  p.label('told').do(done);
  return p.program();
}

interface Shape {
  readonly sleep: Sleep;
  /** Default 1. */
  readonly workers?: number;
  /** What the coordinator does. */
  readonly says: (g: Ground) => readonly Step[];
  readonly module?: Scenario['module'];
  readonly slip?: Slip;
  /** The workers that may die. Default none. */
  readonly mortal?: readonly number[];
}

const sign = (n: number): Step => store(SIGN, n);
const ping = (g: Ground): Step => call('ping', g.blocks[0]!);

/** Worker 0 is pinged. */
function pinged({ sleep, workers = 1, says, module = CORE, slip, mortal = [] }: Shape): Scenario {
  const g = ground({ workers, start: 0, level: 2, pings: true, mortal });
  const thread = (block: number, i: number): Thread => ({
    name: `worker ${i}`,
    program: idles(g, block, sleep, slip),
    registers: [0, 0, 0, 0, 0, 0],
    privateRanges: g.own(i),
    mayEndAsleep: true,
    mayDie: mortal.includes(i),
  });
  const repairs = mortal.flatMap((i) => [call('forget', g.blocks[i]!), call('wakeAll')]);
  return {
    module,
    regions: [...g.regions, { name: 'sign', start: SIGN, words: 1 }],
    setup: g.prepare,
    threads: [
      ...g.blocks.map(thread),
      { name: 'coordinator', ...steps(says(g)), privateRanges: [g.level.producer] },
    ],
    ...(mortal.length > 0 && {
      crashes: { max: 1, zombieSteps: 0 },
      recovery: {
        when: 'exit' as const,
        registers: [0, 0],
        program: (r: number[]) => {
          r[1]! += 1;
          return repairs[r[1]! - 1] ?? done;
        },
      },
    }),
    end: (view) => unanswered(g, view) ?? nobodySleepsOver(g, workers)(view),
  };
}

function unanswered(g: Ground, view: View): string | undefined {
  const block = g.blocks[0]!;
  if (view.status('worker 0') !== 'asleep') return undefined;
  if (view.load(block + L.W_PING) !== view.load(block + L.W_PONG)) return 'asleep with an unanswered ping';
  if (view.registers('worker 0')[SEEN] !== view.load(SIGN)) return 'asleep, and has not seen the sign';
  return undefined;
}

/** A worker that waits for room, or for its end, is pinged and told to stop. */
function told(
  says: (g: Ground) => readonly Step[],
  slip?: Slip,
  module: Scenario['module'] = CORE,
): Scenario {
  const g = ground({ workers: 1, start: 0, level: 2, pings: true, commands: true });
  return {
    module,
    regions: [...g.regions, { name: 'sign', start: SIGN, words: 1 }],
    setup: g.prepare,
    threads: [
      {
        name: 'worker 0',
        program: waitsForCommand(g.blocks[0]!, slip),
        registers: [0, 0, 0, 0, 0, 0],
        privateRanges: g.own(0),
      },
      { name: 'coordinator', ...steps(says(g)), privateRanges: [g.level.producer] },
    ],
  };
}

const once: Shape['says'] = (g) => [sign(1), ping(g)];
const twice: Shape['says'] = (g) => [sign(1), ping(g), sign(2), ping(g)];
const between: Shape['says'] = (g) => [sign(1), ping(g), ...publish(g, 1), sign(2), ping(g)];
const command = (g: Ground): Step => store(g.blocks[0]! + L.W_COMMAND, L.CMD_RECYCLE);
const recycle: Shape['says'] = (g) => [sign(1), ping(g), command(g), ping(g)];

const WAYS: readonly Sleep[] = ['blocked', 'event loop'];

describe('nobody sleeps with an unanswered ping', () => {
  it.each(WAYS)('one worker, %s', (sleep) => {
    holds(`1 worker, ${sleep}, 2 pings`, pinged({ sleep, says: twice }));
    holds(`1 worker, ${sleep}, a ping, a task, a ping`, pinged({ sleep, says: between }));
  });

  it.each(WAYS)('nor over a task that is published beside it, %s', { timeout: 300_000 }, (sleep) => {
    const says: Shape['says'] = (g) => [...publish(g, 1), sign(1), ping(g)];
    holds(`2 workers, ${sleep}, a task, a ping`, pinged({ sleep, workers: 2, says }));
    const after: Shape['says'] = (g) => [sign(1), ping(g), ...publish(g, 1)];
    holds(`2 workers, ${sleep}, a ping, a task`, pinged({ sleep, workers: 2, says: after }));
  });

  it('when a worker that wakes it dies', { timeout: 300_000 }, () => {
    const says: Shape['says'] = (g) => [...publish(g, 1), sign(1), ping(g)];
    holds('worker 1 of 2, a task, a ping', pinged({ sleep: 'blocked', workers: 2, says, mortal: [1] }));
  });

  it('nor with a command, while it waits for room or for its end', () => {
    holds('a worker that waits, a ping, a command', told(recycle));
  });
});

describe('the checker finds in pings', () => {
  const asleep = /^asleep with an unanswered ping$/;
  const unseen = /^asleep, and has not seen the sign$/;
  const lost = /^deadlock: worker 0 sleeps/;
  const wake = (g: Ground): Step[] => {
    const address = g.blocks[0]! + L.W_PARK;
    return [store(address, 1), { op: 'notify', address }];
  };
  const early: Shape['says'] = (g) => {
    return [sign(1), ...wake(g), { op: 'add', address: g.blocks[0]! + L.W_PING, value: 1 }];
  };
  const silent = mutate(CORE, { kind: 'dropped-store', in: 'ping', nth: 0 });
  const late = mutate(CORE, { kind: 'delayed-store', in: 'park', nth: 0, after: 3 });

  describe.each(WAYS)('%s', (sleep) => {
    const faults: readonly (readonly [string, Partial<Shape>, RegExp?])[] = [
      // No ping is greater than the next.
      ['park does not look at the ping', { module: exchanged(CORE, 'park', 'i32.ne', 'i32.lt_s') }],
      ['notified before the ping is stored', { says: early }],
      ['the park word is not set', { module: silent }],
      ['woken without a ping', { says: (g) => [sign(1), ...wake(g)] }, unseen],
      ['nobody is notified', { module: without(CORE, 'ping', 'memory.atomic.notify') }],
      ['the sign is set after the ping', { says: (g) => [ping(g), sign(1)] }, unseen],
      ['the sign is looked for before the ping is read', { slip: 'sign before ping', says: twice }, unseen],
      ['a worker that picks on without an answer', { slip: 'no answer' }, /threads spin for ever/],
    ];
    for (const [fault, change, message] of faults) {
      it(fault, () => {
        finds(`${sleep}: ${fault}`, pinged({ sleep, says: once, ...change }), message ?? asleep);
      });
    }
  });

  it('the park word cleared after the look', () => {
    finds('the park word cleared late', pinged({ sleep: 'blocked', says: once, module: late }), asleep);
  });

  it('a worker that waits and looks before it clears its park word', () => {
    finds('waits: look before clear', told(recycle, 'look before clear'), lost);
  });

  it('a worker that waits and is told after the ping', () => {
    finds(
      'waits: told after the ping',
      told((g) => [sign(1), ping(g), command(g)]),
      lost,
    );
  });

  it('a worker that waits and whose park word is not set', () => {
    finds('waits: park word not set', told(recycle, undefined, silent), lost);
  });
});
