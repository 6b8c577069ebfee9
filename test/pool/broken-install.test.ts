// Workers that load the task modules and then lack a part of this package.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPool } from 'millrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rejection, startPool, TASKS } from './pools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const POLL = { timeout: 20_000, interval: 20 } as const;

/** A copy of the built package, inside the repository, so that its dependencies are found. */
let folder: string;
beforeEach(() => {
  const parent = join(ROOT, '.millrace/copies');
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, 'copy-'));
  cpSync(join(ROOT, 'dist'), folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (): string => new URL(`file://${join(folder, 'workers/entry.js')}`).href;
const breakPayloads = (source: string): void => writeFileSync(join(folder, 'workers/payloads.js'), source);

/** Loading them ends when the function that is returned is called, and fails then. */
function breakPayloadsLater(): () => void {
  const sign = join(folder, 'break');
  breakPayloads(`
    import { existsSync } from 'node:fs';
    while (!existsSync(${JSON.stringify(sign)})) await new Promise((resolve) => setTimeout(resolve, 5));
    throw new TypeError('broken late');`);
  return () => writeFileSync(sign, '');
}

/** The error and all its causes. */
function chain(error: unknown): Error[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : [];
}

describe('a worker whose own code does not load', () => {
  it('keeps the pool from starting, when it is needed to start', async () => {
    rmSync(join(folder, 'workers/executor.js'));
    const error = await rejection(createPool({ tasks: TASKS, workers: 2, workerUrl: entry() }));
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    expect(chain(error).at(-1)!.message).toContain('executor.js');
  });

  it.each([
    ['arguments', 'id', ['text']],
    ['a result', 'all', [1, 2]],
    ['source text', undefined, []],
  ] as const)('fails what needs the codec for %s, and says what is missing', async (_, name, args) => {
    rmSync(join(folder, 'workers/payloads.js'));
    const used = startPool({ tasks: TASKS, workers: 2, workerUrl: entry() }).then((pool) =>
      name === undefined ? pool.exec(() => 1) : pool.run(name, [...args]),
    );
    const error = await rejection(used);
    // Found by a thread at rest while the pool starts; by all, one after the other; or by the one that has run it.
    expect(['ERR_MODULE_LOAD', 'ERR_POOL_FAILED', 'ERR_WORKER_CRASHED']).toContain(error['code']);
    const messages = chain(error).map(({ message }) => message);
    expect(messages.join()).toContain('workerUrl');
    expect(chain(error).at(-1)).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
    expect(messages.at(-1)).toContain('payloads.js');
  });

  it('does not run a task again that needs the codec for its result only', async () => {
    const breakNow = breakPayloadsLater();
    const pool = await startPool({ tasks: TASKS, workers: 2, workerUrl: entry() });
    const failed = rejection(pool.run('all', [1, 2]));
    breakNow();
    const error = await failed;
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', cause: { code: 'ERR_MODULE_LOAD' } });
    expect(chain(error).at(-1)).toMatchObject({ name: 'TypeError', message: 'broken late' });
  });

  it('fails a pool at rest, that has run tasks which did not need the codec', async () => {
    const breakNow = breakPayloadsLater();
    const pool = await startPool({ tasks: TASKS, workers: 2, workerUrl: entry() });
    expect(await pool.run('add', [1, 2])).toBe(3);
    breakNow();
    await expect.poll(() => pool.stats().workers.map(({ state }) => state), POLL).toEqual(['down', 'down']);
    expect(await rejection(pool.run('add', [1, 2]))).toMatchObject({ code: 'ERR_POOL_FAILED' });
  });

  it('so late that the pool has started fails the pool after a few tries, not one after the other for ever', async () => {
    const breakNow = breakPayloadsLater();
    const pool = await startPool({ tasks: TASKS, workers: 2, workerUrl: entry() });
    const strays: Error[] = [];
    pool.on('strayError', ({ error }) => strays.push(error));
    const failed = rejection(pool.run('id', ['text']));
    breakNow();
    const error = await failed;
    expect(error).toMatchObject({ code: 'ERR_POOL_FAILED' });
    expect(chain(error).at(-1)).toMatchObject({ name: 'TypeError', message: 'broken late' });
    expect(pool.stats().workers.map(({ state, restarts }) => [state, restarts])).toEqual([
      ['down', 2],
      ['down', 2],
    ]);
    expect(strays).toEqual([]);
    expect(await pool.close()).toMatchObject({ stuck: 0 });
  });

  it('so late, with a soft heap limit, keeps the pool from starting', async () => {
    breakPayloads(`
      await new Promise((resolve) => setTimeout(resolve, 400));
      throw new TypeError('broken late');`);
    const options = { tasks: TASKS, workers: 2, workerUrl: entry(), softHeapLimit: 2 ** 30 };
    const error = await rejection(createPool(options));
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD', cause: { message: 'broken late' } });
  });
});
