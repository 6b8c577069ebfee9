import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { numbers, until } from '../cli/fake-host.ts';
import { child, shell } from './child.ts';

// Starting processes beside other work takes its time; nothing here is a measurement.
vi.setConfig({ testTimeout: 120_000 });

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-map-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const at = (name: string) => join(dir, name);
const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '');
const records = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { index: number; input: unknown; result: unknown });

describe('signals', () => {
  const gated = (...more: string[]) =>
    child([
      'map',
      './tasks.mjs#gated',
      '--ndjson',
      at('in'),
      '-w',
      '2',
      '--args',
      JSON.stringify([at('notes'), at('gate')]),
      ...more,
    ]);

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s finishes what runs, writes it, reports, and exits %d', async (signal, code) => {
    writeFileSync(at('in'), numbers(1000));
    const { process, ended, stderr } = gated('--out', at('out'));
    await until(() => read('notes').split('\n').length > 2, 'two items run');
    process.kill(signal);
    await until(() => stderr().includes('interrupted: finishing'), 'the answer to the signal');
    writeFileSync(at('gate'), '');
    const end = await ended;
    expect(end.code).toBe(code);
    const done = records(read('out'));
    expect(done.map(({ input }) => input)).toEqual(done.map((_, i) => i + 1));
    // Everything that was started is recorded.
    const started = read('notes').trimEnd().split('\n').map(Number);
    expect(started.sort((a, b) => a - b)).toEqual(done.map(({ input }) => input));
    expect(done.length).toBeLessThan(1000);
    expect(end.stderr).toContain(
      `millrace: interrupted after ${done.length} items; continue with --resume\n`,
    );
    expect(end.stderr).toMatch(/^ {2}busy /m);
  });

  it('a second Ctrl-C ends a function that never returns', async () => {
    writeFileSync(at('in'), numbers(2));
    const { process, ended, stderr } = child([
      'map',
      './tasks.mjs#block',
      '--ndjson',
      at('in'),
      '--args',
      JSON.stringify([at('notes')]),
    ]);
    await until(() => read('notes') === 'started', 'the function runs');
    process.kill('SIGINT');
    await until(() => stderr().includes('interrupted: finishing'), 'the first answer');
    process.kill('SIGINT');
    const { code, stdout } = await ended;
    expect([code, stdout]).toEqual([130, '']);
  });

  it('a second Ctrl-C ends a run whose reader takes nothing', async () => {
    writeFileSync(at('in'), numbers(5000));
    const { process, stderr } = child(
      ['map', './tasks.mjs#noted', '--ndjson', at('in'), '--args', JSON.stringify([at('notes'), 0])],
      {},
      'unread',
    );
    const exit = new Promise((resolve) => process.on('exit', resolve));
    // More than a pipe holds.
    await until(() => read('notes').split('\n').length > 300, 'records are made');
    process.kill('SIGINT');
    await until(() => stderr().includes('interrupted: finishing'), 'the first answer');
    process.kill('SIGINT');
    expect(await exit).toBe(130);
    process.stdout?.destroy();
  });

  it('Ctrl-C ends a run that waits for stdin', async () => {
    const { process, ended, stdout } = child(['map', './tasks.mjs#double', '--ndjson', '-']);
    process.stdin?.write('1\n');
    await until(() => stdout() !== '', 'the first record');
    process.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stdout: '{"index":0,"input":1,"result":2}\n' });
  });
});

describe('kill -9', () => {
  it.each(['input', 'completed'])(
    'at any moment loses and repeats nothing after --resume, order %s',
    async (order) => {
      const items = 1000;
      writeFileSync(at('in'), numbers(items));
      const flags = [
        '--ndjson',
        at('in'),
        '--args',
        JSON.stringify([at('notes'), 3]),
        '--order',
        order,
        '-q',
      ];
      const once = (out: string) =>
        child(['map', './tasks.mjs#noted', ...flags, '--out', at(out), '--resume']);
      expect((await once('whole').ended).code).toBe(0);
      const whole = read('whole');

      let kills = 0;
      // Small steps first: on a crowded machine much is written between two looks.
      for (let goal = 1; ; goal += 40 + ((goal * 7919) % (kills < 8 ? 500 : 90_000))) {
        const { process, ended } = once('out');
        // Killed as soon as the file has grown by some odd number of bytes, or it has ended by itself.
        const from = existsSync(at('out')) ? statSync(at('out')).size : 0;
        let over = false;
        void ended.then(() => {
          over = true;
        });
        await until(
          () => over || (existsSync(at('out')) && statSync(at('out')).size >= from + (goal % 300_000)),
          'growth',
        );
        process.kill('SIGKILL');
        const { code, signal } = await ended;
        if (signal === null) {
          expect(code).toBe(0);
          break;
        }
        kills += 1;
      }
      expect(kills).toBeGreaterThan(5);
      const sorted = (text: string) => text.trimEnd().split('\n').sort();
      if (order === 'input') expect(read('out')).toBe(whole);
      else expect(sorted(read('out'))).toEqual(sorted(whole));
      expect(records(read('out'))).toHaveLength(items);
      // What was in the output was not done again: only what was under way at a kill can be.
      const started = read('notes').trimEnd().split('\n').length - items;
      expect(started).toBeLessThan(items + kills * 100);
    },
  );
});

describe('outputs that fail', () => {
  it('a closed pipe ends the run with one line and exit code 141', async () => {
    const { ended } = shell(
      'set -o pipefail; $MILLRACE map ./tasks.mjs#double --ndjson <(seq 1 1000000) | head -n 1; echo $?',
    );
    const { stdout, stderr } = await ended;
    expect(stdout).toBe('{"index":0,"input":1,"result":2}\n141\n');
    expect(stderr).toMatch(/^millrace: the reader of stdout has closed the pipe[^\n]*\n$/);
  });

  it.each([
    ['--out /dev/full', 'cannot write to /dev/full: no space left on device'],
    ['> /dev/full', 'cannot write to stdout: no space left on device'],
    ['--out /dev/null --summary /dev/full -q', 'cannot write to /dev/full: no space left on device'],
  ])('a full device, %s', async (where, message) => {
    const { ended } = shell(`seq 1 100 | $MILLRACE map ./tasks.mjs#double --ndjson - ${where}`);
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([1, `millrace: ${message}\n`]);
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });

  // A limit of the file size takes part of a write, as a disk does that fills up: the sizes below end inside a record.
  it.each([
    ['--out', '--out "$OUT"'],
    ['> stdout', '> "$OUT"'],
    ['>> stdout', '>> "$OUT"'],
  ])('an output that takes half a record is cut back to the last full one: %s', async (_, where) => {
    for (const blocks of [1, 3, 8]) {
      rmSync(at('out'), { force: true });
      const line = `ulimit -f ${blocks}; seq 1 5000 | $MILLRACE map ./tasks.mjs#long --ndjson - --args '[97]' ${where}`;
      const { code, stderr } = await shell(line, { OUT: at('out') }).ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^millrace: cannot write to [^\n]+: file too large[^\n]*\n$/);
      const text = read('out');
      expect(text.endsWith('\n')).toBe(true);
      expect(text.length).toBeGreaterThan(blocks * 1024 - 200);
      expect(records(text).map(({ index }) => index)).toEqual(records(text).map((_, i) => i));
    }
  });

  it('of what tasks print nothing comes between the records, in however many workers', async () => {
    const run = '$MILLRACE map ./tasks.mjs#talking --ndjson - -q --workers 12 --order completed';
    const { code, stdout, stderr } = await shell(`seq 1 300 | ${run} | cat; exit ${'$'}{PIPESTATUS[1]}`)
      .ended;
    expect(code).toBe(0);
    expect(records(stdout)).toHaveLength(300);
    expect(stderr.match(/working on \d+/g)).toHaveLength(300);
    expect(stderr).not.toContain('Warning');
  });

  it('a torn record is taken back also where another has written to the same file', async () => {
    // The file is long already when the run begins to write, and longer each time another line comes.
    const other = 'for i in $(seq 40); do echo "{}" >> "$OUT"; sleep 0.01; done';
    const run = 'seq 1 5000 | $MILLRACE map ./tasks.mjs#long --ndjson - --args \'[97]\' >> "$OUT"';
    const { stderr } = await shell(`ulimit -f 3; ( ${other} ) & ${run}; wait`, { OUT: at('out') }).ended;
    expect(stderr).toMatch(/cannot write to stdout: file too large/);
    expect(read('out').endsWith('\n')).toBe(true);
    expect(records(read('out')).length).toBeGreaterThan(10);
  });

  it('goes on with --resume when there is room again', async () => {
    const run = '$MILLRACE map ./tasks.mjs#double --ndjson "$IN" --out "$OUT" --resume -q';
    writeFileSync(at('in'), numbers(500));
    const env = { IN: at('in'), OUT: at('out') };
    expect((await shell(`ulimit -f 2; ${run}`, env).ended).code).toBe(1);
    expect((await shell(run, env).ended).code).toBe(0);
    expect(records(read('out'))).toEqual(
      Array.from({ length: 500 }, (_, i) => ({ index: i, input: i + 1, result: 2 * (i + 1) })),
    );
  });
});

describe('bad input', () => {
  it.each([
    [['./none.mjs#f', 'tasks.mjs'], 'millrace: cannot load ./none.mjs: no such file or directory\n'],
    [
      ['./tasks.mjs#none', 'tasks.mjs'],
      'millrace: ./tasks.mjs#none: No task module exports a function `none`. Did you mean `long` or `noted`?\n',
    ],
    [
      ['./broken.mjs#f', 'tasks.mjs'],
      /^millrace: cannot load \.\/broken\.mjs: [^\n]*thrown while loading[^\n]*\n$/,
    ],
    [['./tasks.mjs#bytes', 'none.txt'], 'millrace: cannot read none.txt: no such file or directory\n'],
    [['./tasks.mjs#bytes', '--ndjson', '.'], 'millrace: cannot read .: it is a directory\n'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await child(['map', ...argv]).ended;
    expect([code, stdout]).toEqual([1, '']);
    if (typeof message === 'string') expect(stderr).toBe(message);
    else expect(stderr).toMatch(message);
  });
});

describe('memory', () => {
  it('stays bounded while a hundred megabytes go through', async () => {
    // 100 MB of input and 200 MB of output in a heap of 64 MB.
    const line =
      'yes \'"\'$(head -c 10000 /dev/zero | tr "\\0" x)\'"\' | head -n 10000 | ' +
      'NODE_OPTIONS=--max-old-space-size=64 $MILLRACE map ./tasks.mjs#same --ndjson - | wc -c';
    const { stdout, stderr } = await shell(line).ended;
    expect(stderr).toContain('10,000 items, 0 failed');
    expect(Number(stdout)).toBeGreaterThan(200_000_000);
  });
});
