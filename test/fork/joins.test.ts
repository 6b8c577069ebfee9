// Forks and joins in every order, on one worker and on several; handles that are none.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fork as forkHere } from '../../dist/workers/index.js';
import { rejection, startPool } from '../pool/pools.ts';
import { expectNothingLeft, fixture, forksOf } from './forks.ts';

const JOINS = 'joins.mjs';
const sum = (n: number): number => (n * (n - 1)) / 2;

describe.each([1, 2, 3, 8])('with %i workers', (workers) => {
  it('trees of numbers and of other values give what they give on one thread', async () => {
    const { pool } = await forksOf(JOINS, workers);
    expect(await pool.run('fib', [18])).toBe(2584);
    expect(await pool.run('tree', [{ depth: 7, name: '' }])).toEqual({ sum: 7 * 128 });
    expect(await pool.run('bush', [6])).toBe(3 ** 6);
    expect(await pool.run('checked', [4, 1])).toBe(sum(2 * 625) - sum(625));
    expect(await Promise.all([12, 13, 14, 15].map((n) => pool.run('fib', [n])))).toEqual([
      144, 233, 377, 610,
    ]);
    await expectNothingLeft(pool);
  });

  it('children are joined in any order', async () => {
    const { pool } = await forksOf(JOINS, workers);
    const order = fc
      .integer({ min: 1, max: 12 })
      .chain((n) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n }));
    await fc.assert(
      fc.asyncProperty(order, fc.nat(3), fc.boolean(), async (order, stolen, boxes) => {
        const wait = workers > 1 ? Math.min(stolen, order.length) : 0;
        expect(await pool.run('inOrder', [order, wait, boxes])).toEqual([...order.keys()]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
    await expectNothingLeft(pool);
  });

  it('more children are forked than there are records before the first is joined', async () => {
    const { pool } = await forksOf(JOINS, workers);
    for (const order of ['last', 'first', 'mixed']) {
      for (const n of [1023, 1025, 5000]) expect(await pool.run('many', [n, order])).toBe(sum(n));
    }
    expect(await pool.run('manyAll', [5000])).toBe(sum(5000));
    await expectNothingLeft(pool);
  });

  it('a child that is not joined fails its parent, and never runs if it waits', async () => {
    const { pool, words } = await forksOf(JOINS, workers);
    for (const n of [1, 5, 2000, 6000]) {
      const error = await rejection(pool.run('forgets', [n]));
      expect(error).toMatchObject({ code: 'ERR_NOT_JOINED' });
      expect(error.message).toMatch(/`forgets`/);
      expect(await pool.run('deepForgets', [n])).toBe('ERR_NOT_JOINED');
    }
    const after = words[0]!;
    expect(await pool.run('fib', [10])).toBe(55);
    await expectNothingLeft(pool);
    expect(words[0]).toBe(after);
    if (workers === 1) expect(after).toBe(0);
  });
});

describe('joins', () => {
  it('100000 children are forked before the first is joined', async () => {
    const { pool } = await forksOf(JOINS);
    for (const order of ['last', 'first'])
      expect(await pool.run('many', [100_000, order])).toBe(sum(100_000));
    await expectNothingLeft(pool);
  });

  it('deep recursion', async () => {
    const { pool } = await forksOf(JOINS);
    expect(await pool.run('chain', [2000])).toBe(2000);
    await expectNothingLeft(pool);
  });

  it('a running child that is not joined is asked to stop and waited for', async () => {
    const { pool, words } = await forksOf(JOINS);
    const error = await rejection(pool.run('forgetsRunning', [100]));
    expect(error).toMatchObject({ code: 'ERR_NOT_JOINED' });
    expect([...words.slice(0, 3)]).toEqual([0, 1, 1]);
    await expectNothingLeft(pool);
  });

  it('a stolen child that leaves children behind fails', async () => {
    const { pool } = await forksOf(JOINS);
    expect(await pool.run('stolenForgets', [3])).toBe('ERR_NOT_JOINED');
    await expectNothingLeft(pool);
  });

  it('joinAll gives results in the order of the handles', async () => {
    const { pool } = await forksOf(JOINS);
    expect(await pool.run('joinAllOf', ['all'])).toEqual([0, { i: 1 }, 2]);
    expect(await pool.run('joinAllOf', ['turned'])).toEqual([2, { i: 1 }, 0]);
    expect(await pool.run('joinAllOf', ['none'])).toEqual([]);
  });

  it('context() inside stolen children is theirs', async () => {
    const { pool } = await forksOf(JOINS);
    const { mine, cancelled, seen } = (await pool.run('contexts', [5])) as {
      mine: number;
      cancelled: boolean;
      seen: unknown[];
    };
    expect(cancelled).toBe(false);
    expect(seen).toEqual(seen.map(() => ({ worker: 1 - mine, cancelled: false, aborted: false })));
  });
});

describe('handles', () => {
  it.each([
    ['inline, last first', false, true],
    ['inline, first first', false, false],
    ['stolen, last first', true, true],
    ['stolen, first first', true, false],
  ])('are good for one join: %s', async (_, stolen, last) => {
    const { pool } = await forksOf(JOINS);
    const results = last ? [2, 1] : [1, 2];
    const bad = ['ERR_BAD_HANDLE', 'ERR_BAD_HANDLE'];
    expect(await pool.run('twice', [stolen, last])).toEqual([...results, ...bad]);
    await expectNothingLeft(pool);
  });

  it.each([1, 2])('of children that were spilled are good for one join, with %i workers', async (workers) => {
    const { pool } = await forksOf(JOINS, workers);
    expect(await pool.run('twiceSpilled', [6000])).toEqual(['ERR_BAD_HANDLE']);
    await expectNothingLeft(pool);
  });

  it('of another call are refused, and stay good in their own', async () => {
    const { pool } = await forksOf(JOINS, 1);
    expect(await pool.run('parents')).toEqual(['ERR_BAD_HANDLE', 5, 'ERR_BAD_HANDLE']);
    expect(await pool.run('childs')).toBe('ERR_BAD_HANDLE');
    await expectNothingLeft(pool);
  });

  it('that are none are refused, and nothing is lost', async () => {
    const { pool } = await forksOf(JOINS);
    const [result, ...codes] = ((await pool.run('garbage')) as unknown[]).reverse();
    expect(result).toBe(7);
    expect(codes.filter((code) => code !== 'ERR_BAD_HANDLE' && code !== 'ERR_INVALID_ARGUMENT')).toEqual([]);
    expect(await pool.run('joins', [1])).toBe('ERR_INVALID_ARGUMENT');
    expect(await pool.run('joinAllTwice')).toBe('ERR_BAD_HANDLE');
    await expectNothingLeft(pool);
  });
});

describe('where there is no task', () => {
  it('on the main thread', () => {
    expect(() => forkHere(Math.abs, 1)).toThrow(expect.objectContaining({ code: 'ERR_NO_CONTEXT' }));
  });

  it('at module level, after an await, in a stray timer', async () => {
    const { pool } = await forksOf(JOINS, 1);
    expect(await pool.run('moduleLevel')).toEqual(['ERR_NO_CONTEXT', 'ERR_INVALID_ARGUMENT']);
    expect(await pool.run('afterAwait')).toEqual([
      'ERR_NO_CONTEXT',
      'ERR_NO_CONTEXT',
      'ERR_INVALID_ARGUMENT',
    ]);
    expect(await pool.run('leavesTimer')).toBe(4);
    expect(await pool.run('awaitStray')).toBe('ERR_NO_CONTEXT');
    expect(await pool.run('inCallback')).toEqual([1, 2]);
  });

  it('an async task forks before its first await, and joins before it', async () => {
    const { pool, strays } = await forksOf(JOINS);
    expect(await Promise.all([10, 11, 12].map((n) => pool.run('beforeAwait', [n])))).toEqual([55, 89, 144]);
    const late = await rejection(pool.run('acrossAwait'));
    expect(late).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(late.message).toMatch(/before any `await`/);
    expect(await rejection(pool.run('forgetsAsync'))).toMatchObject({ code: 'ERR_NOT_JOINED' });
    await expectNothingLeft(pool);
    expect(strays).toEqual([]);
  });

  it('an async task that fails before its first await says why, and leaves no child', async () => {
    const { pool, strays } = await forksOf(JOINS);
    for (const [name, args] of [
      ['failsAsync', [false]],
      ['failsAsync', [true]],
      ['childFailsAsync', []],
    ] as const) {
      const error = await rejection(pool.run(name, [...args]));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toBe('why it failed');
    }
    await expectNothingLeft(pool);
    expect(strays).toEqual([]);
  });

  it('in a module that loads `millrace/worker` too late', async () => {
    const pool = await startPool({ tasks: fixture('lazy.mjs'), workers: 1 });
    await pool.run('load');
    const error = await rejection(pool.run('forks', [1]));
    expect(error).toMatchObject({ code: 'ERR_NO_CONTEXT' });
    expect(error.message).toMatch(/at the top of the task module/);
    expect(await pool.run('identity', [2])).toBe(2);
  });
});
