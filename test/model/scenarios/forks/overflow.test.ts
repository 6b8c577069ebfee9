import { describe, it } from 'vitest';
import { counts } from '../counts.ts';
import { family } from './family.ts';

const { holds } = counts('fork overflow');
const shape = { deque: 2, spill: 4 };

describe('overflow', () => {
  it('alone', () => {
    holds('3 children, nobody else', family({ script: 'f1 f2 f3 j3 j2 j1 b', children: 3, thieves: [], shape: { ...shape, records: 3 } }));
  });
  it('a', () => {
    holds('3 children, 1 thief', family({ script: 'f1 f2 f3 j3 j2 j1 b', children: 3, thieves: [{ rounds: 2 }], shape: { ...shape, records: 3 } }));
  });
  it('b', () => {
    holds('3 children in order, 1 thief', family({ script: 'f1 f2 f3 j1 j2 j3 b', children: 3, thieves: [{ rounds: 2 }], shape: { ...shape, records: 3 } }));
  });
  it('c', () => {
    holds('3 children and again', family({ script: 'f1 f2 f3 j3 j2 j1 f4 j4 b', children: 4, thieves: [{ rounds: 2 }], shape: { ...shape, records: 3 } }));
  });
  it('d', () => {
    holds('dropped', family({ script: 'f1 f2 f3 d b', children: 0, thieves: [{ rounds: 2 }], shape: { ...shape, records: 3 } }));
  });
  it('2', () => {
    holds('3 children, 2 thieves', family({ script: 'f1 f2 f3 j3 j2 j1 b', children: 3, thieves: [{ rounds: 1 }, {rounds: 1}], shape: { ...shape, records: 3 } }));
  });
});
