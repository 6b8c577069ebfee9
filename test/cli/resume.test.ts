import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, numbers, type Setup, start, TASKS, until } from './fake-host.ts';

let dir: string;
let out: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-map-'));
  out = join(dir, 'out.ndjson');
});
afterEach(() => rmSync(dir, { recursive: true }));

const resume = (stdin: string, args: readonly string[] = [], setup: Setup = {}) =>
  cli(['map', `${TASKS}#fn`, '--ndjson', '-', '--out', out, '--resume', ...args], { stdin, ...setup });
const record = (index: number, input: unknown = index + 1) =>
  `${JSON.stringify({ index, input, result: input })}\n`;
const written = () => readFileSync(out, 'utf8');
const full = (n: number) => Array.from({ length: n }, (_, i) => record(i)).join('');

describe('--resume', () => {
  it('starts from nothing when there is no output yet', async () => {
    expect((await resume(numbers(3))).code).toBe(0);
    expect(written()).toBe(full(3));
  });

  it('does only what is missing', async () => {
    writeFileSync(out, full(3));
    const { code, pool, stderr } = await resume(numbers(5));
    expect([code, pool?.started]).toEqual([0, 2]);
    expect(written()).toBe(full(5));
    expect(stderr.text).toContain('2 items, 0 failed');
    expect(stderr.text).toContain('; 3 were done before');
  });

  it('has nothing to do after a full run', async () => {
    writeFileSync(out, full(3));
    const { code, pool } = await resume(numbers(3));
    expect([code, pool?.started]).toEqual([0, 0]);
    expect(written()).toBe(full(3));
  });

  it('continues from wherever the file was cut off', async () => {
    const whole = full(4);
    for (let cut = 0; cut <= whole.length; cut++) {
      writeFileSync(out, whole.slice(0, cut));
      const { code, pool } = await resume(numbers(4));
      expect([cut, code]).toEqual([cut, 0]);
      expect(written()).toBe(whole);
      expect(pool?.started).toBe(4 - whole.slice(0, cut).split('\n').length + 1);
    }
  });

  it('fills the gaps a run in the order of completion has left, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(19)), async (done) => {
        writeFileSync(out, done.map((index) => record(index)).join(''));
        const { code, pool } = await resume(numbers(20), ['--order', 'completed']);
        expect([code, pool?.started]).toEqual([0, 20 - done.length]);
        expect(written().trimEnd().split('\n').sort()).toEqual(full(20).trimEnd().split('\n').sort());
      }),
      { numRuns: 40 },
    );
  });

  it('does not redo failed items, and still exits 1 for them', async () => {
    const failed = '{"index":0,"input":1,"error":{"name":"Error","message":"no"}}\n';
    writeFileSync(out, failed);
    const { code, stderr } = await resume(numbers(2));
    expect(code).toBe(1);
    expect(written()).toBe(failed + record(1));
    expect(stderr.text).toContain('1 were done before (1 failed)');
  });

  it('tries the item again at which an earlier run has stopped', async () => {
    let broken = true;
    const task = (_: string, [input]: readonly unknown[]) => {
      if (broken && input === 3) throw new Error('no');
      return input;
    };
    expect((await resume(numbers(5), [], { task })).code).toBe(1);
    expect(written()).toBe(full(2));
    broken = false;
    expect((await resume(numbers(5), [], { task })).code).toBe(0);
    expect(written()).toBe(full(5));
  });

  it('knows a broken line by its text', async () => {
    const stdin = '1\n{x\n3\n';
    await resume(stdin, ['--on-error', 'skip']);
    const before = written();
    const { pool } = await resume(stdin, ['--on-error', 'skip']);
    expect(pool?.started).toBe(0);
    expect(written()).toBe(before);
  });

  it.each([
    [
      'another input',
      numbers(5).replace('2', '22'),
      'its item 1 is not 22; give the inputs of the interrupted run',
    ],
    ['fewer inputs', numbers(2), 'it has item 2, stdin ends at item 1; give the inputs'],
    ['no inputs', '', 'it has item 2, stdin ends at item -1'],
  ])('refuses %s and leaves the output as it was', async (_, stdin, message) => {
    const before = `${full(3)}{"index":3,"inp`;
    writeFileSync(out, before);
    const { code, stderr, pool } = await resume(stdin);
    expect(code).toBe(1);
    expect(stderr.text).toMatch(/^millrace: cannot resume [^\n]+\n$/);
    expect(stderr.text).toContain(message);
    expect([written(), pool?.started]).toEqual([before, 0]);
  });

  it.each([
    ['some other text', 'hello\n', 'line 1 is not a record of millrace map'],
    ['other JSON', `${record(0)}{"a":1}\n`, 'line 2 is not a record of millrace map'],
    ['null', 'null\n', 'line 1 is not a record'],
    ['an item twice', record(0) + record(0), 'line 2 has item 0 a second time'],
    ['a negative index', '{"index":-1,"input":1,"result":1}\n', 'line 1 is not a record'],
  ])('refuses %s in the output', async (_, text, message) => {
    writeFileSync(out, text);
    const { code, stderr } = await resume(numbers(2));
    expect(code).toBe(1);
    expect(stderr.text).toMatch(/^millrace: cannot resume [^\n]+\n$/);
    expect(stderr.text).toContain(message);
    expect(written()).toBe(text);
  });

  it('--overwrite leaves the output as it is until there is a record, or the run has come to its end', async () => {
    const overwrite = ['map', `${TASKS}#fn`, '--ndjson', '-', '--out', out, '--overwrite'];
    const failing = () => {
      throw new Error('no');
    };
    writeFileSync(out, full(3));
    expect((await cli(overwrite, { stdin: '1\n', task: failing })).code).toBe(1);
    expect(written()).toBe(full(3));
    const session = start(overwrite, { stdin: '1\n', task: () => new Promise(() => {}) });
    await until(() => session.pool?.running === 1, 'the item runs');
    session.signal('SIGINT');
    session.signal('SIGINT');
    expect(await session.exit).toBe(130);
    expect(written()).toBe(full(3));
    expect((await cli(overwrite, { stdin: '' })).code).toBe(0);
    expect(written()).toBe('');
    rmSync(out);
    expect((await cli(overwrite, { stdin: '1\n', task: failing })).code).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it('--overwrite replaces an output that has records', async () => {
    writeFileSync(out, full(30));
    const { code } = await cli(['map', `${TASKS}#fn`, '--ndjson', '-', '--out', out, '--overwrite'], {
      stdin: numbers(2),
    });
    expect(code).toBe(0);
    expect(written()).toBe(full(2));
  });
});
