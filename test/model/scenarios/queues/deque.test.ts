import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import {
  cas,
  done,
  fail,
  load,
  type Program,
  read,
  type Scenario,
  store,
  type Thread,
} from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exchanged, readsTooLate } from '../faults.ts';
import { CORE, type DequePart, dequePart, STARTS } from '../plant.ts';
import { all, bounded, conserved, type Operation, once, other, pop, push, steal, thread } from './items.ts';

const { holds, finds } = counts('deque');

interface Setting {
  readonly capacity?: number;
  readonly start?: number;
  readonly module?: Scenario['module'];
  readonly owner: (deque: DequePart) => readonly Operation[];
  /** Steals each thief tries. */
  readonly thieves: readonly number[];
  readonly thief?: (deque: DequePart) => Pick<Thread, 'program' | 'registers'>;
  /** The owner's own words are written by steps of its program too. */
  readonly prepare?: (deque: DequePart) => Scenario['setup'];
}

function scenario({ capacity = 2, start = 2 ** 31 - 2, module = CORE, ...setting }: Setting): Scenario {
  const deque = dequePart('deque', 0, capacity, start | 0);
  const thieves = setting.thieves.map((tries, i): Thread => {
    const attempts = Array.from({ length: tries }, () => steal(deque));
    return { name: `thief ${i + 1}`, ...(setting.thief?.(deque) ?? thread(attempts)) };
  });
  const names = ['owner', ...thieves.map((thief) => thief.name)];
  return {
    module,
    regions: deque.regions,
    threads: [
      { name: 'owner', ...thread(setting.owner(deque), capacity), privateRanges: [deque.own] },
      ...thieves,
    ],
    setup: deque.prepare,
    invariant: all(once(names), bounded(deque)),
    end: conserved(names, [deque]),
  };
}

/** `3 4 . .` pushes 3 and 4 and pops twice. */
const script = (text: string) => (deque: DequePart) => {
  return text.split(' ').map((word) => (word === '.' ? pop(deque) : push(deque, Number(word))));
};

describe('the deque', () => {
  it.each(STARTS)(
    'gives each item once to the owner or one thief, with 2 places, from index %d on',
    (start) => {
      const owner = script('1 2 3 . 4 . . 5 .');
      holds(`2 places, 1 thief, from ${start}`, scenario({ start, owner, thieves: [4] }));
    },
  );

  it.each(STARTS)(
    'gives each item once to the owner or one of two thieves, with 2 places, from index %d on',
    (start) => {
      const owner = script('1 2 . 3 . .');
      holds(`2 places, 2 thieves, from ${start}`, scenario({ start, owner, thieves: [2, 2] }));
    },
  );

  it.each(STARTS)(
    'gives each item once to the owner or one of two thieves, with 4 places, from index %d on',
    (start) => {
      const owner = script('1 2 3 4 5 . . . .');
      holds(`4 places, 2 thieves, from ${start}`, scenario({ capacity: 4, start, owner, thieves: [2, 2] }));
    },
  );

  it('loses nothing that stays in it when the owner or a thief dies anywhere', () => {
    const { threads, end: _, ...rest } = scenario({ owner: script('1 2 3 . 4 . .'), thieves: [2, 2] });
    const deque = dequePart('deque', 0, 2, (2 ** 31 - 2) | 0);
    const names = threads.map(({ name }) => name);
    // A thief that dies between its compare-exchange and its return has an item nobody knows of; so has an owner.
    holds('2 places, 2 thieves, a death', {
      ...rest,
      threads: threads.map((t) => ({ ...t, mayDie: true })),
      end: (view) => {
        const wrong = conserved(names, [deque])(view);
        if (wrong === undefined) return undefined;
        const dead = names.filter((name) => view.status(name) === 'dead');
        return dead.length === 1 && /^item \d+ (is lost|appeared)/.test(wrong) ? undefined : wrong;
      },
    });
  });
});

describe('the checker finds in the deque', () => {
  const twice = /twice|two threads|still inside and elsewhere/;
  const wrongOne = /twice|two threads|inside|nobody put in|lost|out of order|nowhere|items in a queue/;
  const two = { owner: script('1 2 . .'), thieves: [2] };

  it('bottom loaded before top in steal', () => {
    const module = mutate(CORE, { kind: 'swapped-loads', in: 'dequeSteal', first: 0, second: 1 });
    finds('loads in steal swapped', scenario({ ...two, module }), twice);
  });

  it('a last item taken by the owner without comparing', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'dequePop' });
    finds('compare-exchange of the last item dropped', scenario({ ...two, module }), twice);
  });

  it('a last item compared and exchanged in two steps', () => {
    const module = mutate(CORE, { kind: 'torn-cmpxchg', in: 'dequePop' });
    finds('compare-exchange of the last item torn', scenario({ ...two, module }), twice);
  });

  it('a steal without comparing', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'dequeSteal' });
    finds('compare-exchange of a steal dropped', scenario({ ...two, module }), wrongOne);
  });

  it('a steal that compares and exchanges in two steps', () => {
    const module = mutate(CORE, { kind: 'torn-cmpxchg', in: 'dequeSteal' });
    finds(
      'compare-exchange of a steal torn',
      scenario({ owner: script('1 2'), thieves: [1, 1], module }),
      twice,
    );
  });

  it('a pop that looks at top before it lowers bottom', () => {
    const module = mutate(CORE, { kind: 'delayed-store', in: 'dequePop', nth: 0, after: 1 });
    finds('pop looks, then reserves', scenario({ owner: script('1 2 . .'), thieves: [2], module }), twice);
  });

  it('a pop that does not lower bottom', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'dequePop', nth: 0 });
    finds('pop does not reserve', scenario({ ...two, module }), wrongOne);
  });

  it('a push that shows an item before it is written', () => {
    const module = mutate(CORE, { kind: 'delayed-store', in: 'dequePush', nth: 1, after: 3 });
    finds('push shows, then writes', scenario({ ...two, module }), wrongOne);
  });

  it('a push that does not ask whether there is room', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'dequePush', nth: 1, value: 0 });
    finds('push without room', scenario({ owner: script('1 2 3 . .'), thieves: [1], module }), wrongOne);
  });

  it('a push that is refused although there is room', () => {
    const module = mutate(CORE, { kind: 'changed-constant', in: 'dequePush', from: 1, to: 0 });
    finds('one place too few', scenario({ ...two, module }), /was refused with 1 inside/);
  });

  it('a steal that reads its item after the compare-exchange', () => {
    const module = readsTooLate(CORE, 'dequeSteal');
    const owner = script('1 2 3 4');
    finds('slot read too late', scenario({ owner, thieves: [2], module }), wrongOne);
  });

  it('a steal that takes the difference of its indices as unsigned', () => {
    const module = exchanged(CORE, 'dequeSteal', 'i32.le_s', 'i32.le_u');
    finds('difference unsigned in steal', scenario({ ...two, module }), wrongOne);
  });

  it('a pop that takes the difference of its indices as unsigned', () => {
    const module = exchanged(CORE, 'dequePop', 'i32.gt_s', 'i32.gt_u');
    finds('difference unsigned in pop', scenario({ ...two, module }), wrongOne);
  });

  it('a steal whose slots wrap one place too late', () => {
    const late = scenario({ capacity: 2, start: 0, owner: script('1 2 . 3 . .'), thieves: [3] });
    const setup: Scenario['setup'] = (s) => {
      late.setup!(s);
      s.store(L.DQ_MASK, 3);
    };
    finds('mask of the thieves too wide', { ...late, setup }, /outside of every region|nobody put in/);
  });

  it('a batch stolen with one compare-exchange', () => {
    // Two items from top on, with the one exchange that is enough on a FIFO ring.
    const thief = (deque: DequePart): Pick<Thread, 'program' | 'registers'> => {
      const program: Program = (r, result) => {
        const value = Number(result);
        r[0]! += 1;
        switch (r[0]) {
          case 1:
            return load(deque.at + L.DQ_TOP);
          case 2:
            r[5] = value;
            return load(deque.at + L.DQ_BOTTOM);
          case 3:
            if (((value - r[5]!) | 0) < 2) return done;
            return read(deque.at + L.DQ_SLOTS + 4 * (r[5]! & 3));
          case 4:
            r[6] = value;
            return read(deque.at + L.DQ_SLOTS + 4 * ((r[5]! + 1) & 3));
          case 5:
            r[7] = value;
            return cas(deque.at + L.DQ_TOP, r[5]!, (r[5]! + 2) | 0);
          default:
            if (value !== r[5]) return done;
            if (r[6] === r[7]) return fail(`got item ${r[6]} twice`);
            r[2] = (1 << r[6]!) | (1 << r[7]!);
            return done;
        }
      };
      return { program, registers: [0, 0, 0, 0, 0, 0, 0, 0] };
    };
    const setting = { capacity: 4, owner: script('1 2 3 . . .'), thieves: [1], thief };
    finds('batch stolen at once', scenario(setting), twice);
  });

  it('indices that are reset when the deque is empty', () => {
    const owner = (deque: DequePart): Operation[] => [
      push(deque, 1),
      pop(deque),
      ...[L.DQ_OWN_BOTTOM, L.DQ_OWN_TOP, L.DQ_BOTTOM, L.DQ_TOP].map((field) => {
        return other(store(deque.at + field, 0));
      }),
      push(deque, 2),
      pop(deque),
    ];
    finds('indices reset', scenario({ start: 0, owner, thieves: [1] }), wrongOne);
  });

  it('a lower bound of top that runs ahead of top', () => {
    const owner = (deque: DequePart): Operation[] => [
      push(deque, 1),
      push(deque, 2),
      other(store(deque.at + L.DQ_OWN_TOP, deque.start + 1)),
      push(deque, 3),
      pop(deque),
      pop(deque),
    ];
    finds('own top overstated', scenario({ start: 0, owner, thieves: [1] }), wrongOne);
  });
});
