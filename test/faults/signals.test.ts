// Faults of signals, time limits and priorities: rows of docs/faults.md.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../../dist/src/index.js';
import { createPool, TimeoutError } from '../../dist/src/index.js';
import { failure, inLab, outcome } from './lab.ts';

/** What a call throws at once. */
function thrown(call: () => unknown): Error & Record<string, unknown> {
  try {
    call();
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('Expected the call to throw.');
}

describe('signals and limits', () => {
  it('row 17: a signal aborted before: nothing is queued', () =>
    inLab({ workers: 1 }, async ({ pool, journal }) => {
      const signal = AbortSignal.abort(new Error('before'));
      expect(await failure(pool.run('noted', ['x'], { signal }))).toBe(signal.reason);
      expect(await failure(pool.run('noted', ['x'], { signal: AbortSignal.abort() }))).toMatchObject({
        name: 'AbortError',
      });
      expect(pool.stats().submitted).toBe(0);
      expect(journal()).toEqual([]);
    }));

  it('row 18: aborted while queued: rejects at once and never runs', () =>
    inLab({ workers: 1 }, async ({ pool, noted, journal }) => {
      const running = pool.run('busy', ['b', 100]);
      await noted('b');
      const controller = new AbortController();
      const { signal } = controller;
      const queued = [
        pool.run('noted', ['q'], { signal }),
        pool.run('noted', ['q'], { signal, affinity: 0 }),
        pool.run('noted', ['q'], { signal, priority: 'critical' }),
      ].map(failure);
      controller.abort();
      for (const error of await Promise.all(queued)) expect(error).toBe(signal.reason);
      await running;
      expect(await pool.run('noted', ['after'])).toBe('after');
      expect(journal()).toEqual(['b', 'after']);
      expect(pool.stats().cancelled).toBe(3);
    }));

  it('row 18: a whole backlog can be cancelled', () =>
    inLab({ workers: 1, graceMs: 20_000 }, async ({ pool, noted, journal }) => {
      const blocker = new AbortController();
      const running = failure(pool.run('untilCancelled', ['b'], { signal: blocker.signal }));
      await noted('b');
      const controller = new AbortController();
      // More than there are records, so that some wait outside shared memory.
      const queued = Array.from({ length: 6000 }, () =>
        outcome(pool.run('noted', ['q'], { signal: controller.signal })),
      );
      controller.abort();
      expect((await Promise.all(queued)).every((r) => 'error' in r)).toBe(true);
      blocker.abort();
      await running;
      await noted('b cancelled');
      expect(await pool.run('noted', ['after'])).toBe('after');
      expect(journal()).toEqual(['b', 'b cancelled', 'after']);
    }));

  it('row 19: an abort and the start race; exactly one wins', () =>
    inLab({ workers: 2, graceMs: 10_000 }, async ({ pool, journal }) => {
      let wins = 0;
      for (let round = 0; round < 200; round++) {
        const controllers = Array.from({ length: 4 }, () => new AbortController());
        const settled = controllers.map(({ signal }, i) =>
          outcome(pool.run('noted', [`${round}-${i}`], { signal })),
        );
        for (let spins = Math.random() * 20_000; spins > 0; spins--);
        if (round % 2) await null;
        else await new Promise((resolve) => setImmediate(resolve));
        for (const controller of controllers) controller.abort();
        for (const [i, result] of (await Promise.all(settled)).entries()) {
          if ('value' in result) {
            wins++;
            expect(result.value).toBe(`${round}-${i}`);
          } else expect(result.error).toBe(controllers[i]!.signal.reason);
        }
      }
      const runs = journal();
      // None ran twice; every one that has a result did run.
      expect(new Set(runs).size).toBe(runs.length);
      expect(runs.length).toBeGreaterThanOrEqual(wins);
      const { submitted, completed, cancelled, failed } = pool.stats();
      expect({ submitted, failed, wins: completed }).toEqual({ submitted: 800, failed: 0, wins });
      expect(completed + cancelled).toBe(submitted);
    }));

  it('row 21: an abort after the end does nothing, and no listener is left', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      const controller = new AbortController();
      expect(await pool.run('add', [1, 2], { signal: controller.signal })).toBe(3);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      controller.abort();
      expect(pool.stats()).toMatchObject({ completed: 1, cancelled: 0 });
    }));

  it('row 22: one listener for 10,000 tasks of one signal', () =>
    inLab({ workers: 2 }, async ({ pool }) => {
      const { signal } = new AbortController();
      const results = Array.from({ length: 10_000 }, (_, i) => pool.run('add', [i, 1], { signal }));
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      expect((await Promise.all(results)).every((value, i) => value === i + 1)).toBe(true);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }));

  it('row 23: a limit of 0 rejects without running', () =>
    inLab({ workers: 1 }, async ({ pool, journal }) => {
      for (const [limit, code] of [
        ['timeout', 'ERR_TIMEOUT'],
        ['deadline', 'ERR_DEADLINE'],
      ] as const) {
        const error = await failure(pool.run('noted', ['x'], { [limit]: 0 }));
        expect(error).toBeInstanceOf(TimeoutError);
        expect(error).toMatchObject({ code, limit: 0, started: false });
      }
      expect(journal()).toEqual([]);
    }));

  it('row 23: a deadline counts from submission, a timeout from the start', () =>
    inLab({ workers: 1 }, async ({ pool, noted, journal }) => {
      const running = pool.run('busy', ['b', 200]);
      await noted('b');
      const late = failure(pool.run('noted', ['late'], { deadline: 20 }));
      // It waits longer than its timeout, and does not run as long.
      const patient = pool.run('noted', ['patient'], { timeout: 100 });
      expect(await late).toMatchObject({ code: 'ERR_DEADLINE', started: false, limit: 20 });
      expect(await patient).toBe('patient');
      await running;
      const begun = failure(pool.run('untilCancelled', ['begun'], { deadline: 50 }));
      expect(await begun).toMatchObject({ code: 'ERR_DEADLINE', started: true });
      await noted('begun cancelled');
      expect(journal()).not.toContain('late');
    }));

  it.each<[string, readonly unknown[]]>([
    ['timeout', [Number.NaN, -1, Number.POSITIVE_INFINITY, '5', 2 ** 31, null, {}]],
    ['deadline', [Number.NaN, -1, Number.POSITIVE_INFINITY, '5', 2 ** 31]],
    ['affinity', [-1, 1.5, 2, '0', Number.NaN, -0]],
    ['signal', [{}, 1, new AbortController()]],
    ['idempotent', [1, 'yes', null]],
    ['transfer', [{}, 'x', 1]],
  ])('row 24: a wrong `%s` is thrown at once', (key, values) =>
    inLab({ workers: 2 }, async ({ pool }) => {
      for (const value of values) {
        const error = thrown(() => pool.run('add', [1, 2], { [key]: value } as RunOptions));
        expect(error).toMatchObject({ name: 'InvalidArgumentError', code: 'ERR_INVALID_ARGUMENT' });
        expect(error.message).toContain(key);
      }
      expect(pool.stats().submitted).toBe(0);
    }),
  );

  it('row 25: a wrong `priority` is thrown at once', () =>
    inLab({ workers: 1 }, async ({ pool }) => {
      for (const priority of [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        -0,
        '1',
        1.5,
        'urgent',
        'toString',
        null,
      ]) {
        expect(thrown(() => pool.run('add', [1, 2], { priority } as never))).toMatchObject({
          code: 'ERR_INVALID_ARGUMENT',
        });
      }
    }));

  it('row 26: unknown keys and wrong values of options name themselves', async () => {
    const wrong: [Record<string, unknown>, string][] = [
      [{ threads: 2 }, 'threads'],
      ...[0, -1, 1.5, 1e6, '2', Number.NaN].map((workers): [Record<string, unknown>, string] => [
        { workers },
        'workers',
      ]),
      [{ maxQueue: -1 }, 'maxQueue'],
      [{ whenFull: 'drop' }, 'whenFull'],
      [{ graceMs: 2 ** 31 }, 'graceMs'],
      [{ startupTimeout: 0 }, 'startupTimeout'],
      [{ maxAttempts: 0 }, 'maxAttempts'],
      [{ tasks: './relative.js' }, 'tasks'],
      [{ tasks: 'http://a/b.js' }, 'tasks'],
      [{ env: { A: 1 } }, 'env.A'],
      [{ execArgv: 'x' }, 'execArgv'],
    ];
    for (const [options, key] of wrong) {
      const error = await failure(createPool(options as never));
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toContain(key);
    }
    await inLab({ workers: 1 }, async ({ pool }) => {
      expect(thrown(() => pool.run('add', [1, 2], { timout: 5 } as never)).message).toContain('timout');
      expect(thrown(() => pool.run('add', 'no' as never))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    });
  });

  it('row 27: resource limits Node would ignore or die of are refused', async () => {
    for (const value of ['64', -5, 0, Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = await failure(
        createPool({ resourceLimits: { maxOldGenerationSizeMb: value as number } }),
      );
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toContain('resourceLimits.maxOldGenerationSizeMb');
    }
  });
});
