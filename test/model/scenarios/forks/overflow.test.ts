import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import type { View } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exposed, without } from '../faults.ts';
import { CORE } from '../plant.ts';
import { RAN } from './actors.ts';
import { type Family, family } from './family.ts';
import type { ForkGround } from './ground.ts';

const { holds, finds } = counts('overflow');

const STEAL = exposed(CORE, 'forkHelp', 1, 'stealFrom');
const DROP = exposed(CORE, 'forkHelp', 0, 'dropStale');

/** Deques of two and of one: the third and the second child spill one. `b`: at the end the worker has no task. */
const three = { script: 'f1 f2 f3 j3 j2 j1 b', children: 3, shape: { deque: 2, spill: 4 } };
const two = { script: 'f1 f2 j2 j1 b', children: 2, shape: { deque: 1, spill: 2, records: 2 } };
const again = { script: 'f1 f2 j2 j1 f3 j3 b', children: 3, shape: { deque: 1, spill: 2, records: 2 } };
const one = [{ rounds: 2 }];

const picks = [{ rounds: 2, picks: true }];
/** Pickers look at the root of what they take. */
const roots = { deque: 1, spill: 2, records: 2, roots: true };

/** The third finds no record free; the first two wait, or a thief has them. */
const waiting = { ...two, script: 'f1 f2 f3', children: 0, thieves: [{ rounds: 1 }], end: kept };

/** Nobody looks at spill rings while the word is 0. */
function told(ground: ForkGround): (view: View) => string | undefined {
  const ring = ground.rings[0]!.at;
  return (view) => {
    const empty = view.load(ring + L.MC_TAIL) === view.load(ring + L.MC_HEAD);
    return empty || view.load(L.HEADER + L.H_OVERFLOWED) === 1
      ? undefined
      : 'a child has overflowed, and nobody knows';
  };
}

const unknown: Family = {
  ...three,
  script: 'f1 f2 f3',
  children: 0,
  thieves: [{ rounds: 1, picks: true }],
  shape: { deque: 1, spill: 2, roots: true },
  end: told,
};

function kept(ground: ForkGround): (view: View) => string | undefined {
  const queues = [ground.deques[0]!.at, ground.rings[0]!.at];
  return (view) => {
    let n = (view.registers('thief 1')[RAN]! & 6) === 0 ? 0 : 1;
    for (const at of queues) n += (view.load(at + L.MC_TAIL) - view.load(at + L.MC_HEAD)) | 0;
    return n === 2 ? undefined : 'a child is in no queue, and nobody runs it';
  };
}

describe('children that spill', () => {
  it('run once, and leave neither a record nor an entry behind, though nobody steals', () => {
    holds('3 children, no thief', family({ ...three, thieves: [] }));
  });

  it('run once, claimed by the record while a thief takes the entry', () => {
    holds('3 children, 1 thief', family({ ...three, thieves: one }));
    const script = 'f1 f2 f3 j1 j2 j3 b';
    holds('3 children in order, 1 thief', family({ ...three, script, thieves: one }));
  });

  it('run once with two thieves', () => {
    holds('2 children, 2 thieves', family({ ...two, thieves: [{ rounds: 1 }, { rounds: 1 }] }));
  });

  it('keep their records from use as long as an entry names them', () => {
    holds('3 children in 2 records, 1 thief', family({ ...again, thieves: one }));
  });

  it('stay in a queue while they wait', () => {
    holds('2 children, never joined', family(waiting));
  });

  it('run once, picked among the tasks of their level', () => {
    const one = [{ rounds: 1, picks: true }];
    const shape = { ...three.shape, roots: true };
    holds('3 children, 1 picker', family({ ...three, shape, thieves: picks }));
    holds('2 children, picker and thief', family({ ...two, shape: roots, thieves: [...one, { rounds: 1 }] }));
    holds('2 children, the picker dies', family({ ...two, shape: roots, thieves: one, dies: 'thief' }));
  });

  it('are known of as long as their entries show', () => {
    holds('3 children, 1 picker, told', family(unknown));
    holds(
      '2 children, 2 pickers, told',
      family({ ...unknown, thieves: [...unknown.thieves, ...unknown.thieves] }),
    );
  });

  it('can be dropped', () => {
    const script = 'f1 f2 f3 d b';
    holds('3 children dropped, 1 thief', family({ ...three, script, children: 0, thieves: one }));
  });

  it('run once when a thief dies, which costs a record at most', () => {
    holds('2 children, the thief dies', family({ ...two, thieves: [{ rounds: 1 }], dies: 'thief' }));
  });

  it('are lost with their worker, wherever it dies, and the next one begins anew', () => {
    holds('2 children, the worker dies', family(lost));
  });
});

/** The next one spills as well, into the same records, while a thief of the dead goes on. */
const lost: Family = {
  script: 'f1 f2',
  children: 0,
  thieves: [{ rounds: 1 }],
  dies: 'owner',
  next: { script: 'f3 f4 j4 j3 b' },
  shape: { ...two.shape, adopted: true },
  end: () => () => undefined,
};

describe('the checker finds', () => {
  it('children that overflow and are not told of', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'fork', nth: 7 });
    finds('overflow not told', family({ ...unknown, module }), /nobody knows/);
  });

  it('a word taken back without another look', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'overflowed', nth: 1 });
    finds('word taken back, not looked again', family({ ...unknown, module }), /nobody knows/);
  });

  const left = /is left in state|entries are left/;
  const reused = /while an entry names it/;

  it('a record that is not marked as spilled', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'fork', nth: 2 });
    finds('spilled not set', family({ ...two, thieves: one, module }), reused);
  });

  it('a mark that whoever takes the entry does not take away', () => {
    const module = without(STEAL, 'stealFrom', 'i32.atomic.rmw.cmpxchg', 3);
    finds('spilled not cleared', family({ ...two, thieves: one, module }), left);
  });

  it('a mark taken away by a thief of the dead worker before', () => {
    const module = mutate(STEAL, { kind: 'forced-cmpxchg', in: 'stealFrom', nth: 3 });
    finds('mark cleared without comparing', family({ ...lost, module }), reused);
  });

  it('a mark set after the entry shows', () => {
    const module = mutate(CORE, { kind: 'delayed-store', in: 'fork', nth: 2, after: 6 });
    finds('spilled after the entry', family({ ...two, thieves: one, module }), left);
  });

  it('a record that is free at once', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkFree', nth: 2, value: 1 });
    finds('limbo skipped', family({ ...two, thieves: one, module }), /while an entry names it/);
  });

  it('a joiner that does not look at the mark once more', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkFree', nth: 3, value: 1 });
    finds('mark not looked at again', family({ ...two, thieves: one, module }), left);
  });

  it('a joiner that does not look at the mark at all', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkFree', nth: 3, value: 0 });
    finds('limbo ended by the joiner', family({ ...two, thieves: one, module }), reused);
  });

  it('a taker that leaves the record in limbo', () => {
    const module = mutate(STEAL, { kind: 'fixed-condition', in: 'stealFrom', nth: 13, value: 1 });
    finds('limbo not ended', family({ ...two, thieves: one, module }), left);
  });

  it('an entry taken without comparing', () => {
    const module = mutate(STEAL, { kind: 'forced-cmpxchg', in: 'stealFrom', nth: 2 });
    const shape = { deque: 1, spill: 2 };
    finds('head without comparing', family({ ...three, shape, thieves: [{ rounds: 1 }], module }), reused);
  });

  it('an entry whose child is claimed without comparing', () => {
    const module = mutate(STEAL, { kind: 'forced-cmpxchg', in: 'stealFrom', nth: 4 });
    finds(
      'claim of an entry without comparing',
      family({ ...two, thieves: one, module }),
      /twice|two threads|state \d of owner|filled again|before it was/,
    );
  });

  it('stale entries that their worker leaves to thieves', () => {
    const module = mutate(DROP, { kind: 'fixed-condition', in: 'dropStale', nth: 0, value: 1 });
    finds('stale entries stay', family({ ...three, thieves: [], module }), left);
  });

  it('waiting children whose entries their worker drops as stale', () => {
    const module = mutate(DROP, { kind: 'fixed-condition', in: 'dropStale', nth: 1, value: 0 });
    finds('dropped though it waits', family({ ...waiting, module }), /in no queue/);
  });
});
