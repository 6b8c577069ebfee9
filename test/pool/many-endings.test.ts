// Of many tasks that are ended together, the process goes on meanwhile: turns of its event loop are counted.
import type { Pool, RunOptions } from 'millrace';
import { describe, expect, it } from 'vitest';
import { startPool } from './pools.ts';

const TASKS = 20_000;

const aborter = new AbortController();

interface Way {
  readonly how: string;
  readonly code: string | number;
  readonly options?: RunOptions;
  end(pool: Pool): unknown;
}

const WAYS: readonly Way[] = [
  { how: 'terminate', code: 'ERR_TERMINATED', end: (pool) => pool.terminate() },
  { how: 'close with a timeout', code: 'ERR_CLOSED', end: (pool) => pool.close({ timeout: 1 }) },
  // 20: AbortError of the DOM.
  {
    how: 'one signal',
    code: 20,
    options: { signal: aborter.signal },
    end: () => aborter.abort(),
  },
  { how: 'one deadline', code: 'ERR_DEADLINE', options: { deadline: 1500 }, end: () => {} },
];

describe.each(WAYS)('of $how', ({ code, options, end }) => {
  it('tasks end each once, and the event loop turns between them', async () => {
    const pool = await startPool();
    const held = [0, 1].map(() => pool.run('work', [60_000]).catch(() => {}));
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    const codes = new Map<unknown, number>();
    const seen: number[] = [];
    const tasks = Array.from({ length: TASKS }, (_, i) =>
      pool.run('add', [i, 1], options).catch((error: { readonly code: unknown }) => {
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
        seen.push(turns);
      }),
    );
    count();
    await new Promise((resolve) => setImmediate(resolve));
    await end(pool);
    const atEnd = seen.length;
    await Promise.all(tasks);
    counting = false;
    expect(Object.fromEntries(codes)).toEqual({ [code]: TASKS });
    expect(seen.at(-1)! - seen[0]!).toBeGreaterThan(50);
    if (pool.stats().pending === 0) expect(await pool.close()).toMatchObject({ cancelled: TASKS + 2 });
    // What `terminate` and `close` give comes when everything has settled.
    if (typeof code === 'string' && code !== 'ERR_DEADLINE') expect(atEnd).toBe(TASKS);
    await pool.terminate();
    await Promise.all(held);
  });
});

describe('terminate in the middle of an abort', () => {
  it('waits for what the signal ends', async () => {
    const pool = await startPool();
    const controller = new AbortController();
    const reasons = new Map<string, number>();
    const tasks = Array.from({ length: 3000 }, (_, i) =>
      pool
        .run('work', [60_000], i % 2 === 0 ? { signal: controller.signal } : undefined)
        .catch((error: Error) => reasons.set(error.name, (reasons.get(error.name) ?? 0) + 1)),
    );
    controller.abort();
    const report = await pool.terminate();
    expect(Object.fromEntries(reasons)).toEqual({ AbortError: 1500, MillraceError: 1500 });
    expect(report.cancelled).toBe(3000);
    await Promise.all(tasks);
  });
});
