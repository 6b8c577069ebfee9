// Threads that are replaced before anything goes wrong with them.
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from 'millrace';
import { describe, expect, it } from 'vitest';
import { until } from '../process/harness/until.ts';
import { failure, inLab, TASKS, threads } from './lab.ts';

const LIMIT = 48 * 2 ** 20;

describe('a worker above its soft heap limit', () => {
  it('row 50: finishes its async tasks before another thread gets its number', () =>
    inLab(
      { workers: 2, softHeapLimit: LIMIT, graceMs: 60_000 },
      async ({ pool, crashes, noted, journal }) => {
        const held = pool.run('untilNoted', ['held'], { affinity: 0 });
        await noted('held');
        await pool.run('leak', [64], { affinity: 0 });
        await until('it drains', () => pool.stats().workers[0]!.state === 'draining');
        // What only this worker may run waits for its successor; other tasks, and those of a port, go elsewhere.
        const bound = Array.from({ length: 20 }, () => pool.run('leaked', [], { affinity: 0 }));
        const shared = new Int32Array(new SharedArrayBuffer(4));
        const ported = Array.from({ length: 20 }, () => pool.run('placeOf', [shared]));
        expect(new Set(await Promise.all(ported))).toEqual(new Set([1]));
        const free = Array.from({ length: 20 }, () => pool.run('where'));
        expect(new Set(await Promise.all(free))).toEqual(new Set([1]));
        expect(pool.stats().workers[0]).toMatchObject({ state: 'draining', restarts: 0 });
        await pool.run('noted', ['go on']);
        expect(await held).toBe('held');
        expect(new Set(await Promise.all(bound))).toEqual(new Set([0]));
        expect(pool.stats().workers[0]!.restarts).toBe(1);
        expect(crashes).toEqual([]);
        expect(journal()).toEqual(['held', 'go on']);
      },
    ));

  it('row 50: after its grace it finishes them beside its successor', () =>
    inLab({ workers: 1, softHeapLimit: LIMIT, graceMs: 0 }, async ({ pool, crashes, noted, journal }) => {
      const before = threads.size;
      const held = pool.run('untilNoted', ['held']);
      await noted('held');
      await pool.run('leak', [64]);
      await until('it has a successor', () => pool.stats().workers[0]!.restarts === 1);
      const { completed, busyMs } = pool.stats().workers[0]!;
      // Nothing has ended, and a thread takes tasks all the same.
      expect(await pool.run('leaked')).toBe(0);
      expect(threads.size).toBe(before + 1);
      expect(pool.stats().workers[0]).toMatchObject({ restarts: 1, completed: completed + 1 });
      expect(pool.stats().workers[0]!.busyMs).toBeGreaterThanOrEqual(busyMs);
      await pool.run('noted', ['go on']);
      expect(await held).toBe('held');
      await until('the first has gone', () => threads.size === before);
      expect(pool.stats().workers[0]!.completed).toBe(completed + 3);
      expect(crashes).toEqual([]);
      expect(journal()).toEqual(['held', 'go on']);
    }));

  it('row 50: has one such thread at most, however often the limit is reached', () =>
    inLab({ workers: 1, softHeapLimit: LIMIT, graceMs: 200 }, async ({ pool, crashes, noted }) => {
      const before = threads.size;
      let most = 0;
      const count = (): void => {
        most = Math.max(most, threads.size);
      };
      process.on('worker', count);
      try {
        const [first, second] = [new AbortController(), new AbortController()];
        const held = failure(pool.run('never', ['first'], { signal: first.signal }));
        await noted('first');
        await pool.run('leak', [64]);
        await until('it has a successor', () => pool.stats().workers[0]!.restarts === 1);
        expect(await pool.run('leaked')).toBe(0);
        const heldToo = failure(pool.run('never', ['second'], { signal: second.signal }));
        await noted('second');
        await pool.run('leak', [64]);
        await until('it drains', () => pool.stats().workers[0]!.state === 'draining');
        const next = pool.run('where');
        // Longer than another successor would take.
        await sleep(600);
        expect(pool.stats().workers[0]).toMatchObject({ state: 'draining', restarts: 1 });
        first.abort('enough');
        expect(await held).toBe('enough');
        expect(await next).toBe(0);
        expect(pool.stats().workers[0]).toMatchObject({ restarts: 2 });
        second.abort('enough');
        expect(await heldToo).toBe('enough');
        await until('only the third is left', () => threads.size === before);
        expect(most).toBe(before + 1);
        expect(crashes).toEqual([]);
      } finally {
        process.off('worker', count);
      }
    }));

  it('row 50: what never settles beside its successor goes with the pool', async () => {
    const before = threads.size;
    const env = { ...(process.env as Record<string, string>), JOURNAL: '/dev/null' };
    const pool = await createPool({ tasks: TASKS, workers: 1, softHeapLimit: LIMIT, graceMs: 0, env });
    const held = failure(pool.run('never', ['held']));
    await pool.run('leak', [64]);
    await until('it has a successor', () => pool.stats().workers[0]!.restarts === 1);
    expect(await pool.run('leaked')).toBe(0);
    expect(threads.size).toBe(before + 2);
    const closed = pool.close({ timeout: 100 });
    expect(await held).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await closed).toMatchObject({ stuck: 0 });
    await until('every thread has exited', () => threads.size === before);
  });

  it('row 50: is noticed also when its last task ends right after a look at the heap', () =>
    inLab({ workers: 1, softHeapLimit: 24 * 2 ** 20 }, async ({ pool }) => {
      for (let restarts = 1; restarts <= 4; restarts++) {
        // After this the heap is looked at; what follows is over before it is time to look again.
        await pool.run('where');
        for (let i = 0; i < 20; i++) await pool.run('leak', [1]);
        await until('it is replaced', () => pool.stats().workers[0]!.restarts >= restarts, 5_000);
        await pool.run('where');
      }
    }));

  it('row 50: lets an async task go whose time is over', () =>
    inLab({ workers: 1, softHeapLimit: LIMIT, graceMs: 60_000 }, async ({ pool, crashes, noted }) => {
      const held = failure(pool.run('never', ['held'], { timeout: 300 }));
      await noted('held');
      await pool.run('leak', [64]);
      expect(await held).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect(await pool.run('leaked')).toBe(0);
      expect(crashes).toEqual([]);
    }));

  it('row 50: a stray error while it drains leaves what is unfinished `graceMs`', () =>
    inLab({ workers: 1, softHeapLimit: LIMIT, graceMs: 50 }, async ({ pool, strays, noted }) => {
      const held = failure(pool.run('never', ['held']));
      await noted('held');
      await pool.run('strayTimer', ['soon', 300]);
      await pool.run('leak', [64]);
      expect(await held).toMatchObject({ code: 'ERR_WORKER_CRASHED' });
      expect(strays).toHaveLength(1);
    }));

  it('row 50: loses nothing that was moved to it', () =>
    inLab({ workers: 2, softHeapLimit: LIMIT }, async ({ pool, crashes }) => {
      for (let round = 0; round < 5; round++) {
        const tasks = Array.from({ length: 60 }, (_, i) => {
          if (i % 20 === 0) return pool.run('leak', [64]).then(() => 8);
          const buffer = new ArrayBuffer(8);
          const options = { transfer: [buffer], ...(i % 2 && { affinity: i % 4 === 1 ? 0 : 1 }) };
          return pool.run('byteLength', [buffer], options);
        });
        expect(await Promise.all(tasks)).toEqual(tasks.map(() => 8));
      }
      expect(crashes).toEqual([]);
      expect(pool.stats().workers.reduce((sum, { restarts }) => sum + restarts, 0)).toBeGreaterThan(0);
    }));
});

describe('a soft heap limit that cannot be kept', () => {
  it('row 50: below the heap of a fresh worker is refused, and no thread is left', async () => {
    const before = threads.size;
    const error = await failure(createPool({ tasks: TASKS, workers: 2, softHeapLimit: 2 ** 20 }));
    expect(error).toMatchObject({ name: 'InvalidArgumentError', code: 'ERR_INVALID_ARGUMENT' });
    expect(error.message).toMatch(/`softHeapLimit`.* \d{7,} bytes.*`1048576` \(number\)/);
    await until('every thread has exited', () => threads.size <= before);
  });

  it('row 50: reached again and again right after the start is replaced with pauses, and said once', async () => {
    const warnings: Error[] = [];
    const collect = (warning: Error): void => void warnings.push(warning);
    process.on('warning', collect);
    try {
      await inLab({ workers: 1, softHeapLimit: 16 * 2 ** 20 }, async ({ pool, crashes }) => {
        await until('a warning', async () => {
          await pool.run('leak', [16]);
          return warnings.length > 0;
        });
        expect(crashes).toEqual([]);
        await Promise.all([1, 2].map(() => pool.run('leak', [16])));
      });
      expect(warnings.map(({ name, message }) => `${name}: ${message}`)).toEqual([
        expect.stringMatching(/^MillraceWarning: .*`softHeapLimit` \(16777216 bytes\).* \d{7,} bytes/),
      ]);
    } finally {
      process.off('warning', collect);
    }
  });
});
