import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { cli, EagerClock, numbers, openStdin, type Setup, start, TASKS, until } from './fake-host.ts';

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

  it('a missing export, also where there is nothing to call it with', async () => {
    const { code, stderr, pool } = await cli(['map', `${TASKS}#missing`, '--ndjson', '-']);
    expect([code, oneLine(stderr.text)]).toEqual([
      1,
      `millrace: ${TASKS}#missing: No task module exports a function \`missing\`.`,
    ]);
    expect(pool?.terminated).toBe(true);
  });

  it('a line of more levels than can be written again', async () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const stdin = `1\n${nested(1000)}\n${nested(1001)}\n${nested(30_000)}\n2\n`;
    const { code, stdout } = await map(['--ndjson', '-', '--on-error', 'skip'], { stdin, task: () => 0 });
    expect(code).toBe(1);
    const message = 'line 3 of stdin is nested more than 1000 levels deep';
    expect(stdout.records.map(({ index, error }) => [index, error?.message])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, message],
      [3, message.replace('3', '4')],
      [4, undefined],
    ]);
    expect((await map(['--ndjson', '-'], { stdin: nested(1001) })).code).toBe(1);
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

  it('an output that is one of the input files', async () => {
    const files = join(dir, 'among');
    mkdirSync(files);
    for (const name of ['a', 'b']) writeFileSync(join(files, name), 'precious\n');
    const out = join(files, 'b');
    const links = join(dir, 'links');
    mkdirSync(links);
    symlinkSync(out, join(links, 'symbolic'));
    linkSync(out, join(dir, 'hard'));
    for (const inputs of [[out], [`${files}/*`], [`${links}/*`], [join(dir, 'hard')]]) {
      const { code, stderr } = await map([...inputs, '--out', out, '--overwrite']);
      expect([code, oneLine(stderr.text)]).toEqual([
        1,
        `millrace: ${out} is one of the inputs: name another file with --out, or leave it out with --ignore`,
      ]);
    }
    expect(readFileSync(out, 'utf8')).toBe('precious\n');
  });

  it('a summary in the place of another file of the run', async () => {
    const file = join(dir, 'both');
    const module = join(dir, 'module.mjs');
    for (const name of [file, module]) writeFileSync(name, '1\n');
    const refused = [
      [['--ndjson', file, '--summary', file], 'the input'],
      [['--csv', file, '--summary', file], 'the input'],
      [[file, '--summary', file], 'one of the inputs'],
      [[`${dir}/b*`, '--summary', file], 'one of the inputs'],
      [['--ndjson', '-', '--out', file, '--overwrite', '--summary', file], 'the output'],
    ] as const;
    for (const [args, is] of refused) {
      const { code, stderr } = await map(args, { stdin: '1\n' });
      expect([code, oneLine(stderr.text)]).toEqual([
        1,
        `millrace: ${file} is ${is}: name another file with --summary`,
      ]);
      expect(readFileSync(file, 'utf8')).toBe('1\n');
    }
    const { stderr } = await cli(['map', `${module}#fn`, '--ndjson', '-', '--summary', module]);
    expect(oneLine(stderr.text)).toBe(
      `millrace: ${module} is the task module: name another file with --summary`,
    );
    const fresh = join(dir, 'fresh');
    const both = await map(['--ndjson', '-', '--out', fresh, '--summary', fresh], { stdin: '1\n' });
    expect(oneLine(both.stderr.text)).toContain('fresh is the output');
    expect(existsSync(fresh)).toBe(false);
  });

  it('an output that cannot be made', async () => {
    const { code, stderr } = await lines(3, ['--out', join(dir, 'none', 'out')]);
    expect([code, oneLine(stderr.text)]).toEqual([
      1,
      `millrace: cannot write to ${join(dir, 'none', 'out')}: no such file or directory`,
    ]);
  });
});
