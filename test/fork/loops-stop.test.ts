// Every loop ends soon after its task was cancelled, also where there are no thieves: nobody has to end its thread.
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';
import { abortedOnce, expectNothingLeft, forksOf } from './forks.ts';

const LENGTH = 200_000;
const LOOPS = [
  'parallelFor',
  'forEach',
  'map',
  'filter',
  'reduce',
  'reduce, deterministic',
  'reduce of mapped, deterministic',
  'scan',
  'sort by comparison',
  'sort by key',
];

describe.each([1, 2])('asked to stop, with %i workers,', (workers) => {
  it.each(LOOPS)('%s ends before its end', async (name) => {
    const { pool, words, crashes } = await forksOf('loops-stop.mjs', workers);
    const begun = until('it has begun', () => Atomics.load(words, 0) > 0);
    const ended = rejection(pool.run('loop', [name, LENGTH], abortedOnce(begun)));
    await begun;
    expect(await ended).toMatchObject({ code: 'ENOUGH' });
    Atomics.store(words, 1, 1);
    await expectNothingLeft(pool);
    expect(Atomics.load(words, 0)).toBeLessThan(LENGTH / 2);
    expect(crashes).toEqual([]);
  });

  it('those are all', async () => {
    const { pool } = await forksOf('loops-stop.mjs', workers);
    expect(await pool.run('names')).toEqual(LOOPS);
  });
});
