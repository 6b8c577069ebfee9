// At which level children are served that their worker's deque does not hold.
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, startForks } from './forks.ts';

/** The deque holds 1024. */
const CHILDREN = 1500;
const TASKS = 2000;

describe('children that overflow', () => {
  it.each([
    ['critical', 'low'],
    ['high', 'normal'],
    ['normal', 'normal'],
  ] as const)('of a %s task run on workers for which %s tasks wait', async (priority, waiting) => {
    const { pool, strays } = await startForks('levels.mjs');
    const some = (count: number) =>
      Array.from({ length: count }, () => pool.run('task', [0.05], { priority: waiting }));
    const before = some(100);
    const parent = pool.run('parent', [CHILDREN, TASKS], { priority });
    const after = some(TASKS - before.length);
    const [begun, sum] = (await parent) as [number, number];
    expect(sum).toBe((CHILDREN * (CHILDREN - 1)) / 2);
    // Those that both workers have claimed in a batch come before.
    expect(begun).toBeLessThan(TASKS / 2);
    await Promise.all([...before, ...after]);
    await expectNothingLeft(pool);
    expect(strays).toEqual([]);
  });
});
