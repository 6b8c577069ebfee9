import { describe, expect, it } from 'vitest';
import { runToExit } from '../process/harness/child.ts';
import { TASKS } from './pools.ts';

const open = (options = ''): string =>
  `import { createPool } from 'millrace';
   const pool = await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 2, ${options} });`;

describe('a process with a pool', () => {
  it('ends by itself when the pool has nothing to do', async () => {
    await runToExit(`${open()} console.log(await pool.run('add', [1, 2]));`);
    await runToExit(open());
  });

  it('ends by itself after a module that keeps timers', async () => {
    const ticking = new URL('./fixtures/ticking.mjs', import.meta.url).href;
    await runToExit(`import { createPool } from 'millrace';
      await createPool({ tasks: ${JSON.stringify(ticking)}, workers: 2 });`);
  });

  it('stays while a task is outstanding, whatever the collector does', async () => {
    const { stdout } = await runToExit(
      `${open()}
       for (const [name, ms] of [['work', 300], ['sleep', 300]])
         pool.run(name, [ms]).then(() => console.log(name));
       const collect = setInterval(gc, 10).unref();`,
      { nodeFlags: ['--expose-gc'] },
    );
    expect(stdout.split('\n').sort().join(' ').trim()).toBe('sleep work');
  });

  it('stays while a pool is being made, and for a top-level await of each kind', async () => {
    const { stdout } = await runToExit(`${open()}
      await pool.run('work', [50]);
      for await (const n of pool.map('work', [20, 20])) console.log(n);
      pool.run('work', [50]);
      await pool.drain();
      await pool.close();
      console.log('end');`);
    expect(stdout).toBe('20\n20\nend\n');
  });

  it('gets the output of tasks, to the last line', async () => {
    const { stdout } = await runToExit(`${open()}
      for (let i = 0; i < 300; i++) await pool.run('log', ['line ' + i]);
      for (let i = 300; i < 600; i++) pool.run('log', ['line ' + i], { affinity: 0 });
      await pool.close();`);
    const lines = stdout.trim().split('\n');
    expect(lines.sort()).toEqual(Array.from({ length: 600 }, (_, i) => `line ${i}`).sort());
  });

  it('gets output of a worker that has nothing more to do', async () => {
    const { stdout } = await runToExit(`${open()}
      await pool.run('log', ['first']);
      await pool.run('log', ['second']);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await new Promise((resolve) => process.stdout.write('|', resolve));
      process.exit();`);
    expect(stdout).toBe('first\nsecond\n|');
  });
});

describe('an idle pool', () => {
  it('uses no CPU and wakes nobody', async () => {
    const { stdout } = await runToExit(
      `${open('workers: 4')}
       await Promise.all(Array.from({ length: 5000 }, () => pool.run('add', [1, 1])));
       await pool.run('sleep', [5]);
       // Something that needs the codec, on each: a worker without it loads it when it has been idle for a moment, once.
       await Promise.all([0, 1, 2, 3].map((affinity) => pool.run('id', ['text'], { affinity })));
       while (pool.stats().workers.some((w) => w.state !== 'idle')) await new Promise((r) => setTimeout(r, 10));
       const parks = () => pool.stats().workers.map((w) => w.parks);
       const before = parks();
       const cpu = process.cpuUsage();
       await new Promise((resolve) => setTimeout(resolve, 3000));
       const { user, system } = process.cpuUsage(cpu);
       console.log(JSON.stringify({ ms: (user + system) / 1000, before, after: parks() }));`,
    );
    const { ms, before, after } = JSON.parse(stdout);
    expect(after).toEqual(before);
    // A generous bound: one thread that spins would use 3000.
    expect(ms).toBeLessThan(100);
  });

  it('one task wakes one worker at most', async () => {
    const { stdout } = await runToExit(
      `${open('workers: 8')}
       const idle = async () => {
         while (pool.stats().workers.some((w) => w.state !== 'idle')) await new Promise((r) => setTimeout(r, 5));
       };
       await idle();
       const before = pool.stats().workers.reduce((n, w) => n + w.parks, 0);
       for (let i = 0; i < 100; i++) {
         await pool.run('add', [1, 1]);
         await idle();
       }
       const after = pool.stats().workers.reduce((n, w) => n + w.parks, 0);
       console.log(after - before);`,
    );
    // A worker that is woken parks again: once for each task. Some slack for a wake that came twice.
    expect(Number(stdout)).toBeLessThanOrEqual(150);
  });
});
