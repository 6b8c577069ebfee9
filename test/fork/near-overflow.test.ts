// Whatever is done with children just above the end of the stack is done wholly, or not at all.
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { expectNothingLeft, startForks } from './forks.ts';

/** Small frames above the one that overflows: every third within the last 24 to 40 KB, then fewer, until there is room for all. */
const FRAMES = [
  ...Array.from({ length: 400 }, (_, i) => 3 * i),
  ...Array.from({ length: 100 }, (_, i) => 1200 + 68 * i),
];

/** Every one within the last kilobytes, in which a child that is lost was lost. */
const LAST = Array.from({ length: 500 }, (_, i) => i);

const CASES: readonly (readonly [name: string, kind: string, ends: readonly string[]])[] = [
  // Its handle stays good: where there is room, it gives what the first join did not.
  ...['joins', 'lends'].flatMap((name) =>
    ['number', 'object', 'shared', 'inside', 'error'].map(
      (kind) => [name, kind, [kind, `overflow, ${kind}`]] as const,
    ),
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

  it.each(['number', 'object', 'shared'])(
    'a child nobody else has taken (%s) is run, or its handle stays good',
    async (kind) => {
      const { pool, strays, crashes } = await startForks('near-overflow.mjs', {
        workers: 2,
        resourceLimits: { stackSizeMb: 1 },
        graceMs: 60_000,
      });
      const words = new Int32Array(new SharedArrayBuffer(8));
      const held = pool.run('hold', [words], { affinity: 1 });
      await until('the other worker is held', () => Atomics.load(words, 0) === 1);
      // Frames become smaller when their code is optimized.
      const seen: Record<string, number> = {};
      for (const frames of [LAST, LAST, LAST, FRAMES, LAST]) {
        Object.assign(seen, await pool.run('sweep', ['retakes', kind, frames], { affinity: 0 }));
      }
      Atomics.store(words, 1, 1);
      await held;
      expect(Object.keys(seen).sort()).toEqual([kind, `overflow, ${kind}`].sort());
      await expectNothingLeft(pool);
      expect([strays, crashes]).toEqual([[], []]);
    },
  );
});
