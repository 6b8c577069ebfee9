// A loop of `millrace/parallel` ends between two chunks when its task was asked to stop, and its thread lives on.
import type { RunOptions } from 'millrace';
import { expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { until } from '../process/harness/until.ts';
import { abortedOnce, expectNothingLeft, sharedWords, startForks } from './forks.ts';

const [BEGUN, STOPPED] = [0, 1] as const;
/** Longer than the test may take: a thread that goes on is not ended meanwhile. */
const PATIENT = { graceMs: 120_000 };

const LIMITS = {
  signal: abortedOnce,
  timeout: (): RunOptions => ({ timeout: 300 }),
} as const;
const CODES = { signal: 'ENOUGH', timeout: 'ERR_TIMEOUT' } as const;

it.each([
  ['signal', 'run', 'for', 1],
  ['signal', 'run', 'for', 3],
  ['signal', 'run', 'grained', 1],
  ['signal', 'run', 'reduce', 2],
  ['signal', 'below', 'for', 2],
  ['timeout', 'run', 'reduce', 1],
  ['timeout', 'below', 'grained', 3],
] as const)('%s ends %s(%s) on %d workers', async (limit, entry, how, workers) => {
  const { pool, crashes, strays } = await startForks('loops.mjs', { workers, ...PATIENT });
  const words = sharedWords(2);
  const begun = until('the loop runs', () => words[BEGUN] === 1);
  const task = pool.run(entry, [how, words], LIMITS[limit](begun));
  expect(await rejection(task)).toMatchObject({ code: CODES[limit] });
  await begun;
  await until('the loop has ended', () => words[STOPPED] === 1);
  await expectNothingLeft(pool);
  expect(crashes).toEqual([]);
  expect(strays).toEqual([]);
});
