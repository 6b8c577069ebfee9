// A stack that overflows: the task fails, and nothing else does.
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { expectNothingLeft, startForks } from './forks.ts';

const OVERFLOW = 'overflow.mjs';
/** Node's own default: how deep the stack is does not matter here, and the default of a pool takes 16 times as long. */
const SHALLOW = { stackSizeMb: 4 };

describe.each([1, 3])('a stack overflow with %i workers', (workers) => {
  it.each([
    ['endless', 0, 100],
    ['endlessPairs', 0, 5],
    ['endlessObjects', { n: 0 }, 5],
    ['endlessPlain', 0, 20],
    ['endlessEarly', 0, 5],
  ])('in %s rejects with RangeError, and every record is free after it', async (name, arg, times) => {
    const { pool, words, strays, crashes } = await startForks(OVERFLOW, { workers, resourceLimits: SHALLOW });
    for (let i = 0; i < times / 5; i++) {
      const errors = await Promise.all(Array.from({ length: 5 }, () => rejection(pool.run(name, [arg]))));
      for (const error of errors) {
        expect(error).toBeInstanceOf(RangeError);
        expect(error.message).toMatch(/call stack/);
      }
    }
    await expectNothingLeft(pool);
    const ran = words[0];
    expect(await pool.run('many', [4096])).toBe((4096 * 4095) / 2);
    expect(words[0]).toBe(ran);
    expect([strays, crashes]).toEqual([[], []]);
  });

  it('that is caught is over', async () => {
    const { pool } = await startForks(OVERFLOW, { workers, resourceLimits: SHALLOW });
    expect(await pool.run('catches', [5])).toBe(5);
    expect(await pool.run('catchesDeep', [0])).toBeGreaterThan(50);
    await expectNothingLeft(pool);
    expect(await pool.run('many', [4096])).toBe((4096 * 4095) / 2);
  });
});
