import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { CORE } from '../plant.ts';
import { type Family, family } from './family.ts';

const { holds, finds } = counts('fork deaths');

const thief: Family = { script: 'f1 j1', children: 1, thieves: [{ rounds: 1 }], dies: 'thief' };
const twoChildren: Family = { ...thief, script: 'f1 f2 j2 j1', children: 2, thieves: [{ rounds: 2 }] };
const claimed: Family = { ...thief, meta: L.FORK_SHARED };
const again: Family = { ...twoChildren, shape: { idempotent: true } };

const worker: Family = {
  script: 'f1 j1',
  children: 1,
  thieves: [{ rounds: 2 }],
  dies: 'owner',
  next: { script: 'f2 j2' },
  shape: { records: 1, spill: 0, adopted: true },
};

describe('when a thief dies before any of its accesses, and the coordinator mends after its exit', () => {
  it('its joiner gets the child back if its code had not started, and learns of the death if it had', () => {
    holds('thief, 1 child', family(thief));
    holds('thief, 2 children', family(twoChildren));
    holds('thief, 1 child claimed first', family(claimed));
  });

  it('a child of an idempotent task runs again', () => {
    holds('thief, 2 children, idempotent', family(again));
  });

  it('another thief is as safe as the joiner', () => {
    holds('1 of 2 thieves, 1 child', family({ ...thief, thieves: [{ rounds: 1 }, { rounds: 1 }] }));
  });
});

describe('when a forking worker dies before any of its accesses, and another thread gets its block', () => {
  it('no record is used by two, though thieves of the dead go on', () => {
    holds('worker, 1 child, then 1', family(spilling(worker)));
    const script = 'f1 f2 j2 j1';
    holds(
      'worker, 2 children, then 1',
      family(
        spilling({
          ...worker,
          script,
          children: 2,
          thieves: [{ rounds: 1 }],
          next: { script: 'f3 j3' },
          shape: { records: 2 },
        }),
      ),
    );
  });

  it('a child that was claimed and has not begun never does', () => {
    const meta = L.FORK_SHARED;
    holds(
      'worker, 1 child claimed first',
      family(spilling({ ...worker, meta, next: { script: 'f2 j2', meta }, shape: { records: 2 } })),
    );
  });

  it('a child of the next thread, at the same place, is not taken for an orphan', () => {
    holds(
      'worker, 1 child, then 1 dropped',
      family(spilling({ ...worker, next: { script: 'f2 d' }, shape: { records: 2 } })),
    );
  });
});

/** The coordinator writes to the spill ring of a block that it makes ready. */
function spilling(options: Family): Family {
  return { ...options, shape: { ...options.shape, spill: 2, adopted: true } };
}

describe('the checker finds', () => {
  const stuck = /deadlock|for ever/;
  const used = /filled again|two threads|ran twice|state \d of owner|before it was joined/;

  it('children of a dead thief that nobody mends', () => {
    finds('no forkMend', family({ ...thief, faults: ['no forkMend'] }), stuck);
  });

  it('joiners that nobody wakes when a thief dies between their bit and their park word', () => {
    finds('no wakeAll', family({ ...thief, faults: ['no wakeAll'] }), stuck);
  });

  it('a mended child whose joiner is not woken', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkMend', nth: 17, value: 0 });
    finds('joiner not woken', family({ ...thief, faults: ['no wakeAll'], module }), stuck);
  });

  it('mending that does not wait for the exit', () => {
    finds(
      'mended before the exit',
      family({ ...again, faults: ['before the exit'], shape: { idempotent: true, records: 2 } }),
      used,
    );
  });

  it('a child that had started and must not run again given back', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkMend', nth: 10, value: 1 });
    finds('started, given back', family({ ...thief, module }), /two threads|joined in state/);
  });

  it('children of living thieves taken for those of the dead', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkMend', nth: 3, value: 0 });
    finds(
      'owner ignored',
      family({ ...thief, thieves: [{ rounds: 1 }, { rounds: 1 }], module }),
      /failed for nothing|two threads|joined in state/,
    );
  });

  it('a dead block that is not made ready', () => {
    finds('no forkAdopt', family(spilling({ ...worker, faults: ['no forkAdopt'] })), /./);
  });

  it('a record freed though a thief runs its child', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkAdopt', nth: 8, value: 0 });
    finds('running children not marked', family(spilling({ ...worker, module })), used);
  });

  it('an end of an orphan that leaves its record', () => {
    const module = mutate(CORE, { kind: 'changed-constant', in: 'forkFinish', from: 16376, to: 16383 });
    finds('orphan not freed', family(spilling({ ...worker, module })), /is left in state/);
  });

  it('an end that does not compare', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'forkFinish', nth: 0 });
    finds('finish without comparing', family(spilling({ ...worker, module })), /./);
  });

  it('a deque that still shows the children of the dead', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'forkAdopt', nth: 3 });
    finds('bottom not put back', family(spilling({ ...worker, next: { script: 'f2' }, module })), /./);
  });
});
