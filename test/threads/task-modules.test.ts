import { describe, expect, it } from 'vitest';
import { moduleHref } from '../../workers/modules/location.ts';
import { typescriptSibling } from '../../workers/modules/typescript-files.ts';
import { taskOptions } from '../../workers/one-per-thread.ts';
import { type TaskOptions, task } from '../../workers/task.ts';

describe('where a task module may be', () => {
  it('takes file URLs and absolute paths', () => {
    expect(moduleHref(new URL('file:///app/tasks.js'))).toBe('file:///app/tasks.js');
    expect(moduleHref('file:///app/tasks.mts')).toBe('file:///app/tasks.mts');
    expect(moduleHref('/app/with space/tasks.cjs')).toBe('file:///app/with%20space/tasks.cjs');
    expect(moduleHref('file:///app/tasks.js?v=2')).toBe('file:///app/tasks.js?v=2');
  });

  it.each([
    './tasks.js',
    'tasks.js',
    'http://localhost/tasks.js',
    'https://example.org/tasks.js',
    'data:text/javascript,export%20const%20f=1',
    'node:fs',
    'blob:nodedata:1',
    'file://host/tasks.js',
    '/app/tasks.json',
    '/app/tasks',
    '/app/tasks.js.txt',
    '',
  ])('refuses %s, and says what to write', (location) => {
    expect(() => moduleHref(location)).toThrow(/new URL\('\.\/tasks\.js', import\.meta\.url\)/);
    try {
      moduleHref(location);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }
  });

  it.each([undefined, null, 7, {}, []])('refuses %j', (location) => {
    expect(() => moduleHref(location as unknown as string)).toThrow(/Expected `tasks` to be/);
  });
});

describe('the TypeScript file behind an import', () => {
  const missing = { code: 'ERR_MODULE_NOT_FOUND' };
  it.each([
    ['./x.js', 'file:///a.ts', './x.ts'],
    ['../x.mjs', 'file:///a.mts', '../x.mts'],
    ['./x.cjs', 'file:///a.cts', './x.cts'],
    ['file:///x.js', 'file:///a.ts?v=1', 'file:///x.ts'],
    ['./x.js', 'file:///a.js', undefined],
    ['pkg/x.js', 'file:///a.ts', undefined],
    ['#internal.js', 'file:///a.ts', undefined],
    ['./x.json', 'file:///a.ts', undefined],
    ['./x.js', undefined, undefined],
  ])('%s in %s is %s', (specifier, parent, sibling) => {
    expect(typescriptSibling(specifier, parent, missing)).toBe(sibling);
  });

  it('is looked for only when the import is missing', () => {
    expect(typescriptSibling('./x.js', 'file:///a.ts', new SyntaxError('no'))).toBeUndefined();
  });
});

describe('task', () => {
  it('returns the same function and keeps its options', () => {
    const fn = (a: number): number => a;
    expect(task(fn, { priority: 'low', timeout: 1.5, deadline: 9, idempotent: true })).toBe(fn);
    expect(taskOptions(fn)).toEqual({ priority: 'low', timeout: 1.5, deadline: 9, idempotent: true });
    expect(Object.keys(fn)).toEqual([]);
    task(fn, { timeout: 2 });
    expect(taskOptions(fn)).toEqual({ timeout: 2 });
  });

  it('gives no options to a function that inherits from a marked one', () => {
    const marked = task(() => 1, { timeout: 5 });
    const heir = Object.setPrototypeOf(() => 2, marked) as () => number;
    expect(taskOptions(heir)).toEqual({});
    expect(taskOptions(() => 3)).toEqual({});
  });

  it.each<[object, RegExp]>([
    [{ priority: 'urgent' }, /`priority`/],
    [{ timeout: 0 }, /`timeout`/],
    [{ timeout: Number.NaN }, /`timeout`/],
    [{ timeout: 2 ** 31 }, /`timeout`/],
    [{ deadline: '5' }, /`deadline`/],
    [{ idempotent: 1 }, /`idempotent`/],
    [{ timeOut: 5 }, /timeOut/],
  ])('refuses %j', (options, message) => {
    expect(() => task(() => 0, options as TaskOptions)).toThrow(message);
  });

  it('refuses what is no function', () => {
    expect(() => task(7 as never)).toThrow(/`fn`/);
    expect(() => task(() => 0, null as never)).toThrow(/`options`/);
  });
});
