import { describe, it } from 'vitest';
import * as L from '../../../../src/memory/layout.ts';
import { counts } from '../counts.ts';
import { family } from './family.ts';

const { holds, finds } = counts('fork deaths');
const SHARED = L.FORK_SHARED;

describe('thief dies', () => {
  it('running', () => {
    holds('1 child, thief dies', family({ script: 'f1 j1', children: 1, thieves: [{ rounds: 1 }], dies: 'thief' }));
  });
  it('running 2', () => {
    holds('2 child, thief dies', family({ script: 'f1 f2 j2 j1', children: 2, thieves: [{ rounds: 2 }], dies: 'thief' }));
  });
  it('claimed', () => {
    holds('1 child, claimed first, thief dies', family({ script: 'f1 j1', meta: SHARED, children: 1, thieves: [{ rounds: 1 }], dies: 'thief' }));
  });
  it('idem', () => {
    holds('2 children, idempotent, thief dies', family({ script: 'f1 f2 j2 j1', children: 2, thieves: [{ rounds: 2 }], dies: 'thief', shape: { idempotent: true } }));
  });
  it('other thief', () => {
    holds('1 child, 2 thieves, one dies', family({ script: 'f1 j1', children: 1, thieves: [{ rounds: 1 }, { rounds: 1 }], dies: 'thief' }));
  });
});
describe('owner dies', () => {
  it('a', () => {
    holds('1 child, then 1 child', family({ script: 'f1 j1', children: 1, thieves: [{ rounds: 2 }], dies: 'owner', next: { script: 'f2 j2' } , shape: { records: 1 }}));
  });
  it('b', () => {
    holds('2 children, then 1 child', family({ script: 'f1 f2 j1 j2', children: 2, thieves: [{ rounds: 2 }], dies: 'owner', next: { script: 'f3 j3' }, shape: { records: 2 } }));
  });
  it('claimed', () => {
    holds('1 child claimed, then 1 child', family({ script: 'f1 j1', children: 1, meta: SHARED, thieves: [{ rounds: 2 }], dies: 'owner', next: { script: 'f2 j2', meta: SHARED } , shape: { records: 2 }}));
  });
  it('drop', () => {
    holds('1 child, then 1 child dropped', family({ script: 'f1 j1', children: 1, thieves: [{ rounds: 2 }], dies: 'owner', next: { script: 'f2 d' } , shape: { records: 2 }}));
  });
});
describe('stuck', () => {
  it('a', () => {
    holds('1 child', family({ script: 'f1 j1', children: 1, thieves: [{ rounds: 1 }], stuck: true }));
  });
  it('b', () => {
    holds('1 child stuck, then 1 dropped', family({ script: 'f1 j1 f2 d', children: 1, thieves: [{ rounds: 2 }], stuck: true, shape: { records: 2} }));
    holds('1 child stuck, owner dies, then 1 child', family({ script: 'f1 j1', children: 1, thieves: [{ rounds: 1 }], stuck: true, dies: 'owner', next: { script: 'f2 j2' }, shape: { records: 2} }));
    holds('1 child, then 1 child', family({ script: 'f1 j1 f2 j2', children: 2, thieves: [{ rounds: 2 }], stuck: true, shape: { records: 2} }));
  });
});
