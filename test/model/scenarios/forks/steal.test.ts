import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import type { View } from '../../explore.ts';
import { mutate } from '../../mutate.ts';
import { counts } from '../counts.ts';
import { exposed } from '../faults.ts';
import { CORE, STARTS } from '../plant.ts';
import { DROPPED, RAN } from './actors.ts';
import { family } from './family.ts';
import { type ForkGround, ROOT } from './ground.ts';

const { holds, finds } = counts('steal');

/** The one function in which a thief takes. */
const STEAL = exposed(CORE, 'forkHelp', 1, 'stealFrom');
/** Its compare-exchanges: top of the deque, the record; head of the spill ring, the record. */
const [TOP, CLAIM] = [0, 1];
const OTHER_ROOT = ROOT + (1 << L.SLOT_BITS);

const nested = { script: 'f1 f2 j2 j1', children: 2 };
const disordered = { script: 'f1 f2 j1 j2', children: 2 };
const oneByOne = { script: 'f1 j1 f2 j2', children: 2, shape: { records: 1 } };
const one = [{ rounds: 2 }];
const two = [{ rounds: 1 }, { rounds: 1 }];

describe('a child', () => {
  it.each(STARTS)('runs once, in its worker or in a thief, with indices from %d on', (start) => {
    holds(`2 children, 1 thief, from ${start}`, family({ ...nested, thieves: one, shape: { start } }));
  });

  it('runs once with two thieves', () => {
    holds('2 children, 2 thieves', family({ ...nested, thieves: two }));
  });

  it('runs once when its record is used again and again', () => {
    const script = 'f1 j1 f2 j2 f3 j3';
    holds('3 children in 1 record', family({ script, children: 3, thieves: one, shape: { records: 1 } }));
  });

  it('runs once when it is joined before those forked after it', () => {
    holds('2 children out of order, 2 thieves', family({ ...disordered, thieves: two }));
    const script = 'f1 f2 f3 j1 j3 j2';
    holds('3 children out of order, 1 thief', family({ script, children: 3, thieves: one }));
  });

  it('runs once when it is claimed before it begins, and when its thief gives it back', () => {
    const meta = L.FORK_SHARED;
    holds('2 children, claimed first', family({ ...nested, meta, thieves: one }));
    holds('2 children, given back', family({ ...nested, meta, thieves: [{ rounds: 2, returns: true }] }));
  });

  it('is taken only by who asks for its root', () => {
    const thieves = [
      { rounds: 1, root: OTHER_ROOT },
      { rounds: 1, root: ROOT },
    ];
    holds(
      '1 child, 2 thieves of 2 roots',
      family({ script: 'f1 j1', children: 1, thieves, shape: { roots: true }, end: foreign }),
    );
  });

  it('is not run by anybody any more once it was dropped, and its parent waits for those that run', () => {
    holds(
      '2 children dropped, 1 thief',
      family({ script: 'f1 f2 d', children: 0, thieves: one, end: dropped }),
    );
    holds('1 child dropped, 2 thieves', family({ script: 'f1 d', children: 0, thieves: two, end: dropped }));
    const shape = { records: 1 };
    holds(
      '1 child dropped, 1 joined',
      family({ script: 'f1 d f2 j2', children: 0, thieves: one, shape, end: dropped }),
    );
  });

  it('is in a queue, or a thief has it: none is taken for a stale one', () => {
    holds('1 child, never joined', family({ script: 'f1', children: 0, thieves: one, end: kept }));
  });
});

function foreign(): (view: View) => string | undefined {
  return (view) => (view.registers('thief 1')[RAN] === 0 ? undefined : 'a child of another root was taken');
}

function dropped(): (view: View) => string | undefined {
  return (view) =>
    (view.registers('owner')[DROPPED]! & view.registers('owner')[RAN]!) === 0
      ? undefined
      : 'a child was dropped and run';
}

/** Of a child that its worker does not join. */
function kept(ground: ForkGround): (view: View) => string | undefined {
  const deque = ground.deques[0]!.at;
  return (view) => {
    const n = (view.load(deque + L.DQ_BOTTOM) - view.load(deque + L.DQ_TOP)) | 0;
    const running = view.registers('thief 1')[RAN]!;
    return n === 1 || running !== 0 ? undefined : 'child 1 is in no queue, and nobody runs it';
  };
}

describe('the checker finds', () => {
  const twice =
    /twice|two threads|before it was joined|filled again|state \d of owner|taken back as|claimed as/;

  it('a steal that loads bottom before top', () => {
    const module = mutate(STEAL, { kind: 'swapped-loads', in: 'stealFrom', first: 1, second: 2 });
    finds('loads in steal swapped', family({ ...nested, thieves: two, module }), twice);
  });

  it('a steal from the deque that does not compare', () => {
    const module = mutate(STEAL, { kind: 'forced-cmpxchg', in: 'stealFrom', nth: TOP });
    finds('top without comparing', family({ ...nested, thieves: two, module }), /./);
  });

  it('a claim that does not compare', () => {
    const module = mutate(STEAL, { kind: 'forced-cmpxchg', in: 'stealFrom', nth: CLAIM });
    finds('claim without comparing', family({ ...nested, thieves: one, module }), twice);
  });

  it('a claim that compares and exchanges in two steps', () => {
    const module = mutate(STEAL, { kind: 'torn-cmpxchg', in: 'stealFrom', nth: CLAIM });
    finds('claim torn', family({ ...nested, thieves: one, module }), twice);
  });

  it('a last child taken back without comparing', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'take' });
    finds('take without comparing', family({ ...nested, thieves: one, module }), twice);
  });

  it('a last child taken back in two steps', () => {
    const module = mutate(CORE, { kind: 'torn-cmpxchg', in: 'take' });
    finds('take torn', family({ ...nested, thieves: one, module }), twice);
  });

  it('a take that looks at top before it lowers bottom', () => {
    const module = mutate(CORE, { kind: 'dropped-store', in: 'take', nth: 0 });
    finds('take does not reserve', family({ ...nested, thieves: one, module }), twice);
  });

  it('a claim by the record that does not compare', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'forkClaim' });
    finds('forkClaim without comparing', family({ ...nested, thieves: one, module }), twice);
  });

  it('a record used again in the same generation', () => {
    const module = mutate(CORE, { kind: 'changed-constant', in: 'forkFree', from: 16384, to: 0 });
    finds('claim without generation', family({ ...oneByOne, thieves: one, module }), twice);
  });

  it('a child whose entry comes before its state', () => {
    const module = mutate(CORE, { kind: 'delayed-store', in: 'fork', nth: 15, after: 18 });
    finds(
      'state after entry',
      family({ script: 'f1', children: 0, thieves: one, module, end: kept }),
      /in no queue/,
    );
  });

  it('a child shown before its entry is written', () => {
    const module = mutate(CORE, { kind: 'delayed-store', in: 'fork', nth: 16, after: 18 });
    finds('shown, then written', family({ script: 'f1', children: 0, thieves: one, module, end: kept }), /./);
  });

  it('a thief that takes children of any root', () => {
    const module = mutate(STEAL, { kind: 'fixed-condition', in: 'stealFrom', nth: 2, value: 0 });
    const thieves = [{ rounds: 1, root: OTHER_ROOT }];
    const shape = { roots: true };
    finds(
      'root ignored',
      family({ script: 'f1 j1', children: 1, thieves, module, shape, end: foreign }),
      /another root/,
    );
  });

  it('a drop that does not compare', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'forkDrop' });
    finds(
      'drop without comparing',
      family({
        script: 'f1 d f2 j2',
        children: 0,
        thieves: one,
        module,
        shape: { records: 1 },
        end: dropped,
      }),
      twice,
    );
  });

  it('a begin that does not compare with what its thief has given back', () => {
    const module = mutate(CORE, { kind: 'forced-cmpxchg', in: 'forkReturn' });
    const meta = L.FORK_SHARED;
    const next = { script: 'f2 j2', meta };
    const returning = [{ rounds: 2, returns: true }];
    finds(
      'return without comparing',
      family({
        script: 'f1 j1',
        meta,
        children: 1,
        thieves: returning,
        module,
        dies: 'owner',
        next,
        shape: { records: 1 },
      }),
      /./,
    );
  });
});
