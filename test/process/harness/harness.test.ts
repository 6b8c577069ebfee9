import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { busy } from './busy.ts';
import { runChild, runToExit } from './child.ts';
import { until } from './until.ts';

const HANG = 'setInterval(() => {}, 1e6);';
/** Enough for a child to start and write a line, on a crowded machine too. */
const SHORT_LIMIT = 4_000;

describe('runChild', () => {
  it('gives what the child wrote and its exit code', async () => {
    const script = `console.log('out', process.argv.slice(2).join()); console.error('err'); process.exitCode = 3;`;
    expect(await runChild(script, { args: ['a', 'b'] })).toEqual({
      code: 3,
      signal: null,
      stdout: 'out a,b\n',
      stderr: 'err\n',
      timedOut: false,
    });
  });

  it('passes environment, options of Node and input', async () => {
    const script = `
      let input = '';
      for await (const chunk of process.stdin) input += chunk;
      console.log(JSON.stringify([process.env.ADDED, process.env.TAKEN ?? null, process.execArgv, input]));`;
    process.env['TAKEN'] = 'no';
    const result = await runToExit(script, {
      env: { ADDED: 'yes', TAKEN: undefined },
      nodeFlags: ['--no-warnings'],
      stdin: 'hello',
    });
    expect(JSON.parse(result.stdout)).toEqual(['yes', null, ['--no-warnings'], 'hello']);
  });

  it('reports the signal that ended the child', async () => {
    const result = await runChild(`process.kill(process.pid, 'SIGKILL'); ${HANG}`);
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: false });
  });

  it('lets the test talk to a running child', async () => {
    const script = `process.on('SIGUSR2', () => process.exit(7)); console.log('ready'); ${HANG}`;
    const result = await runChild(script, {
      onOutput: (text, child) => {
        if (text.includes('ready')) child.kill('SIGUSR2');
      },
    });
    expect(result).toMatchObject({ code: 7, stdout: 'ready\n' });
  });

  it.concurrent('kills a child that hangs, and keeps what it wrote', async () => {
    const result = await runChild(`console.log('here'); ${HANG}`, { limitMs: SHORT_LIMIT });
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL', stdout: 'here\n', timedOut: true });
  });

  it.concurrent('kills a child that blocks its own thread', async () => {
    const result = await runChild(`import fs from 'node:fs'; fs.writeSync(1, 'in'); for (;;);`, {
      limitMs: SHORT_LIMIT,
    });
    expect(result).toMatchObject({ signal: 'SIGKILL', stdout: 'in', timedOut: true });
  });

  it.concurrent.each([
    ['at its limit', HANG, SHORT_LIMIT],
    ['at its exit', '', 30_000],
  ])('leaves nothing of a child behind %s', async (_when, ending, limitMs) => {
    const script = `
      import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(HANG)}], { stdio: 'inherit' });
      child.unref();
      console.log(child.pid);
      ${ending}`;
    const { stdout } = await runChild(script, { limitMs });
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(1);
    await until('the grandchild is gone', () => !exists(pid));
  });

  it('leaves no script behind', async () => {
    const { stdout } = await runToExit('console.log(import.meta.url);');
    expect(stdout).toContain('/.millrace/children/');
    expect(existsSync(fileURLToPath(stdout.trim()))).toBe(false);
  });

  it('runs a file', async () => {
    const result = await runToExit({ file: new URL('./fixtures/hello.mjs', import.meta.url) });
    expect(result.stdout).toBe('hello\n');
  });

  it('finds the library by its name', async () => {
    const script = `console.log(import.meta.resolve('millrace'));`;
    expect((await runToExit(script)).stdout).toMatch(/\/dist\/src\/index\.js\n$/);
  });
});

describe('runToExit', () => {
  it('throws with the output when the exit code is another', async () => {
    await expect(runToExit(`console.log('seen'); process.exit(2);`)).rejects.toThrow(
      /code 0\.[\s\S]*code 2[\s\S]*seen/,
    );
  });

  it.concurrent('throws with the output when the child hangs', async () => {
    const hung = runToExit(`console.error('stuck here'); ${HANG}`, { limitMs: SHORT_LIMIT });
    await expect(hung).rejects.toThrow(/limit[\s\S]*stuck here/);
  });
});

describe('busy', () => {
  it('runs as many processes as asked, and ends them', async () => {
    const work = await busy(2);
    expect(work.pids.map(exists)).toEqual([true, true]);
    await work.stop();
    await work.stop();
    expect(work.pids.map(exists)).toEqual([false, false]);
  });

  it('ends with its block', async () => {
    let pids: readonly number[] = [];
    {
      await using work = await busy();
      pids = work.pids;
      expect(pids.map(exists)).toEqual([true]);
    }
    expect(pids.map(exists)).toEqual([false]);
  });
});

describe('until', () => {
  it('throws what it waited for', async () => {
    await expect(until('never', () => false, 30)).rejects.toThrow('Not within 30 ms: never.');
  });
});

/** A process that has ended and that nobody has waited for yet is gone, too. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
