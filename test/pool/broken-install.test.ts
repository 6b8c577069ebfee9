// Workers that load the task modules and then lack a part of this package.
import { createPool } from 'millrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Copy } from './copies.ts';
import { rejection, startPool, TASKS } from './pools.ts';

const POLL = { timeout: 20_000, interval: 20 } as const;

let copy: Copy;
beforeEach(() => {
  copy = new Copy();
});
afterEach(() => copy.remove());

/** The error and all its causes. */
function chain(error: unknown): Error[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : [];
}

/** It does not wait for the codec before its first task. */
const NO_FORKS = new URL('./fixtures/no-forks.mjs', import.meta.url);

describe('a worker whose own code does not load', () => {
  it('says what `workerUrl` is to be, when it is another module', async () => {
    const error = await rejection(createPool({ tasks: TASKS, workers: 1, workerUrl: NO_FORKS }));
    expect(error.message).toMatch(/Let `workerUrl` be the file .* made of `millrace\/worker-entry`/);
  });

  it('says that its package must be of ES modules, when it is read as CommonJS', async () => {
    copy.declare('commonjs');
    const error = await rejection(createPool({ tasks: TASKS, workers: 1, workerUrl: copy.workerUrl }));
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD', cause: { name: 'SyntaxError' } });
    expect(error.message).toMatch(/worker entry as CommonJS.*`package.json` with `"type": "module"`/);
    expect(error.message).not.toContain('tasks.mjs');
    copy.declare('module');
    const pool = await startPool({ workers: 1, workerUrl: copy.workerUrl });
    expect(await pool.run('add', [1, 2])).toBe(3);
  });

  it('keeps the pool from starting, when it is needed to start', async () => {
    copy.lack('workers/executor.js');
    const error = await rejection(createPool({ tasks: TASKS, workers: 2, workerUrl: copy.workerUrl }));
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    expect(chain(error).at(-1)!.message).toContain('executor.js');
  });

  it.each([
    ['arguments', 'id', ['text']],
    ['a result', 'all', [1, 2]],
    ['source text', undefined, []],
  ] as const)('fails what needs the codec for %s, and says what is missing', async (_, name, args) => {
    copy.lack('workers/payloads.js');
    const used = startPool({ tasks: TASKS, workers: 2, workerUrl: copy.workerUrl }).then((pool) =>
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
    const breakNow = copy.breakCodecLater();
    const pool = await startPool({ tasks: NO_FORKS, workers: 2, workerUrl: copy.workerUrl });
    const failed = rejection(pool.run('all', [1, 2]));
    breakNow();
    const error = await failed;
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', cause: { code: 'ERR_MODULE_LOAD' } });
    expect(chain(error).at(-1)).toMatchObject({ name: 'TypeError', message: 'broken late' });
  });

  it('fails a pool at rest, that has run tasks which did not need the codec', async () => {
    const breakNow = copy.breakCodecLater();
    const pool = await startPool({ tasks: NO_FORKS, workers: 2, workerUrl: copy.workerUrl });
    expect(await pool.run('add', [1, 2])).toBe(3);
    breakNow();
    await expect.poll(() => pool.stats().workers.map(({ state }) => state), POLL).toEqual(['down', 'down']);
    expect(await rejection(pool.run('add', [1, 2]))).toMatchObject({ code: 'ERR_POOL_FAILED' });
  });

  it('so late that the pool has started fails the pool after a few tries, not one after the other for ever', async () => {
    const breakNow = copy.breakCodecLater();
    const pool = await startPool({ tasks: TASKS, workers: 2, workerUrl: copy.workerUrl });
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
    const breakNow = copy.breakCodecLater();
    const options = { tasks: TASKS, workers: 2, workerUrl: copy.workerUrl, softHeapLimit: 2 ** 30 };
    const failed = rejection(createPool(options));
    breakNow();
    const error = await failed;
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD', cause: { message: 'broken late' } });
  });
});
