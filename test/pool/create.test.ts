import { fileURLToPath } from 'node:url';
import { createPool, InvalidArgumentError, type PoolOptions } from 'millrace';
import { describe, expect, it } from 'vitest';
import { usableCores } from '../../src/coordinator/cores.ts';
import { rejection, startPool, TASKS } from './pools.ts';

const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

describe('createPool', () => {
  it('resolves when every worker has loaded the module, its top-level await included', async () => {
    const pool = await startPool({ tasks: fixture('slow-start.mjs'), workers: 3 });
    expect(pool.workers).toBe(3);
    const threads = await Promise.all(
      [0, 1, 2].map(
        (affinity) => pool.run('loaded', [], { affinity }) as Promise<{ thread: number; ready: boolean }>,
      ),
    );
    expect(threads.map((t) => t.ready)).toEqual([true, true, true]);
    expect(new Set(threads.map((t) => t.thread)).size).toBe(3);
    expect(pool.stats().workers.map((w) => w.restarts)).toEqual([0, 0, 0]);
  });

  it.each(['module.mjs', 'script.cjs', 'typed.ts', 'plain.js'])('loads %s', async (name) => {
    const pool = await startPool({ tasks: fixture(name), workers: 1 });
    expect(await pool.run('which', ['x'])).toBe(`${name} x`);
  });

  it('takes a URL, its text, a path, or several of them', async () => {
    for (const tasks of [TASKS, TASKS.href, fileURLToPath(TASKS), [TASKS, fixture('other.mjs').href]]) {
      const pool = await startPool({ tasks, workers: 1 });
      expect(await pool.run('add', [1, 2])).toBe(3);
      if (Array.isArray(tasks)) expect(await pool.run('other')).toBe('other');
    }
  });

  it('rejects when a module cannot be loaded, and leaves no thread behind', async () => {
    const broken = [
      ['missing.mjs', 'ERR_MODULE_LOAD'],
      ['throws.mjs', 'ERR_MODULE_LOAD'],
      ['syntax.cjs', 'ERR_MODULE_LOAD'],
    ] as const;
    for (const [name, code] of broken) {
      const error = await rejection(createPool({ tasks: fixture(`broken/${name}`), workers: 2 }));
      expect(error).toMatchObject({ code });
      expect(error.message).toContain(name);
    }
    const same = await rejection(createPool({ tasks: [TASKS, fixture('clash.mjs')], workers: 1 }));
    expect(same).toMatchObject({ code: 'ERR_DUPLICATE_FUNCTION' });
    expect(same.message).toContain('`add`');
  });

  it('starts although a worker that was ready is replaced while another still loads', async () => {
    const pool = await startPool({ tasks: fixture('early-stray.mjs'), workers: 2 });
    expect(pool.stats().workers.some(({ restarts }) => restarts > 0)).toBe(true);
    expect(typeof (await pool.run('thread'))).toBe('number');
  });

  it('rejects when a module does not finish loading', async () => {
    const error = await rejection(
      createPool({ tasks: fixture('never-starts.mjs'), workers: 1, startupTimeout: 500 }),
    );
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    expect(error.message).toContain('500 ms');
  });

  it('has as many workers as the process may use cores', async () => {
    const pool = await createPool();
    try {
      expect(pool.workers).toBe(usableCores());
    } finally {
      await pool.close();
    }
  });

  it('gives workers the environment and the Node options it is told', async () => {
    const pool = await startPool({
      workers: 1,
      env: { ONLY: 'this' },
      execArgv: ['--no-warnings', '--conditions=special'],
    });
    const seen = await pool.exec(() => ({ env: { ...process.env }, execArgv: process.execArgv }));
    expect(seen).toEqual({ env: { ONLY: 'this' }, execArgv: ['--no-warnings', '--conditions=special'] });
  });

  it('hides from tasks what the thread was started with', async () => {
    const pool = await startPool({ workers: 1 });
    expect([null, undefined]).toContain(await pool.run('seesWorkerData'));
  });

  it.each<[string, unknown, RegExp]>([
    ['workers', 0, /Expected `workers` to be an integer from 1 to 1024, got `0` \(number\)/],
    ['workers', 1025, /workers/],
    ['workers', 1.5, /workers/],
    ['workers', '2', /got `"2"` \(string\)/],
    ['workers', null, /workers/],
    ['maxQueue', -1, /an integer of at least 0/],
    ['maxQueue', Number.NaN, /maxQueue/],
    ['whenFull', 'drop', /'reject' or 'wait'/],
    ['concurrency', 0, /concurrency/],
    ['concurrency', 4097, /concurrency/],
    ['graceMs', -1, /graceMs/],
    ['startupTimeout', 0, /startupTimeout/],
    ['maxAttempts', 0, /maxAttempts/],
    ['maxMemory', 1, /maxMemory/],
    ['softHeapLimit', 0, /softHeapLimit/],
    ['submissionStack', 1, /true or false/],
    ['resourceLimits', { heap: 1 }, /maxOldGenerationSizeMb/],
    ['resourceLimits', { stackSizeMb: -4 }, /resourceLimits\.stackSizeMb/],
    ['env', { A: 1 }, /env\.A/],
    ['execArgv', '--x', /array of strings/],
    ['workerUrl', 5, /workerUrl/],
    ['workerUrl', 'https://example.com/entry.js', /a `file:` URL or a path/],
    ['workerUrl', new URL('data:text/javascript,'), /a `file:` URL or a path/],
    ['workerUrl', './no-such-entry.js', /millrace\/worker-entry`; there is no such file/],
    ['workerUrl', new URL('./no-such-entry.js', import.meta.url), /there is no such file/],
    ['tasks', './tasks.js', /absolute path/],
    ['tasks', 'https://example.com/tasks.js', /file:/],
    ['tasks', new URL('data:text/javascript,'), /file:/],
    ['tasks', 5, /tasks/],
    ['threads', 2, /made of/],
  ])('rejects a wrong `%s` (%j)', async (name, value, message) => {
    const error = await rejection(createPool({ [name]: value } as PoolOptions));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error.message).toMatch(message);
  });

  it.each([TASKS, TASKS.href])(
    'says where a task module belongs that is given instead of options',
    async (url) => {
      const error = await rejection(createPool(url as never));
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toContain('createPool({ tasks: url })');
    },
  );

  it('rejects options that are no object', async () => {
    for (const options of [null, 5, 'x', []]) {
      expect(await rejection(createPool(options as never))).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }
  });
});
