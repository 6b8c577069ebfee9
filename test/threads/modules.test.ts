import { describe, expect, it } from 'vitest';
import type { ReadyReport } from '../../dist/src/coordinator/threads/supervisor.js';
import { fixture, startOf, supervise, until, watch } from './supervise.ts';

const href = (name: string): string => fixture(name).href;
const supervisor = supervise();

async function load(...names: string[]): Promise<ReadyReport> {
  const watched = watch(supervisor.spawn({ ...startOf('serve'), modules: names.map(href) }));
  return Promise.race([
    watched.ready,
    watched.startFailure.then((error) => Promise.reject(error)),
  ]) as Promise<ReadyReport>;
}

async function names(...modules: string[]): Promise<string[]> {
  return (await load(...modules)).functions.map(({ name }) => name).sort();
}

async function call(module: string, name: string, ...args: unknown[]): Promise<unknown> {
  const config = { name, args: JSON.stringify(args) };
  const { thread, data, startFailure, strays } = watch(
    supervisor.spawn({ ...startOf('call', config), modules: [href(module)] }),
  );
  let failed: Error | undefined;
  void startFailure.then((error) => {
    failed = error;
  });
  thread.onExit(({ reason, ...rest }) => {
    if (reason === 'threw') failed ??= (rest as { error: Error }).error;
  });
  await until(() => data.length > 0 || failed !== undefined, `${module} ${name} answers`);
  expect(strays).toEqual([]);
  if (failed) throw failed;
  return data[0];
}

describe('which functions a module has', () => {
  it('lists the own exported functions of an ES module, with their options', async () => {
    const { functions } = await load('modules/esm.mjs');
    const module = href('modules/esm.mjs');
    expect([...functions].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'add', module, options: { priority: 'high', timeout: 500, idempotent: true } },
      { name: 'default', module, options: {} },
      { name: 'late', module, options: {} },
    ]);
  });

  it('lists the own enumerable functions of module.exports, computed names and getters too', async () => {
    expect(await names('modules/commonjs.cjs')).toEqual(['add', 'computed1', 'getter']);
  });

  it('takes a function as module.exports for the default', async () => {
    expect(await names('modules/commonjs-function.cjs')).toEqual(['default', 'other']);
  });

  it.each(['__proto__', 'constructor', 'toString', 'inherited', 'hidden', 'then', 'value'])(
    'finds no function of the name %s',
    async (name) => {
      expect(await call('modules/commonjs.cjs', name)).toBe('none');
    },
  );

  it('joins several modules, and takes one function exported by two for one', async () => {
    const joined = await names('modules/esm.mjs', 'modules/reexport.mjs', 'modules/typed.mts');
    expect(joined).toEqual(['add', 'default', 'late', 'triple']);
  });

  it('refuses two functions of one name, naming both modules', async () => {
    const error = await load('modules/esm.mjs', 'modules/twin.mjs').catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'ERR_DUPLICATE_FUNCTION' });
    expect((error as Error).message).toContain(href('modules/esm.mjs'));
    expect((error as Error).message).toContain(href('modules/twin.mjs'));
    expect((error as Error).message).toContain('`add`');
  });
});

describe('modules by kind', () => {
  it.each([
    ['modules/esm.mjs', 'late', [2], 42],
    ['modules/esm.mjs', 'default', [], 'the default'],
    ['modules/commonjs.cjs', 'add', [1, 2], 3],
    ['modules/commonjs-function.cjs', 'default', [1], 2],
    ['modules/typed.ts', 'area', [{ width: 3 }], 6],
    ['modules/typed.ts', 'dynamic', ['typed-imported'], 8],
    ['modules/typed.ts', 'where', [], href('modules/typed.ts')],
    ['modules/typed.mts', 'triple', [2], 6],
    ['modules/typed.cts', 'quadruple', [2], 8],
    ['modules/commonjs-package/tasks.ts', 'five', [2], 10],
    ['modules/plain-package/esm.ts', 'six', [2], 12],
    ['modules/plain-package/commonjs.ts', 'seven', [2], 14],
  ])('%s %s%j gives %j', async (module, name, args, result) => {
    expect(await call(module, name, ...args)).toEqual(result);
  });

  it('keeps lines and columns of TypeScript', async () => {
    const error = (await call('modules/typed.ts', 'fail').catch((e: Error) => e)) as Error;
    expect(error.message).toBe('line 17 1');
    expect(error.stack).toMatch(/typed\.ts:17:36/);
  });

  it('works on when a module has replaced what is global', async () => {
    expect(await names('modules/hostile.mjs')).toEqual(['fine']);
  });
});

describe('modules that do not load', () => {
  it.each([
    ['broken/nowhere.mjs', /Cannot find module/],
    ['broken/nowhere.ts', /Cannot find module/],
    ['broken/missing-import.mjs', /nowhere\.mjs/],
    ['broken/syntax.mjs', /SyntaxError/],
    ['broken/syntax.ts', /SyntaxError|Syntax/],
    ['broken/enum.ts', /enum/i],
    ['broken/throws.mjs', /RangeError: thrown at the top/],
  ])('%s', async (name, why) => {
    const error = (await load(name).catch((e: Error) => e)) as Error;
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    expect(error.message).toContain(href(name));
    expect(error.message).toMatch(why);
    expect(error.cause).toBeInstanceOf(Error);
    expect((error.cause as Error).stack).toBeTruthy();
  });

  it('keeps the class and the stack of what was thrown at the top', async () => {
    const { cause } = (await load('broken/throws.mjs').catch((e: Error) => e)) as Error;
    expect(cause).toBeInstanceOf(RangeError);
    expect((cause as Error).stack).toMatch(/throws\.mjs:1:15/);
  });
});
