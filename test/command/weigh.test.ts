import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { copies, packageOf, selectPackages, weighPackages } from '../../src/cli/weigh/packages.ts';
import { weigh } from '../../workers/tasks/weigh.ts';
import { cli } from '../cli/fake-host.ts';
import { child } from './child.ts';

// Starting processes beside other work takes its time; nothing here is a measurement.
vi.setConfig({ testTimeout: 120_000 });

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-weigh-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const make = (name: string, text: string) => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
};

describe('the task', () => {
  it('gives the hash and the sizes of a file', async () => {
    const text = 'export const answer = 42;\n'.repeat(100);
    make('a.js', text);
    const { sha256, bytes, gzip, brotli } = weigh(join(dir, 'a.js'));
    expect(sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(bytes).toBe(text.length);
    expect([gzip, brotli].every((size) => size > 20 && size < 200)).toBe(true);
    // The sizes are those of streams that Node reads back.
    const { gzipSync, brotliCompressSync } = await import('node:zlib');
    expect(gunzipSync(gzipSync(text, { level: 9 }).subarray(0, gzip)).toString()).toBe(text);
    expect(brotliDecompressSync(brotliCompressSync(text)).toString()).toBe(text);
  });

  it('weighs an empty file, and throws for one that is not there', () => {
    make('empty.js', '');
    expect(weigh(join(dir, 'empty.js')).bytes).toBe(0);
    expect(() => weigh(join(dir, 'none.js'))).toThrow('ENOENT');
  });
});

describe('packages', () => {
  it.each([
    ['/p/node_modules/a/lib/x.js', 'a', '/p/node_modules/a'],
    ['/p/node_modules/@s/b/x.js', '@s/b', '/p/node_modules/@s/b'],
    ['/p/node_modules/a/node_modules/c/x.js', 'c', '/p/node_modules/a/node_modules/c'],
    ['/p/node_modules/.pnpm/d@1/node_modules/d/x.js', 'd', '/p/node_modules/.pnpm/d@1/node_modules/d'],
    ['/p/node_modules/loose.js', 'node_modules', '/p/node_modules'],
  ])('%s belongs to %s', (path, name, directory) => {
    expect(packageOf(path, '/p/node_modules')).toEqual({ name, directory });
  });

  const file = (path: string, brotli: number, sha256 = path) => ({
    path: `/n/node_modules/${path}`,
    sha256,
    bytes: brotli * 4,
    gzip: brotli * 2,
    brotli,
  });

  it('are added up, the heaviest compressed first', () => {
    const files = [file('a/1.js', 5), file('b/1.js', 7), file('a/2.js', 5), file('c/1.js', 7)];
    expect(
      weighPackages(files, '/n').map(({ name, files, bytes, gzip, brotli }) => [
        name,
        files,
        bytes,
        gzip,
        brotli,
      ]),
    ).toEqual([
      ['a', 2, 40, 20, 10],
      ['b', 1, 28, 14, 7],
      ['c', 1, 28, 14, 7],
    ]);
  });

  it('count files with the same content', () => {
    expect(copies([file('a/1.js', 5, 'x'), file('b/1.js', 5, 'x'), file('c/1.js', 5)])).toEqual({
      files: 1,
      bytes: 20,
    });
  });

  it('are chosen whole, largest first, up to a limit, and always the same', () => {
    const found = [file('a/1.js', 1), file('b/1.js', 10), file('b/2.js', 30), file('c/1.js', 20)];
    const { files, ...rest } = selectPackages(found, '/n', 242);
    expect(files.map(({ path }) => path)).toEqual(
      ['b/2.js', 'c/1.js', 'b/1.js'].map((path) => `/n/node_modules/${path}`),
    );
    expect(rest).toEqual({ bytes: 240, packages: 2, left: { packages: 1, bytes: 4 } });
    expect(selectPackages([...found].reverse(), '/n', 242)).toEqual({ files, ...rest });
    expect(selectPackages(found, '/n', 1)).toMatchObject({ packages: 1, bytes: 160 });
  });
});

describe('millrace weigh', () => {
  it('prints the packages that weigh most compressed', async () => {
    const noise = (n: number) => createHash('sha512').update(String(n)).digest('hex').repeat(1);
    make('node_modules/big/package.json', '{"version":"1.2.3"}');
    make('node_modules/big/index.js', Array.from({ length: 200 }, (_, i) => noise(i)).join(''));
    // More bytes, fewer of them once compressed.
    make('node_modules/@s/dull/index.mjs', 'x'.repeat(50_000));
    make('node_modules/small/index.cjs', 'x');
    make('node_modules/small/readme.md', 'y'.repeat(99_999));
    symlinkSync(join(dir, 'node_modules/big'), join(dir, 'node_modules/link'));
    const { code, stdout, stderr } = await child(['weigh', '--top', '2'], { cwd: dir }).ended;
    expect(stderr).toMatch(/^3 items, 0 failed/);
    const rows = stdout.split('\n').map((line) => line.split(/\s{2,}/));
    expect(code).toBe(0);
    expect(rows.slice(0, 5).map(([name, files, bytes]) => [name, files, bytes])).toEqual([
      ['package', 'files', 'bytes'],
      ['big@1.2.3', '1', '25.6 kB'],
      ['@s/dull', '1', '50.0 kB'],
      ['1 other', '1', '1 B'],
      ['all 3', '3', '75.6 kB'],
    ]);
    expect(stdout).toContain(
      'All 3 JavaScript files, 75.6 kB, of 3 packages; each file by itself, gzip level 9, brotli quality 10.',
    );
  });

  it.each([
    [['none'], 'millrace: cannot read none: no such file or directory\n'],
    [['weigh.test.ts'], 'millrace: cannot read weigh.test.ts: not a directory\n'],
  ])('%j gets one line and a non-zero exit', async (argv, message) => {
    const { code, stderr } = await cli(['weigh', ...argv]);
    expect([code, stderr.text]).toEqual([1, message]);
  });

  it('says so when there is no JavaScript', async () => {
    const { code, stderr } = await cli(['weigh', '.'], { cwd: dir });
    expect([code, stderr.text]).toEqual([1, 'millrace: no JavaScript files under .\n']);
  });

  it('says what it has left out', async () => {
    make('node_modules/a/1.js', 'x'.repeat(900_000));
    make('node_modules/b/1.js', 'x'.repeat(300_000));
    const { stdout } = await cli(['weigh', '--max-mb', '1'], {
      cwd: dir,
      task: () => ({ sha256: 'x', bytes: 900_000, gzip: 2, brotli: 1 }),
    });
    expect(stdout.text).toContain('The 1 JavaScript file, 900.0 kB, of 1 package with the most;');
    expect(stdout.text).toContain('Not weighed: 1 smaller package, 300.0 kB (--max-mb).');
  });
});
