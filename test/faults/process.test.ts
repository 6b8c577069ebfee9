// Faults that are a whole process's business: rows 29, 43-45, 51, 56, 60, 66, 72-77 of docs/faults.md.
import { describe, expect, it } from 'vitest';
import { describe as output, runChild, runToExit } from '../process/harness/child.ts';
import { TASKS } from './lab.ts';

/** A script with a pool of the fault fixtures. */
const withPool = (options: string, body: string): string => `
  import { createPool } from 'millrace';
  const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 2, ...${options} });
  const failure = (promise) => promise.then((value) => { throw new Error('resolved with ' + value); }, (error) => error);
  ${body}`;

/** A pool whose shared memory the script that follows can read and write, as `memory` with the layout `L`. */
const POOL_IN_SIGHT = `
  import * as L from ${JSON.stringify(new URL('../../dist/src/memory/layout.js', import.meta.url).href)};
  const { Memory } = WebAssembly;
  let memory;
  WebAssembly.Memory = class extends Memory {
    constructor(options) { super(options); memory = this; }
  };
  const { createPool } = await import('millrace');
  const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 2 });`;

describe('the caller’s process', () => {
  it('row 29: a rejection nobody handles is an unhandled rejection as any other', async () => {
    const result = await runChild(withPool('{}', `void pool.run('thrower', ['range']);`));
    expect(result.code, output(result)).toBe(1);
    expect(result.stderr).toContain('RangeError: too far');
    expect(result.stderr).toContain('tasks.mjs');
  });

  it('row 29: one that is handled, even late in the same turn, is not', async () => {
    await runToExit(
      withPool(
        '{}',
        `const p = pool.run('thrower', ['range']); await null; await failure(p); await pool.close();`,
      ),
    );
  });

  it('row 77: an idle pool that was never closed holds no process; pending tasks do', async () => {
    const result = await runToExit(
      withPool('{}', `pool.run('later', ['done', 300]).then((value) => console.log(value));`),
    );
    expect(result.stdout).toBe('done\n');
  });

  it('row 77: nor does a worker that is about to be replaced', async () => {
    const result = await runToExit(
      withPool(
        '{ graceMs: 50 }',
        `for (let i = 0; i < 4; i++) await failure(pool.run('reallyExit', [1])); console.log('over');`,
      ),
    );
    expect(result.stdout).toBe('over\n');
  });

  it.each([
    [
      'terminate, a task running',
      `void failure(pool.run('never', ['n'])); await asleep(); await pool.terminate();`,
    ],
    [
      'close, a task too late',
      `void failure(pool.run('never', ['n'])); await asleep(); await pool.close({ timeout: 1 });`,
    ],
    ['close after a crash', `await failure(pool.run('exit', [1])); await pool.close();`],
    ['close after a task', `await pool.run('later', [1, 100]); await pool.close();`],
  ])('row 70: a pool that has ended is let go, shared memory and all: %s', async (_how, body) => {
    await runToExit(
      `const kept = new Set();
       const { Memory } = WebAssembly;
       WebAssembly.Memory = class extends Memory {
         constructor(options) { super(options); watch('memory', this); }
       };
       const { createPool } = await import('millrace');
       const failure = (promise) => promise.catch((error) => error);
       // Some turns without an end, and the main thread no longer looks for one: it waits for the bell.
       const asleep = () => new Promise((resolve) => setTimeout(resolve, 50));
       function watch(what, object) { kept.add({ what, ref: new WeakRef(object) }); }
       async function round() {
         const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 1, graceMs: 20, env: { ...process.env, JOURNAL: '/dev/null' } });
         watch('pool', pool);
         await pool.run('length', [new Uint8Array(2_000_000)]);
         ${body}
       }
       for (let i = 0; i < 3; i++) await round();
       for (let turn = 0; turn < 500 && kept.size > 0; turn++) {
         await new Promise((resolve) => setTimeout(resolve, 10));
         gc();
         for (const it of kept) if (it.ref.deref() === undefined) kept.delete(it);
       }
       if (kept.size > 0) throw new Error('Still there: ' + [...kept].map((it) => it.what).join(', '));`,
      { nodeFlags: ['--expose-gc'] },
    );
  });

  it('row 74: no signal handler is installed; SIGTERM ends a busy process at once', async () => {
    const result = await runChild(
      `import { createPool } from 'millrace';
       const counts = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
       const before = JSON.stringify(counts());
       const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 2 });
       pool.run('regex', ['r']).catch(() => {});
       console.log(JSON.stringify(counts()) === before);`,
      {
        env: { JOURNAL: '/dev/null' },
        onOutput: (_text, child) => child.kill('SIGTERM'),
      },
    );
    expect(result, output(result)).toMatchObject({ signal: 'SIGTERM', timedOut: false, stdout: 'true\n' });
  });

  it('row 75: process.exit ends a process whose workers spin', async () => {
    await runToExit(
      withPool('{}', `pool.run('spin', ['s']).catch(() => {}); setTimeout(() => process.exit(7), 100);`),
      { code: 7, env: { JOURNAL: '/dev/null' } },
    );
  });

  it('row 73: await using closes, and the process ends', async () => {
    const result = await runToExit(`
      import { createPool } from 'millrace';
      const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 2 });
      const late = pool.run('later', ['value', 50]);
      await pool[Symbol.asyncDispose]();
      console.log(await late, (await pool.run('add', [1, 1]).catch((error) => error)).code);`);
    expect(result.stdout).toBe('value ERR_CLOSED\n');
  });
});

describe('memory', () => {
  it('row 44: an out-of-memory that Node contains ends the worker alone', async () => {
    const result = await runToExit(
      withPool(
        `{ resourceLimits: { maxOldGenerationSizeMb: 48 } }`,
        `const beside = pool.run('later', ['beside', 10], { affinity: 1 });
         const error = await failure(pool.run('hoard', [], { affinity: 0 }));
         console.log(error.code, error.cause.code, error.started, await beside, await pool.run('add', [1, 2]));
         await pool.close();`,
      ),
      { limitMs: 50_000 },
    );
    expect(result.stdout).toBe('ERR_WORKER_CRASHED ERR_WORKER_OUT_OF_MEMORY true beside 3\n');
  });

  it('row 66: shared memory that cannot be had is said at once, and nothing is left', async () => {
    const result = await runToExit(`
      WebAssembly.Memory = class { constructor() { throw new RangeError('WebAssembly.Memory(): could not allocate memory'); } };
      const { createPool } = await import('millrace');
      const error = await createPool({ workers: 2 }).catch((error) => error);
      console.log(error.code, error.cause.name);`);
    expect(result.stdout).toBe('ERR_NO_MEMORY RangeError\n');
  });

  it('row 66: nor is anything left when the workers alone need more than maxMemory', async () => {
    const result = await runToExit(`
      import { createPool } from 'millrace';
      let threads = 0;
      process.on('worker', () => threads++);
      const error = await createPool({ workers: 64, maxMemory: 2 ** 24 }).catch((error) => error);
      console.log(error.code, threads);`);
    expect(result.stdout).toBe('ERR_NO_MEMORY 0\n');
  });

  it('row 66: growth that fails makes payloads go another way', async () => {
    const result = await runToExit(`
      const { grow } = WebAssembly.Memory.prototype;
      let refuse = false;
      WebAssembly.Memory.prototype.grow = function (pages) {
        if (refuse && pages > 0) throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory');
        return grow.call(this, pages);
      };
      const { createPool } = await import('millrace');
      const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 2 });
      refuse = true;
      const sizes = [2 ** 24, 2 ** 25, 100, 2 ** 24];
      const all = sizes.map((n, i) => pool.run('length', [new Uint8Array(n)], i % 2 ? { priority: 'high' } : undefined));
      console.log(JSON.stringify(await Promise.all(all)), pool.stats().memory.payloadBytes);
      await pool.close();`);
    expect(result.stdout).toBe(`${JSON.stringify([2 ** 24, 2 ** 25, 100, 2 ** 24])} 0\n`);
  });

  it.each([
    ['a position no worker can have come to', 'L.SC_TAIL', 100_000],
    ['a task there is none of', 'L.SC_SLOTS', 0x7fff_ffff],
  ])(
    'row 53: nonsense in shared memory stops the pool, and no task hangs: %s',
    async (_what, word, value) => {
      const result = await runToExit(
        `
      ${POOL_IN_SIGHT}
      const pending = [pool.run('never', ['n']), pool.run('later', [1, 1e6]), pool.run('never', ['n'], { timeout: 1e6 })];
      const i32 = new Int32Array(memory.buffer);
      const ring = i32[(L.HEADER + L.H_DIRECTORY) >> 2] + i32[(L.HEADER + L.H_COMPLETIONS) >> 2];
      i32[(ring + ${word}) >> 2] = ${value};
      if (${JSON.stringify(word)} !== 'L.SC_TAIL') i32[(ring + L.SC_TAIL) >> 2]++;
      const errors = (await Promise.allSettled(pending)).map(({ reason }) => reason);
      const again = await pool.run('add', [1, 1]).catch((error) => error);
      console.log(errors.map((e) => e.code + ' ' + e.cause.code).join(), again.code, pool.stats().pending);`,
        { env: { JOURNAL: '/dev/null' } },
      );
      const each = 'ERR_POOL_FAILED ERR_CORRUPT';
      expect(result.stdout).toBe(`${each},${each},${each} ERR_POOL_FAILED 0\n`);
    },
  );
});

describe('a pool that failed', () => {
  it('row 71: is closed when its threads have ended, not before', async () => {
    const result = await runToExit(
      `
      const left = new Set();
      process.on('worker', (w) => { left.add(w); w.once('exit', () => left.delete(w)); });
      ${POOL_IN_SIGHT}
      const spinning = [pool.run('spin', ['s']), pool.run('never', ['n'])];
      const i32 = new Int32Array(memory.buffer);
      i32[(i32[(L.HEADER + L.H_DIRECTORY) >> 2] + i32[(L.HEADER + L.H_COMPLETIONS) >> 2] + L.SC_TAIL) >> 2] = 100000;
      const [{ reason }] = await Promise.allSettled(spinning);
      const before = left.size;
      const [closed, terminated] = await Promise.all([pool.close(), pool.terminate()]);
      console.log(reason.code, before, left.size, JSON.stringify(closed), terminated === closed);`,
      { env: { JOURNAL: '/dev/null' } },
    );
    expect(result.stdout).toBe('ERR_POOL_FAILED 2 0 {"completed":0,"cancelled":2,"stuck":0} true\n');
  });
});

describe('a result', () => {
  it.each([
    ['of another’s bytes', 'L.T_RESULT', -4096],
    ['beyond its ring', 'L.T_RESULT_LENGTH', 1 << 28],
    ['of no kind there is', 'L.T_RESULT_KIND', 77],
  ])('row 53: %s is never read, and stops the pool', async (_what, field, by) => {
    const result = await runToExit(
      `
      ${POOL_IN_SIGHT}
      const i32 = new Int32Array(memory.buffer);
      const task = i32[(L.HEADER + L.H_TASKS) >> 2];
      const answer = pool.run('echo', ['a text']);
      while ((Atomics.load(i32, task >> 2) & L.STATE_MASK) < L.DONE);
      i32[(task + ${field}) >> 2] += ${by};
      const error = await answer.catch((error) => error);
      const again = await pool.run('add', [1, 1]).catch((error) => error);
      console.log(error.code, error.cause.code, again.code, pool.stats().pending);`,
    );
    expect(result.stdout).toBe('ERR_POOL_FAILED ERR_CORRUPT ERR_POOL_FAILED 0\n');
  });
});

describe('modules', () => {
  it('row 60: a module that never finishes loading', async () => {
    const result = await runToExit(
      `import { createPool } from 'millrace';
       const left = new Set();
       process.on('worker', (w) => { left.add(w); w.once('exit', () => left.delete(w)); });
       for (const source of ['await new Promise(() => {});', 'await new Promise(() => setInterval(() => {}, 1e6));', 'for (;;);']) {
         const { writeFileSync } = await import('node:fs');
         const file = new URL('./never.mjs', import.meta.url);
         writeFileSync(file, source);
         const error = await createPool({ tasks: file, workers: 2, startupTimeout: 300 }).catch((error) => error);
         console.log(error.code, /300 ms|ended|exit/.test(error.message));
       }
       console.log(left.size);`,
    );
    expect(result.stdout).toBe('ERR_MODULE_LOAD true\nERR_MODULE_LOAD true\nERR_MODULE_LOAD true\n0\n');
  });

  it('row 60: a module that no longer loads when a worker is replaced fails the pool, and no task hangs', async () => {
    const result = await runToExit(`
      import { createPool } from 'millrace';
      import { writeFileSync } from 'node:fs';
      const file = new URL('./changing.mjs', import.meta.url);
      writeFileSync(file, 'export const die = () => process.exit(1); export const wait = () => new Promise(() => {}); export const one = () => 1;');
      const pool = await createPool({ tasks: file, workers: 2 });
      writeFileSync(file, 'throw new TypeError("changed");');
      const code = (promise) => promise.then(String, (error) => error.code);
      await code(pool.run('die', [], { affinity: 1 }));
      // Bound to a worker that will not come back, submitted before and after it gave up.
      const bound = code(pool.run('one', [], { affinity: 1 }));
      console.log(await bound, await code(pool.run('one', [], { affinity: 1 })), await pool.run('one'));
      await code(pool.run('die'));
      const error = await pool.run('one').catch((error) => error);
      console.log(error.code, await code(pool.run('one')), pool.stats().pending);
      await pool.close();`);
    expect(result.stdout).toBe(
      'ERR_WORKER_CRASHED ERR_WORKER_CRASHED 1\nERR_POOL_FAILED ERR_POOL_FAILED 0\n',
    );
  });
});

describe('output', () => {
  it('row 56: a flood of output neither hangs the pool nor is lost by close', async () => {
    const result = await runToExit(
      withPool(
        '{}',
        `console.error(await pool.run('shout', [2000]), await pool.run('add', [1, 1])); await pool.close();`,
      ),
    );
    expect(result.stderr).toContain('2000 2');
    expect(result.stdout.split('\n').filter((line) => line.startsWith('line '))).toHaveLength(2000);
  });
});
