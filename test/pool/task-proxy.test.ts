// `pool.tasks` answers any name with a method; what the language itself calls on objects must not run a task.
import { format, inspect } from 'node:util';
import type { Pool } from 'millrace';
import { describe, expect, it } from 'vitest';
import { startPool } from './pools.ts';

describe('tasks that are printed, compared or serialized', () => {
  const uses: readonly (readonly [string, (tasks: object, pool: Pool) => unknown])[] = [
    ['JSON.stringify', (tasks, pool) => [JSON.stringify(tasks), JSON.stringify(pool)]],
    ['a template', (tasks) => expect(`${tasks}`).toBe('[object TaskProxy]')],
    ['a sum', (tasks) => expect((tasks as never) + 1).toBe('[object TaskProxy]1')],
    ['its tag', (tasks) => expect(Object.prototype.toString.call(tasks)).toBe('[object TaskProxy]')],
    ['inspect', (tasks, pool) => [inspect(tasks, { showProxy: true }), inspect(tasks), inspect(pool)]],
    ['format', (tasks) => format('%s %o %O %j %d', tasks, tasks, tasks, tasks, tasks)],
    ['await', async (tasks) => expect(await tasks).toBe(tasks)],
    ['toEqual', (tasks, pool) => [expect(tasks).toEqual(tasks), expect(pool).toEqual(pool)]],
    ['a comparison that fails', (tasks) => expect(() => expect(tasks).toEqual({ a: 1 })).toThrow()],
    ['the same turned round', (tasks) => expect(() => expect({ a: 1 }).toEqual(tasks)).toThrow()],
    ['a snapshot', (tasks) => expect(() => expect(tasks).toMatchInlineSnapshot('`x`')).toThrow()],
    [
      'names nobody called',
      (tasks) => expect(['constructor', 'nope'].map((k) => k in tasks)).toEqual([false, false]),
    ],
  ];
  it.each(uses)('%s runs no task, and leaves no rejection', async (_, use) => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    try {
      const pool = await startPool({ workers: 1 });
      for (const tasks of [pool.tasks, pool.with({ priority: 'low' })]) await use(tasks, pool);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(pool.stats().submitted).toBe(0);
    } finally {
      process.off('unhandledRejection', listener);
    }
    expect(unhandled).toEqual([]);
  });

  it('calls functions of such names that the module exports', async () => {
    const pool = await startPool({ tasks: new URL('./fixtures/odd-names.mjs', import.meta.url), workers: 1 });
    expect(await pool.tasks['toString']!(5)).toBe('as text 5');
    expect(await pool.tasks['constructor']!()).toBe('constructed');
    expect(pool.tasks['toJSON']).toBeUndefined();
    expect(`${pool.tasks}`).toBe('[object TaskProxy]');
  });
});
