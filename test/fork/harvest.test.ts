// Records of stolen children are used again before these are joined.
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, forksOf } from './forks.ts';

/** A worker has 2047 records. */
const CHILDREN = 9000;

describe('many children, the newest joined first', () => {
  it.each([
    ['number', 2, 0],
    ['number', 3, 0],
    ['object', 2, 0],
    ['view', 2, 0],
    // Those that have failed hold their records.
    ['fails', 2, CHILDREN / 100],
  ])('are stolen as long as there are any (%s, %i workers)', async (kind, workers, failing) => {
    const { pool } = await forksOf('harvest.mjs', workers);
    const [wrong, thrown, stolen] = (await pool.run('backwards', [kind, CHILDREN])) as number[];
    expect([wrong, thrown]).toEqual([0, failing]);
    expect(stolen).toBeGreaterThan(2048);
    await expectNothingLeft(pool);
  });
});
