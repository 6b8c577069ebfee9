import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, TASKS } from './fake-host.ts';

describe('a task module that is no file URL exits 2 with one line', () => {
  it.each([
    ['file://h/t.mjs#id', 'File URL host must be'],
    ['file:///%zz#id', 'URI malformed'],
    ['file:///a%2fb#id', 'File URL path must not include encoded / characters'],
    ['file://[#id', 'Invalid URL'],
  ])('%s', async (target, why) => {
    const { code, stderr } = await cli(['map', target, '--ndjson', '-']);
    expect(code).toBe(2);
    expect(stderr.text).toContain(why);
    expect(stderr.text).toMatch(/^millrace: [^\n]+\n$/);
  });
});

describe('an option that names one file', () => {
  it.each(['--ndjson', '--csv', '--out', '--summary'])('%s is refused the second time', async (option) => {
    const { code, stderr } = await cli(['map', 'x.js#f', option, 'a', option, 'b']);
    expect(code).toBe(2);
    expect(stderr.text).toContain(
      `'${option.replace('--out', '-o, --out')} <file>' argument 'b' is invalid. Give it once`,
    );
    expect(stderr.text).toMatch(/^millrace: [^\n]+\n$/);
  });
});

describe('--out -', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-map-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const tasks = pathToFileURL(join(import.meta.dirname, '../command', TASKS)).href;
  const map = (...args: string[]) =>
    cli(['map', `${tasks}#fn`, '--ndjson', '-', '--out', '-', ...args], { cwd: dir, stdin: '1\n' });

  it('is stdout', async () => {
    const { code, stdout } = await map();
    expect([code, stdout.text]).toEqual([0, '{"index":0,"input":1,"result":1}\n']);
    expect(existsSync(join(dir, '-'))).toBe(false);
  });

  it.each(['--resume', '--overwrite'])('is no file for %s', async (option) => {
    const { code, stderr } = await map(option);
    expect([code, stderr.text]).toEqual([
      2,
      expect.stringMatching(`^millrace: ${option} needs --out[^\n]*\n$`),
    ]);
  });
});
