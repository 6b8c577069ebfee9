import { describe, it } from 'vitest';
import type { Scenario } from '../../explore.ts';
import { counts } from '../counts.ts';
import { CORE, STARTS } from '../plant.ts';
import { all, joined, once, owner, records, thief } from './actors.ts';
import { type ForkShape, forkGround } from './ground.ts';

const { holds } = counts('fork');

interface Setting {
  readonly script: string;
  readonly children: number;
  readonly thieves: readonly number[];
  readonly meta?: number;
  readonly shape?: Partial<ForkShape>;
  readonly module?: Scenario['module'];
}

function scenario({ script, children, thieves, meta = 0, shape, module = CORE }: Setting): Scenario {
  const ground = forkGround({ blocks: 1 + thieves.length, records: 3, deque: 4, ...shape });
  const threads = [
    owner(ground, { script, meta }),
    ...thieves.map((rounds, i) => thief(ground, { block: i + 1, rounds })),
  ];
  const names = threads.map(({ name }) => name);
  return {
    module,
    regions: ground.regions,
    setup: ground.prepare,
    threads,
    invariant: once(names),
    end: all(joined(names, children), records(ground)),
  };
}

describe('a child', () => {
  it.each(STARTS)('runs once, in its own worker or one thief, from index %d on', (start) => {
    const shape = { start };
    holds(`2 children, 1 thief, from ${start}`, scenario({ script: 'f1 f2 j2 j1', children: 2, thieves: [2], shape }));
  });
  it('runs once with two thieves', () => {
    holds(`2 children, 2 thieves`, scenario({ script: 'f1 f2 j2 j1', children: 2, thieves: [1, 1] }));
  });
  it('reuse', () => {
    holds(`3 children one after another, 1 thief`, scenario({ script: 'f1 j1 f2 j2 f3 j3', children: 3, thieves: [2], shape: { records: 1 } }));
  });
  it('out of order', () => {
    holds(`3 out of order, 1 thief`, scenario({ script: 'f1 f2 f3 j1 j3 j2', children: 3, thieves: [2] }));
    holds(`2 out of order, 2 thieves`, scenario({ script: 'f1 f2 j1 j2', children: 2, thieves: [1, 1] }));
  });
});
