import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writable, writeText } from '../../native-bench/files.ts';
import { InvalidArgumentError } from '../../src/errors.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(await realpath(tmpdir()), 'bench-files-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('a file that will be written', () => {
  it('is looked at before, and left as it is', async () => {
    const there = join(directory, 'there.json');
    await writeFile(there, 'kept');
    await writable(there);
    expect(await readFile(there, 'utf8')).toBe('kept');
    await writable(join(directory, 'new', 'folder', 'results.json'));
    expect(await readdir(join(directory, 'new', 'folder'))).toEqual([]);
    await writeText(join(directory, 'other', 'folder', 'page.html'), 'a page');
    expect(await readFile(join(directory, 'other', 'folder', 'page.html'), 'utf8')).toBe('a page');
  });

  it('that cannot be is refused with one line', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    await expect(writable(join(file, 'results.json'))).rejects.toThrow(`${file} is no folder`);
    for (const path of [directory, join(file, 'results.json'), join(file, 'deep', 'results.json')]) {
      for (const attempt of [() => writable(path), () => writeText(path, '')]) {
        await expect(attempt()).rejects.toThrow(InvalidArgumentError);
        await expect(attempt()).rejects.toThrow(/^Cannot write [^\n]+$/);
      }
    }
  });

  it.runIf(process.platform === 'linux')('is refused where no folder can be made', async () => {
    await expect(writable('/proc/no-such-folder/results.json')).rejects.toThrow(/^Cannot write \/proc\//);
  });
});
