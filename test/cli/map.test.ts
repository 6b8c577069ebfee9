import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { cli, EagerClock, numbers, openStdin, type Setup, settle, start, TASKS, until } from './fake-host.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-map-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const map = (args: readonly string[], setup: Setup = {}) => cli(['map', `${TASKS}#fn`, ...args], setup);
const lines = (n: number, args: readonly string[] = [], setup: Setup = {}) =>
  map(['--ndjson', '-', ...args], { stdin: numbers(n), ...setup });
const odd = (error: (value: number) => unknown) => (_: string, args: readonly unknown[]) => {
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
    expect(made?.tasks.href).toBe(pathToFileURL(join(import.meta.dirname, TASKS)).href);
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

describe('--on-error', () => {
  const task = odd((value) => Object.assign(new RangeError(`${value} is odd`), { code: 'ERR_ODD' }));

  it('stop: ends at the first failure, lists it with its input, and does not record it', async () => {
    const { code, stdout, stderr, pool } = await map(['--ndjson', '-'], {
      stdin: '2\n4\n5\n6\n',
      task,
      workers: 1,
    });
    expect(code).toBe(1);
    expect(stdout.records.map(({ input }) => input)).toEqual([2, 4]);
    expect(stderr.text).toContain('failed: item 2 5: RangeError: 5 is odd\n');
    expect(stderr.text).toContain('millrace: stopped at the first failure, item 2');
    expect(pool?.closed).toBe(true);
  });

  it('skip: records failures with their input and goes on', async () => {
    const { code, stdout, stderr } = await lines(4, ['--on-error', 'skip'], { task });
    expect(code).toBe(1);
    expect(stdout.records).toEqual([
      { index: 0, input: 1, error: { name: 'RangeError', message: '1 is odd', code: 'ERR_ODD' } },
      { index: 1, input: 2, result: 2 },
      { index: 2, input: 3, error: { name: 'RangeError', message: '3 is odd', code: 'ERR_ODD' } },
      { index: 3, input: 4, result: 4 },
    ]);
    expect(stderr.text).toContain(
      'failed: item 0 1: RangeError: 1 is odd\nfailed: item 2 3: RangeError: 3 is odd\n',
    );
  });

  it('skip: lists twenty failures and counts the others', async () => {
    const { stderr } = await lines(60, ['--on-error', 'skip'], { task });
    expect(stderr.text.match(/^failed: item /gm)).toHaveLength(20);
    expect(stderr.text).toContain('failed: 10 more items\n');
  });

  it.each([
    [[], 4, 3],
    [['--retries', '1'], 2, 1],
  ])('retry %j: tries again, later each time, then records the failure', async (flags, tries, waits) => {
    let calls = 0;
    const clock = new EagerClock();
    const { code, stdout } = await lines(2, ['--on-error', 'retry', ...flags], {
      clock,
      task: odd(() => {
        calls += 1;
        return new Error('no');
      }),
    });
    expect([code, calls]).toEqual([1, tries]);
    expect(stdout.records[0]).toEqual({
      index: 0,
      input: 1,
      error: { name: 'Error', message: 'no', attempts: tries },
    });
    expect(clock.delays.filter((ms) => ms < 2000)).toEqual([50, 100, 200].slice(0, waits));
  });

  it('retry: an item that succeeds in the end is no failure', async () => {
    let calls = 0;
    const { code, stdout, stderr } = await lines(1, ['--on-error', 'retry'], {
      task: () => {
        if (++calls < 3) throw new Error('not yet');
        return 'done';
      },
    });
    expect(code).toBe(0);
    expect(stdout.records).toEqual([{ index: 0, input: 1, result: 'done' }]);
    expect(stderr.text).toContain('retries   2');
  });

  it.each([
    [() => 10n, 'JSON cannot hold a BigInt at `result`: return a number or `String(value)`'],
    [() => undefined, 'JSON cannot hold undefined at `result`: return a value, or null'],
    [() => ({ a: [1, { 'b c': 1n }] }), 'JSON cannot hold a BigInt at `result.a[1]["b c"]`: return a number'],
    [() => ({ map: new Map() }), 'JSON cannot hold a Map at `result.map`'],
    [() => [new Set()], 'JSON cannot hold a Set at `result[0]`'],
    [() => new Uint8Array(2), 'JSON cannot hold binary data at `result`'],
    [
      () => {
        const loop: { self?: object } = {};
        loop.self = { loop };
        return loop;
      },
      'JSON cannot hold a cycle at `result.self.loop`: return a tree',
    ],
    [
      () => {
        let deep: unknown = 1;
        for (let i = 0; i < 50_000; i++) deep = [deep];
        return deep;
      },
      'JSON cannot hold more than 1000 levels',
    ],
  ])('a result JSON cannot hold is that item failed, once: %#', async (make, message) => {
    let calls = 0;
    const { code, stdout } = await lines(1, ['--on-error', 'retry'], {
      task: () => {
        calls += 1;
        return make();
      },
    });
    expect([code, calls]).toEqual([1, 1]);
    expect(stdout.records[0]).toMatchObject({ error: { name: 'NotJsonError', code: 'ERR_RESULT_NOT_JSON' } });
    expect(stdout.records[0]?.error?.message).toContain(message);
  });

  it('takes dates, null and repeated objects as JSON does', async () => {
    const twice = { a: 1 };
    const { stdout } = await lines(1, [], {
      task: () => ({ at: new Date(0), none: null, gone: undefined, x: twice, y: twice }),
    });
    expect(stdout.records[0]?.result).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      none: null,
      x: twice,
      y: twice,
    });
  });

  it.each([['text'], [null], [undefined], [42], [{ strange: true }]])(
    'records a thrown %j',
    async (thrown) => {
      const { stdout } = await lines(1, ['--on-error', 'skip'], {
        task: () => {
          throw thrown;
        },
      });
      expect(stdout.records[0]?.error).toMatchObject({
        name: expect.any(String),
        message: expect.any(String),
      });
    },
  );
});

describe('bad input gets one line and a non-zero exit', () => {
  const oneLine = (text: string) => {
    expect(text.match(/\n/g)).toHaveLength(1);
    return text.trimEnd();
  };

  it('a missing module', async () => {
    const { code, stderr, pool } = await cli(['map', './none.mjs#fn', '--ndjson', '-']);
    expect([code, oneLine(stderr.text)]).toEqual([
      1,
      'millrace: cannot load ./none.mjs: no such file or directory',
    ]);
    expect(pool).toBeUndefined();
  });

  it('a missing export, and leaves an output to be overwritten as it was', async () => {
    const out = join(dir, 'out');
    writeFileSync(out, 'precious\n');
    const { code, stderr, pool } = await lines(3, ['--out', out, '--overwrite'], {
      task: () => {
        throw new MillraceError('ERR_UNKNOWN_FUNCTION', 'no exported function `fn`; there is `fun`');
      },
    });
    expect([code, oneLine(stderr.text)]).toEqual([
      1,
      `millrace: ${TASKS}#fn: no exported function \`fn\`; there is \`fun\``,
    ]);
    expect(pool?.terminated).toBe(true);
    expect(readFileSync(out, 'utf8')).toBe('precious\n');
  });

  it('a broken line: what runs before it is recorded', async () => {
    const { code, stdout, stderr } = await map(['--ndjson', '-'], { stdin: '1\n2\n{"a":\n4\n' });
    expect(code).toBe(1);
    expect(oneLine(stderr.text)).toMatch(/^millrace: line 3 of stdin is not JSON: .* \(2 items recorded\)$/);
    expect(stdout.records.map(({ input }) => input)).toEqual([1, 2]);
  });

  it('a broken line with --on-error skip is a failed item', async () => {
    const { code, stdout } = await map(['--ndjson', '-', '--on-error', 'skip'], { stdin: '1\n{"a":\n4\n' });
    expect(code).toBe(1);
    expect(stdout.records).toMatchObject([
      { index: 0, result: 1 },
      { index: 1, input: '{"a":', error: { code: 'ERR_BROKEN_LINE' } },
      { index: 2, result: 4 },
    ]);
  });

  it('a CSV quote that is never closed', async () => {
    const { code, stderr } = await map(['--csv', '-'], { stdin: 'a\n1\n"x\n' });
    expect(code).toBe(1);
    expect(oneLine(stderr.text)).toMatch(/^millrace: stdin is not CSV: /);
  });

  it('an input that fails while it is read', async () => {
    const stdin = openStdin();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], { stdin });
    stdin.write('1\n');
    await until(() => session.stdout.records.length === 1, 'the first record');
    stdin.destroy(Object.assign(new Error('x'), { errno: -5, code: 'EIO' }));
    expect(await session.exit).toBe(1);
    expect(oneLine(session.stderr.text)).toBe('millrace: cannot read stdin: i/o error (1 item recorded)');
  });

  it('an output that exists', async () => {
    const out = join(dir, 'out');
    writeFileSync(out, 'precious\n');
    const { code, stderr, pool } = await lines(3, ['--out', out]);
    expect(code).toBe(1);
    expect(oneLine(stderr.text)).toMatch(
      /exists: continue it with --resume, or replace it with --overwrite$/,
    );
    expect(readFileSync(out, 'utf8')).toBe('precious\n');
    expect([pool?.started, pool?.terminated]).toEqual([0, true]);
  });

  it('an output that is the input', async () => {
    const file = join(dir, 'both');
    writeFileSync(file, '1\n');
    const { code, stderr } = await map(['--ndjson', file, '--out', file, '--overwrite']);
    expect([code, oneLine(stderr.text)]).toEqual([
      1,
      `millrace: ${file} is the input: name another file with --out`,
    ]);
    expect(readFileSync(file, 'utf8')).toBe('1\n');
  });

  it('an output that cannot be made', async () => {
    const { code, stderr } = await lines(3, ['--out', join(dir, 'none', 'out')]);
    expect([code, oneLine(stderr.text)]).toEqual([
      1,
      `millrace: cannot write to ${join(dir, 'none', 'out')}: no such file or directory`,
    ]);
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

describe('Ctrl-C', () => {
  const gate = () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open, opened };
  };

  it('finishes what runs, reports, and exits 130', async () => {
    const { open, opened } = gate();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], {
      stdin: numbers(1000),
      task: (_, [input]) => opened.then(() => input),
    });
    await until(() => (session.pool?.running ?? 0) > 0, 'items run');
    await settle();
    const running = session.pool?.running ?? 0;
    session.signal('SIGINT');
    await settle();
    expect(session.stderr.text).toContain(
      `interrupted: finishing ${running} items; press Ctrl-C again to stop at once`,
    );
    open();
    expect(await session.exit).toBe(130);
    expect(session.stdout.records.map(({ input }) => input)).toEqual(
      Array.from({ length: running }, (_, i) => i + 1),
    );
    expect(session.pool).toMatchObject({ started: running, closed: true });
    expect(session.stderr.text).toContain(`${running} items, 0 failed`);
    expect(session.stderr.text).toContain(`millrace: interrupted after ${running} items`);
  });

  it('twice stops at once, and what was done is recorded', async () => {
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], {
      stdin: numbers(1000),
      task: (_, [input]) => ((input as number) < 5 ? input : new Promise(() => {})),
    });
    await until(() => session.stdout.records.length === 4, 'four records');
    session.signal('SIGINT');
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(session.stdout.records).toHaveLength(4);
    expect(session.pool?.terminated).toBe(true);
  });

  it('SIGTERM does the same and exits 143', async () => {
    const stdin = openStdin();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], { stdin });
    stdin.write('1\n');
    await until(() => session.stdout.records.length === 1, 'one record');
    session.signal('SIGTERM');
    expect(await session.exit).toBe(143);
    expect(stdin.destroyed).toBe(true);
  });

  it('before the pool is there ends the command', async () => {
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-'], { stdin: openStdin() });
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(session.stderr.text).toBe('millrace: interrupted before the first item\n');
    expect(session.pool?.started ?? 0).toBe(0);
  });

  it('does not try an item again that fails while the run ends, and leaves it to a resumed run', async () => {
    const { open, opened } = gate();
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-', '--on-error', 'retry'], {
      stdin: '1\n',
      task: () => opened.then(() => Promise.reject(new Error('no'))),
    });
    await until(() => session.pool?.running === 1, 'it runs');
    session.signal('SIGINT');
    open();
    expect(await session.exit).toBe(130);
    await settle();
    expect([session.stdout.text, session.pool?.started]).toEqual(['', 1]);
    expect(session.stderr.text).not.toContain('retries');
  });

  it('leaves an item that waits for another try to a resumed run', async () => {
    const session = start(['map', `${TASKS}#fn`, '--ndjson', '-', '--on-error', 'retry'], {
      stdin: '1\n2\n',
      clock: Object.assign(new EagerClock(), { after: () => () => {} }),
      task: odd(() => new Error('no')),
    });
    await until(() => session.pool?.started === 2 && session.pool.running === 0, 'both ran');
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(session.stdout.text).toBe('');
    expect(session.stderr.text).toContain('dropped   1 result after an item that was not done');
  });
});

describe('the summary', () => {
  it('has items, failures, wall, busy time per worker, speed-up, latency and steals', async () => {
    let now = 0;
    const { stderr } = await lines(4, ['--on-error', 'skip'], {
      clock: Object.assign(new EagerClock(), { now: () => now }),
      task: (_, [input]) => {
        now += 100;
        if (input === 3) throw new Error('no');
        return null;
      },
    });
    const [failed, items, busy, speedUp, latency, steals, end] = stderr.text.split('\n');
    expect([failed, items, busy, speedUp, steals, end]).toEqual([
      'failed: item 2 3: Error: no',
      '4 items, 1 failed, in 400 ms (10/s)',
      '  busy      750 ms on 2 workers: 250 ms, 500 ms',
      '  speed-up  1.88 (busy time over wall time)',
      '  steals    7',
      '',
    ]);
    expect(latency).toMatch(/^ {2}latency {3}p50 \d+ ms, p99 \d+ ms \(hand-over to result\)$/);
  });

  it('goes to a file as JSON', async () => {
    const file = join(dir, 'summary.json');
    const { code } = await lines(2, ['--on-error', 'skip', '--summary', file], {
      task: odd(() => new Error('no')),
    });
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      outcome: 'finished',
      items: 2,
      failures: 1,
      busyMs: [250, 500],
      steals: 7,
      latencyMs: { p50: expect.any(Number), p99: expect.any(Number) },
      failed: [{ index: 0, input: 1, error: { name: 'Error', message: 'no' } }],
    });
  });

  it('is left out with --quiet, failures are not', async () => {
    const { stderr } = await lines(2, ['--on-error', 'skip', '-q'], { task: odd(() => new Error('no')) });
    expect(stderr.text).toBe('failed: item 0 1: Error: no\n');
  });
});
