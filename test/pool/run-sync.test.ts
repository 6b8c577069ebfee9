// The main thread waits without turning its event loop. Each test is a process of its own, which is killed if it hangs.
import { describe, expect, it } from 'vitest';
import { runToExit } from '../process/harness/child.ts';

const fixture = (name: string): string => JSON.stringify(new URL(`./fixtures/${name}`, import.meta.url).href);

/** What the script says with `say`; it ends by itself. */
async function said(script: string): Promise<readonly unknown[]> {
  const { stdout } = await runToExit(`
    import { createPool } from 'millrace';
    import { parallelForSync, parallelTasks, sharedArray } from 'millrace/parallel';
    const TASKS = new URL(${fixture('blocking.mjs')});
    const TYPED = new URL(${fixture('blocking-typed.ts')});
    const ANONYMOUS = new URL(${fixture('anonymous.mjs')});
    const words = new Int32Array(new SharedArrayBuffer(64));
    const lines = [];
    const say = (value) => lines.push(value === undefined ? null : value);
    const caught = (f) => {
      try {
        return ['returned', f()];
      } catch (error) {
        return [error.name, error.code ?? null, error.message];
      }
    };
    ${script}
    process.stdout.write(JSON.stringify(lines));
  `);
  return JSON.parse(stdout) as unknown[];
}

describe.each(['coordinates', 'helps'])('runSync, the main thread %s', (mainThread) => {
  const start = (workers = 2): string =>
    `const pool = await createPool({ tasks: [TASKS, parallelTasks], workers: ${workers}, mainThread: '${mainThread}' });`;

  it('returns what the function returns, or what its promise resolves to', async () => {
    const values = await said(`${start()}
      say(pool.runSync('add', [1, 2]));
      say(pool.runSync('echo', [{ deep: ['value', null] }]));
      say(pool.runSync('later', ['x']));
      for (let i = 0; i < 300; i++) pool.runSync('add', [i, i]);
      say(pool.stats().pending);
      await pool.close();
    `);
    expect(values).toEqual([3, { deep: ['value', null] }, 'x', 0]);
  });

  it('throws what the function throws, and wrong calls at once', async () => {
    const [own, unknown, signal] = (await said(`${start()}
      say(caught(() => pool.runSync('fail', ['mine'])));
      say(caught(() => pool.runSync('missing', [])));
      say(caught(() => pool.runSync('add', [1, 2], { signal: new AbortController().signal })));
      say(pool.stats().pending);
      await pool.close();
    `)) as [unknown[], unknown[], unknown[]];
    expect(own).toEqual(['RangeError', 'E_OWN', 'mine']);
    expect(unknown[1]).toBe('ERR_UNKNOWN_FUNCTION');
    expect(signal[1]).toBe('ERR_INVALID_ARGUMENT');
    expect(signal[2]).toMatch(/without `signal`/);
  });

  it.each(['spin', 'never'])('stops waiting for %s at its deadline, and the pool goes on', async (name) => {
    const [late, sum, after] = (await said(`${start()}
      say(caught(() => pool.runSync('${name}', [], { deadline: 60 })));
      say(pool.runSync('add', [1, 2]));
      say(await pool.run('add', [3, 4]));
      await pool.close({ timeout: 100 });
    `)) as [unknown[], number, number];
    expect(late.slice(0, 2)).toEqual(['TimeoutError', 'ERR_DEADLINE']);
    expect([sum, after]).toEqual([3, 7]);
  });

  it.each([
    ['spinAtMost', ''],
    ['neverAtMost', ''],
    ['spin', '{ timeout: 60 }'],
    ['never', '{ timeout: 60 }'],
    ['spinAtMost', '{ timeout: 120, deadline: 50_000 }'],
  ])('stops waiting for %s with options %s at its timeout, and the pool goes on', async (name, options) => {
    const [late, sum, waited, after, left] = (await said(`${start()}
      const began = performance.now();
      say(caught(() => pool.runSync('${name}', []${options && `, ${options}`})));
      say(pool.runSync('add', [1, 2]));
      say(performance.now() - began);
      say(await pool.run('add', [3, 4]));
      say(pool.stats().pending);
      await pool.close({ timeout: 100 });
    `)) as [unknown[], number, number, number, number];
    expect(late.slice(0, 2)).toEqual(['TimeoutError', 'ERR_TIMEOUT']);
    expect(late[2]).toContain(`its timeout of ${options.includes('120') ? 120 : 60} ms`);
    expect([sum, after, left]).toEqual([3, 7, 0]);
    expect(waited).toBeGreaterThanOrEqual(60);
  });

  it('counts a timeout from the start of the task, not from its submission', async () => {
    const values = await said(`${start(1)}
      const before = pool.run('spinFor', [150]);
      say(pool.runSync('add', [1, 2], { timeout: 50, affinity: 0 }));
      say(await before);
      await pool.close();
    `);
    expect(values).toEqual([3, 150]);
  });

  it('lets what was submitted before settle after it', async () => {
    const values = await said(`${start()}
      const before = Array.from({ length: 50 }, (_, i) => pool.run('add', [i, 1]));
      say(pool.runSync('add', [1, 2]));
      say(await Promise.all(before));
      await pool.close();
    `);
    expect(values).toEqual([3, Array.from({ length: 50 }, (_, i) => i + 1)]);
  });

  it.each([1, 2, 3])('ends with the crash error when its thread ends, one of %i', async (workers) => {
    const [crash, ...after] = (await said(`${start(workers)}
      say(caught(() => pool.runSync('exit', [])));
      say(await pool.run('add', [1, 2]));
      say(pool.runSync('add', [3, 4]));
      await pool.close();
    `)) as [unknown[], number, number];
    expect(crash.slice(0, 2)).toEqual(['WorkerError', 'ERR_WORKER_CRASHED']);
    expect(after).toEqual([3, 7]);
  });

  it('says so when no worker is left and none can start', async () => {
    const [, second, sum] = (await said(`${start(1)}
      say(caught(() => pool.runSync('exit', [])));
      say(caught(() => pool.runSync('add', [1, 2])));
      say(await pool.run('add', [1, 2]));
      await pool.close();
    `)) as [unknown, unknown[], number];
    expect(second[1]).toBe('ERR_POOL_FAILED');
    expect(second[2]).toMatch(/runSync/);
    expect(sum).toBe(3);
  });

  it.each([
    ['in a record', `[join(mkdtempSync(join(tmpdir(), 'millrace-')), 'first')]`],
    ['through a port', '[words]'],
  ])('tries again with another worker what was sent %s', async (_, args) => {
    const values = await said(`
      import { mkdtempSync } from 'node:fs';
      import { tmpdir } from 'node:os';
      import { join } from 'node:path';
      ${start()}
      say(pool.runSync('endsOnce', ${args}, { idempotent: true }));
      await pool.close();
    `);
    expect(values).toEqual(['second attempt']);
  });

  it('says so when the worker that the task is for has no thread', async () => {
    const [first, second, sum] = (await said(`${start()}
      say(caught(() => pool.runSync('endsOnce', [words], { idempotent: true, affinity: 1 })));
      say(caught(() => pool.runSync('add', [1, 2], { affinity: 1 })));
      say(pool.runSync('add', [1, 2]));
      await pool.close();
    `)) as [unknown[], unknown[], number];
    for (const [, code, message] of [first, second]) {
      expect(code).toBe('ERR_POOL_FAILED');
      expect(message).toMatch(/worker 1.*another `affinity`/);
    }
    expect(sum).toBe(3);
  });

  it.each([1, 2])('does not wait for ever behind a loop that its deadline ended, on %i', async (workers) => {
    const [codes, second, sum] = (await said(`
      const pool = await createPool({ tasks: TASKS, workers: ${workers}, graceMs: 100, mainThread: '${mainThread}' });
      // Only a loop that has begun holds its thread.
      const held = () => {
        for (;;) {
          try {
            pool.runSync('spin', [], { deadline: 100 });
          } catch (error) {
            if (error.started || error.code !== 'ERR_DEADLINE') return error.code;
          }
        }
      };
      say(Array.from({ length: ${workers} }, held));
      say(caught(() => pool.runSync('add', [1, 2])));
      say(await pool.run('add', [1, 2]));
      await pool.close();
    `)) as [string[], unknown[], number];
    expect(codes).toEqual(Array(workers).fill('ERR_DEADLINE'));
    expect(second[1]).toBe('ERR_POOL_FAILED');
    expect(second[2]).toMatch(/runSync/);
    expect(sum).toBe(3);
  });

  it('goes on with a worker whose task heeds its deadline', async () => {
    const values = await said(`${start(1)}
      say(caught(() => pool.runSync('heeds', [], { deadline: 60 }))[1]);
      say(pool.runSync('add', [1, 2]));
      await pool.close();
    `);
    expect(values).toEqual(['ERR_DEADLINE', 3]);
  });

  it('runs forks, and loops of millrace/parallel', async () => {
    const values = await said(`${start()}
      say(pool.runSync('fib', [20]));
      const squares = sharedArray(Float64Array, 1000);
      parallelForSync(pool, 0, 1000, 'square', { args: [squares] });
      say(squares.every((square, i) => square === i * i));
      say(caught(() => parallelForSync(pool, 0, 1000, 'failsAt', { args: [700] })).slice(0, 1));
      say(caught(() => parallelForSync(pool, 0, 10, 'missing')).slice(1, 2));
      await pool.close();
    `);
    expect(values).toEqual([6765, true, ['RangeError'], ['ERR_UNKNOWN_FUNCTION']]);
  });

  it(`runs children on the main thread: ${mainThread === 'helps'}`, async () => {
    const [sum, [onWorkers, onMain]] = (await said(`${start()}
      words[2] = ${mainThread === 'helps' ? 1 : 0};
      say(pool.runSync('where', [200, words]));
      say([words[0], words[1]]);
      await pool.close();
    `)) as [number, [number, number]];
    expect(sum).toBe(200);
    expect(onWorkers + onMain).toBe(200);
    expect(onMain > 0).toBe(mainThread === 'helps');
  });
});

describe('a main thread that helps', () => {
  const start = (workers: number): string =>
    `const pool = await createPool({ tasks: TASKS, workers: ${workers}, mainThread: 'helps' });`;

  it('throws into the joiner what its child throws', async () => {
    const [own, sum] = (await said(`${start(1)}
      say(caught(() => pool.runSync('failsOnMain', [words])));
      say(pool.runSync('add', [1, 2]));
      await pool.close();
    `)) as [unknown[], number];
    expect(own).toEqual(['TypeError', null, 'on the main thread']);
    expect(sum).toBe(3);
  });

  it('is not left waiting for a child whose thread ends, with the task below it', async () => {
    const [crash, seen, sum] = (await said(`${start(1)}
      say(caught(() => pool.runSync('endsBelow', [words])));
      say(words[2]);
      say(await pool.run('fib', [15]));
      await pool.close();
    `)) as [unknown[], number, number];
    expect(crash.slice(0, 2)).toEqual(['WorkerError', 'ERR_WORKER_CRASHED']);
    expect(seen).toBe(1);
    expect(sum).toBe(610);
  });

  it('knows functions without a name, among others that were registered here first', async () => {
    const values = await said(`
      const { task } = await import('millrace/worker');
      task(() => 'of the main thread alone');
      const pool = await createPool({ tasks: ANONYMOUS, workers: 1, mainThread: 'helps' });
      say(pool.runSync('both', [4]));
      say(await pool.run('both', [5]));
      await pool.close();
    `);
    expect(values).toEqual([
      [40, 5],
      [50, 6],
    ]);
  });

  it('helps one pool at a time', async () => {
    const [second, sum] = (await said(`${start(1)}
      say(await createPool({ tasks: TASKS, workers: 1, mainThread: 'helps' }).catch((error) => error.code));
      await pool.close();
      const next = await createPool({ tasks: TASKS, workers: 1, mainThread: 'helps' });
      say(next.runSync('fib', [12]));
      await next.close();
    `)) as [string, number];
    expect([second, sum]).toEqual(['ERR_UNSUPPORTED', 144]);
  });

  it('loads TypeScript wherever workers do, and says what is wrong with a module', async () => {
    const [fib, again, missing] = (await said(`
      const typed = { tasks: TYPED, workers: 1, mainThread: 'helps' };
      const pool = await createPool(typed);
      say(pool.runSync('fib', [15]));
      await pool.close();
      const next = await createPool(typed);
      say(next.runSync('fib', [16]));
      await next.close();
      const gone = { ...typed, tasks: new URL('./gone.ts', TYPED) };
      say(await createPool(gone).catch(({ code, message }) => [code, message]));
    `)) as [number, number, [string, string]];
    expect([fib, again]).toEqual([610, 987]);
    expect(missing[0]).toBe('ERR_MODULE_LOAD');
    expect(missing[1]).toMatch(/gone\.ts/);
  });
});
