import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { call, type Scenario, type Step, store, type View } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { CORE, type DequePart, dequePart } from '../plant.ts';
import { type Operation, once, other, pop, push, steal, thread } from '../queues/items.ts';
import { ground } from '../tasks/ground.ts';

const { holds, finds } = counts('adopt');

const START = 2 ** 31 - 1;

interface Setting {
  readonly owner: (deque: DequePart) => readonly Operation[];
  readonly steals?: number;
  readonly module?: Scenario['module'];
  /** What is done instead of a call of `adopt` alone. */
  readonly adopts?: (deque: DequePart, block: number) => readonly Step[];
}

/** The owner of a deque dies; recovery adopts it, and the next owner puts 5 in, while a thief goes on. */
function scenario({ owner, steals = 2, module = CORE, adopts }: Setting): Scenario {
  const memory = ground({ slots: 1, blocks: [{ mortal: true, batch: 2 }, {}], start: START, records: [] });
  const block = memory.blocks[0]!;
  const deque = dequePart('deque0', block + L.W_DEQUE, 2, START);
  const steps = adopts?.(deque, block) ?? [call('adopt', block)];
  const names = ['owner', 'thief', 'next owner'];
  return {
    module,
    regions: memory.regions,
    setup: memory.prepare,
    threads: [
      { name: 'owner', ...thread(owner(deque)), mayDie: true },
      {
        name: 'thief',
        ...thread(
          Array.from({ length: steals }, () => steal(deque)),
          2,
        ),
      },
    ],
    recovery: {
      name: 'next owner',
      when: 'exit',
      ...thread([...steps.map(other), push(deque, 5), pop(deque), push(deque, 6)], 2),
    },
    invariant: once(names),
    end: (view) => kept(view, names, deque),
  };
}

/** What the next owner put in was taken, or can be. */
function kept(view: View, names: readonly string[], deque: DequePart): string | undefined {
  const put = view.registers('next owner')[1]!;
  let found = 0;
  for (const name of names) found |= view.registers(name)[2]!;
  const top = view.load(deque.at + L.DQ_TOP);
  const n = (view.load(deque.at + L.DQ_BOTTOM) - top) | 0;
  for (let i = 0; i < n; i++)
    found |= 1 << view.load(deque.at + L.DQ_SLOTS + 4 * ((top + i) & (deque.capacity - 1)));
  return (put & ~found) === 0 ? undefined : `an item of the next owner is lost`;
}

const pops = (deque: DequePart) => [push(deque, 1), push(deque, 2), pop(deque), pop(deque)];

describe("a dead owner's deque", () => {
  it('loses nothing the next owner puts in, wherever the owner died and whatever a thief has read before', () => {
    holds('2 pushes, 2 pops, thief', scenario({ owner: pops }));
    holds('1 push, 1 pop, thief', scenario({ owner: (d) => [push(d, 1), pop(d)] }));
  });
});

describe('the checker finds in adopt', () => {
  const wrong = /lost|twice|two threads|refused|nobody put in/;

  it('indices that start again where they had started', () => {
    const adopts = (d: DequePart, block: number) => [
      call('adopt', block),
      ...[L.DQ_TOP, L.DQ_OWN_BOTTOM, L.DQ_OWN_TOP, L.DQ_BOTTOM].map((field) => store(d.at + field, d.start)),
    ];
    finds('indices reset', scenario({ owner: pops, adopts }), wrong);
  });

  it('an item its owner had reserved left hidden: a thief takes it late and moves top past bottom', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'adopt', nth: 0 });
    finds('bottom not put back', scenario({ owner: pops, module }), wrong);
  });

  it('a deque that is not emptied before it is given on', () => {
    finds(
      'own words left as they were',
      scenario({ owner: pops, adopts: (_, block) => [call('forget', block)] }),
      wrong,
    );
  });
});
