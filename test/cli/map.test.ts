import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, EagerClock, numbers, type Setup, settle, start, TASKS, until } from './fake-host.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-map-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const map = (args: readonly string[], setup: Setup = {}) => cli(['map', `${TASKS}#fn`, ...args], setup);
const lines = (n: number, args: readonly string[] = [], setup: Setup = {}) =>
  map(['--ndjson', '-', ...args], { stdin: numbers(n), ...setup });
const _odd = (error: (value: number) => unknown) => (_: string, args: readonly unknown[]) => {
  const value = args[0] as number;
  if (value % 2 === 1) throw error(value);
  return value;
};

describe('items', () => {
  it('calls the function with each input and the extra arguments, and writes one record each', async () => {
    const calls: unknown[] = [];
    const { code, stdout, made } = await lines(3, ['--args', '[10,{"a":1}]', '--workers', '3'], {
      task: (name, args) => {
        calls.push([name, ...args]);
        return { ok: args[0] };
      },
    });
    expect(code).toBe(0);
    expect(calls).toEqual([1, 2, 3].map((value) => ['fn', value, 10, { a: 1 }]));
    expect(stdout.text).toBe(
      '{"index":0,"input":1,"result":{"ok":1}}\n{"index":1,"input":2,"result":{"ok":2}}\n{"index":2,"input":3,"result":{"ok":3}}\n',
    );
    expect(made?.workers).toBe(3);
    expect(made?.tasks.href).toBe(pathToFileURL(join(import.meta.dirname, '../command', TASKS)).href);
  });

  it('gives files as absolute paths, and CSV rows as objects', async () => {
    writeFileSync(join(dir, 'b.txt'), '');
    writeFileSync(join(dir, 'a.txt'), '');
    const files = await map([join(dir, '*.txt')]);
    expect(files.stdout.records.map(({ input }) => input)).toEqual([join(dir, 'a.txt'), join(dir, 'b.txt')]);
    const rows = await map(['--csv', '-'], { stdin: 'a,b\n1,"x\ny"\n' });
    expect(rows.stdout.records).toEqual([
      { index: 0, input: { a: '1', b: 'x\ny' }, result: { a: '1', b: 'x\ny' } },
    ]);
  });

  it('hands the time limit of an item to the pool', async () => {
    const limits: unknown[] = [];
    await lines(1, ['--timeout', '250'], { task: (_, __, { timeout }) => limits.push(timeout) });
    await lines(1, [], { task: (_, __, options) => limits.push('timeout' in options) });
    expect(limits).toEqual([250, false]);
  });

  it('runs no items at all with success', async () => {
    const { code, stdout, pool } = await lines(0);
    expect([code, stdout.text, pool?.closed]).toEqual([0, '', true]);
  });

  it('passes an exported name that looks like a property of all objects as it is', async () => {
    const names: string[] = [];
    await cli(['map', `${TASKS}#constructor`, '--ndjson', '-'], {
      stdin: '1',
      task: (name) => names.push(name),
    });
    expect(names).toEqual(['constructor']);
  });
});

describe('order', () => {
  const backwards = async (_: string, [input]: readonly unknown[]) => {
    for (let i = 0; i < (4 - (input as number)) * 5; i++) await settle(1);
    return input;
  };

  it('is that of the inputs by default', async () => {
    const { stdout } = await lines(3, [], { task: backwards, workers: 8 });
    expect(stdout.records.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('is that of completion on demand', async () => {
    const { stdout } = await lines(3, ['--order', 'completed'], { task: backwards, workers: 8 });
    expect(stdout.records.map(({ index }) => index)).toEqual([2, 1, 0]);
  });
});

describe('back-pressure', () => {
  const endless = () => {
    let at = 0;
    const stdin = new Readable({
      read() {
        this.push(`${at++}\n`.padStart(1000));
      },
    });
    return { stdin, read: () => at };
  };

  it('takes no more inputs while the output takes nothing', async () => {
    const { stdin, read } = endless();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], {
      stdin,
      task: () => 'x'.repeat(100_000),
    });
    session.stdout.blocked = [];
    let before = -1;
    await until(() => {
      const still = read() === before && before > 0;
      before = read();
      return still && (session.pool?.running ?? 1) === 0;
    }, 'reading stops');
    await settle(200);
    expect(read()).toBe(before);
    // Some 8 MB of records wait for the reader, not the whole input.
    expect(read()).toBeLessThan(1000);
    session.signal('SIGINT');
    const { blocked } = session.stdout;
    session.stdout.blocked = undefined;
    for (const done of blocked) done();
    expect(await session.exit).toBe(130);
  });

  it('takes no more inputs while a slow first item holds the others back', async () => {
    const { stdin, read } = endless();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], {
      stdin,
      task: (_, [input]) => (input === 0 ? new Promise(() => {}) : input),
    });
    let before = -1;
    await until(() => {
      const still = read() === before && before > 0;
      before = read();
      return still && session.pool?.running === 1;
    }, 'reading stops');
    await settle(200);
    expect(read()).toBe(before);
    expect(read()).toBeLessThan(20_000);
    session.signal('SIGINT');
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(session.stdout.text).toBe('');
  });

  it('hands long items over one ahead of the workers, short ones in numbers', async () => {
    let now = 0;
    const clock = Object.assign(new EagerClock(), { now: () => now });
    const long = await lines(50, [], {
      clock,
      task: async () => {
        await settle(1);
        now += 100;
        return null;
      },
    });
    expect(long.code).toBe(0);
    expect(long.pool?.maxRunning).toBeLessThanOrEqual(6);
    now = 0;
    const short = await lines(2000, [], {
      clock,
      task: async () => {
        await settle(1);
        now += 0.1;
        return null;
      },
    });
    expect(short.code).toBe(0);
    expect(short.pool?.maxRunning).toBeGreaterThan(50);
  });
});

describe('wrong usage exits 2 with one line', () => {
  it.each([
    [['map'], "missing required argument 'module#fn'"],
    [['map', 'x.js'], 'Name a module and one of its exported functions, as in ./module.ts#fn.'],
    [['map', 'x.js#f'], 'no inputs'],
    [['map', 'x.js#f', 'a', '--csv', '-'], 'give inputs one way'],
    [['map', 'x.js#f', 'a', '--resume'], '--resume needs --out'],
    [['map', 'x.js#f', 'a', '--overwrite'], '--overwrite needs --out'],
    [['map', 'x.js#f', 'a', '--out', 'o', '--resume', '--overwrite'], 'not both'],
    [['map', 'x.js#f', 'a', '--retries', '2'], '--retries needs --on-error retry'],
    [['map', 'x.js#f', 'a', '--delimiter', ';'], '--delimiter needs --csv'],
    [['map', 'x.js#f', '--csv', '-', '--delimiter', 'ab'], 'Expected one character'],
    [['map', 'x.js#f', 'a', '--workers', '0'], 'Expected `workers` to be an integer from 1 to 1024, got `0`'],
    [['map', 'x.js#f', 'a', '--workers', '1.5'], 'Expected `workers`'],
    [['map', 'x.js#f', 'a', '--timeout', 'soon'], 'Expected `timeout`'],
    [['map', 'x.js#f', 'a', '--args', '{}'], 'Expected a JSON array'],
    [['map', 'x.js#f', 'a', '--args', '['], 'Expected a JSON array'],
    [['map', 'x.js#f', 'a', '--on-error', 'panic'], 'Allowed choices are stop, skip, retry'],
    [['map', 'x.js#f', 'a', '--outt', 'o'], "unknown option '--outt' (Did you mean --out?)"],
    [['mapp'], "unknown command 'mapp' (Did you mean map?)"],
  ])('%j', async (argv, message) => {
    const { code, stderr, stdout } = await cli(argv);
    expect(code).toBe(2);
    expect(stderr.text).toContain(message);
    expect(stderr.text).toMatch(/^millrace: [^\n]+\n$/);
    expect(stdout.text).toBe('');
  });

  it('--help exits 0 and shows examples', async () => {
    const { code, stdout } = await cli(['map', '--help']);
    expect(code).toBe(0);
    expect(stdout.text).toContain('$ millrace map ./thumbnail.ts#make');
  });

  it('--version is that of the package', async () => {
    const { code, stdout } = await cli(['--version']);
    expect(code).toBe(0);
    expect(stdout.text).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
