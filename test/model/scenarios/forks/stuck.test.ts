import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { CORE } from '../plant.ts';
import { type Family, family } from './family.ts';

const { holds, finds } = counts('stuck');

/** The coordinator gives the thief up at any moment; the thief goes on. */
const stuck: Family = { script: 'f1 j1', children: 1, thieves: [{ rounds: 1 }], stuck: 'any time' };
const reused: Family = {
  ...stuck,
  script: 'f1 j1 f2 j2',
  children: 2,
  thieves: [{ rounds: 1 }],
  shape: { records: 1 },
};
const orphaned: Family = {
  ...stuck,
  stuck: 'before recovery',
  dies: 'owner',
  next: { script: 'f2 j2' },
  shape: { records: 1, adopted: true },
};

describe('a child whose thread was given up and goes on', () => {
  it('ends once: by its thread, or given up', () => {
    holds('1 child', family(stuck));
    holds('1 child claimed first', family({ ...stuck, meta: L.FORK_SHARED }));
  });

  it('keeps its record for its thread, which may write to it at any moment', () => {
    holds('2 children in 1 record', family(reused));
    holds('2 children in 2 records', family({ ...reused, shape: { records: 2 } }));
  });

  it('is not taken for a later child', () => {
    holds('1 child, then 1 dropped', family({ ...stuck, script: 'f1 j1 f2 d', shape: { records: 2 } }));
  });

  it('keeps its record also when its joiner dies', () => {
    holds('1 child, the worker dies, then 1', family(orphaned));
  });

  it('gives its record back at the exit of its thread', () => {
    holds('1 child, the thief dies', family({ ...stuck, dies: 'thief' }));
  });
});

describe('the checker finds', () => {
  const used = /filled again|ran twice|two threads|state \d of owner|before it was joined|of kind/;

  it('the record of a stuck thread freed', () => {
    const module = mutate(CORE, { kind: 'fixed-condition', in: 'forkFree', nth: 1, value: 0 });
    finds('record freed', family({ ...reused, module }), used);
  });

  it('the record of a stuck thread freed at the death of its joiner', () => {
    const module = mutate(CORE, { kind: 'changed-constant', in: 'forkAdopt', from: L.FAILED, to: L.FREE });
    finds('record freed at a death', family({ ...orphaned, module }), used);
  });

  it('a child given up although its thread has ended it', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'forkMend', nth: 1 });
    finds('given up without comparing', family({ ...reused, module }), /./);
  });

  it('a child given up without a mark that its thread cannot overwrite', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'forkMend', nth: 0 });
    finds('no mark', family({ ...stuck, module }), used);
  });

  it('a thread that ends what was taken from it', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'forkFinish', nth: 0 });
    finds('finish without comparing', family({ ...reused, module }), /./);
  });
});
