// Whatever is done with children just above the end of the stack is done wholly, or not at all.
import { describe, expect, it } from 'vitest';
import { expectNothingLeft, startForks } from './forks.ts';

/** Small frames above the one that overflows: every third within the last 24 to 40 KB, then fewer, until there is room for all. */
const FRAMES = [
  ...Array.from({ length: 400 }, (_, i) => 3 * i),
  ...Array.from({ length: 100 }, (_, i) => 1200 + 68 * i),
];

const CASES: readonly (readonly [name: string, kind: string, ends: readonly string[]])[] = [
  // Its handle stays good: where there is room, it gives what the first join did not.
  ...['number', 'object', 'shared', 'inside', 'error'].map(
    (kind) => ['joins', kind, [kind, `overflow, ${kind}`]] as const,
  ),
  ['leaves', 'number', ['error', 'overflow']],
  ['leaves', 'inside', ['error', 'overflow']],
  ['leaves', 'error', ['error', 'overflow']],
  ['plain', 'number', ['number', 'overflow']],
  ['child', 'inside', ['inside', 'overflow']],
  ['older', 'number', ['number', 'overflow']],
  ['older', 'inside', ['inside', 'overflow']],
  ['all', 'inside', ['error', 'overflow']],
  ['all', 'error', ['error', 'overflow']],
  ['forgets', 'inside', ['not joined', 'overflow']],
];

describe('so many frames above a stack overflow', () => {
  it.each(CASES)('%s (%s) ends well, and no record is left', async (name, kind, ends) => {
    const { pool, strays, crashes } = await startForks('near-overflow.mjs', {
      workers: 3,
      resourceLimits: { stackSizeMb: 1 },
      graceMs: 60_000,
    });
    const seen = (await pool.run('sweep', [name, kind, FRAMES], { affinity: 0 })) as Record<string, number>;
    expect(Object.keys(seen).sort()).toEqual([...ends].sort());
    await expectNothingLeft(pool);
    expect([strays, crashes]).toEqual([[], []]);
  });
});
