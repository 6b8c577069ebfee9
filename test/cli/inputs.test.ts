import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvSource } from '../../src/cli/inputs/csv.ts';
import { selectFiles } from '../../src/cli/inputs/files.ts';
import { ndjsonSource } from '../../src/cli/inputs/ndjson.ts';
import { type InputSource, type MapInput, openInput } from '../../src/cli/inputs/source.ts';

async function all(source: InputSource): Promise<MapInput[]> {
  const items: MapInput[] = [];
  for (let batch = await source.next(); batch; batch = await source.next()) items.push(...batch);
  return items;
}

/** The text in pieces of `size` bytes, as a slow pipe would give it. */
function pieces(text: string | Buffer, size = 1 << 16): Readable {
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return Readable.from(parts);
}

const ndjson = (text: string | Buffer, size?: number) =>
  all(ndjsonSource({ name: 'in', stream: pieces(text, size) }));
const csv = (text: string | Buffer, size?: number, delimiter = ',') =>
  all(csvSource({ name: 'in', stream: pieces(text, size) }, { delimiter }));
const values = (items: readonly MapInput[]) => items.map(({ value }) => value);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-map-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('files', () => {
  const make = (...names: string[]) => {
    for (const name of names) {
      mkdirSync(join(dir, name, '..'), { recursive: true });
      writeFileSync(join(dir, name), name);
    }
  };
  const select = async (patterns: string[], ignore: string[] = []) =>
    (await selectFiles(patterns, { cwd: dir, ignore })).map((path) => path.slice(dir.length + 1));

  it('expands globs to absolute paths, sorted, and no file twice', async () => {
    make('b.txt', 'a.txt', 'sub/c.txt', 'sub/d.js');
    expect(await select(['**/*.txt'])).toEqual(['a.txt', 'b.txt', 'sub/c.txt']);
    expect(await select(['sub/c.txt', '**/*.txt'])).toEqual(['sub/c.txt', 'a.txt', 'b.txt']);
    expect(await select(['**/*'], ['sub/**'])).toEqual(['a.txt', 'b.txt']);
  });

  it('takes a name that exists as it stands, even if it looks like a glob', async () => {
    make('[id].txt', 'i.txt');
    expect(await select(['[id].txt'])).toEqual(['[id].txt']);
  });

  it('leaves out what --ignore matches of names given as they stand, too', async () => {
    make('a.txt', 'b.txt', 'sub/b.txt', 'deep/sub/c.txt', '.d.txt', '[id].txt');
    const names = ['a.txt', './b.txt', 'sub/b.txt', join(dir, 'deep/sub/c.txt'), '.d.txt', '[id].txt'];
    expect(await select(names, ['b*'])).toEqual([
      'a.txt',
      'sub/b.txt',
      'deep/sub/c.txt',
      '.d.txt',
      '[id].txt',
    ]);
    expect(await select(names, ['**/b*', './a.*'])).toEqual(['deep/sub/c.txt', '.d.txt', '[id].txt']);
    expect(await select(names, ['**/sub', '*.txt'])).toEqual(['.d.txt']);
    expect(await select(names, [`${dir}/{a,b,sub/b}.txt`, 'deep/**'])).toEqual(['.d.txt', '[id].txt']);
    expect(await select(names, ['!a.txt', '../*', 'none/**'])).toHaveLength(names.length);
    expect(await select(['a.txt', '*.txt'], ['a.txt'])).toEqual(['[id].txt', 'b.txt']);
  });

  it('leaves out names outside the working directory', async () => {
    make('in/a.txt', 'out/a.txt', 'out/b.txt');
    const cwd = join(dir, 'in');
    const files = await selectFiles(['a.txt', '../out/a.txt', '../out/b.txt'], {
      cwd,
      ignore: ['../out/a*'],
    });
    expect(files).toEqual([join(cwd, 'a.txt'), join(dir, 'out/b.txt')]);
  });

  it('leaves out a directory that the shell has found', async () => {
    make('a.txt', 'sub/b.txt');
    expect(await select(['a.txt', 'sub'], ['sub'])).toEqual(['a.txt']);
  });

  it('refuses to leave out all', async () => {
    make('a.txt', 'b.txt');
    await expect(select(['a.txt', 'b.txt'], ['*.txt'])).rejects.toThrow(
      '--ignore leaves no file of those named',
    );
  });

  it('takes for a glob what is too long for a name', async () => {
    make('a.txt');
    const long = 'z'.repeat(260);
    expect(await select([`{a.txt,${long}}`])).toEqual(['a.txt']);
    await expect(select([long])).rejects.toThrow(`cannot read ${long}: name too long`);
  });

  it('ends on links that lead in a circle', async () => {
    make('a.txt');
    symlinkSync(dir, join(dir, 'loop'));
    expect(await select(['**/*.txt'])).toContain('a.txt');
  });

  it.each([
    ['none.txt', 'cannot read none.txt: no such file or directory'],
    ['none/*.txt', "no file matches 'none/*.txt'"],
    ['sub/', "sub/ is a directory: name its files with a glob, as in 'sub/**/*'"],
  ])('refuses %s in one line', async (pattern, message) => {
    make('sub/c.txt');
    await expect(select([pattern])).rejects.toThrow(message);
  });
});

describe('openInput', () => {
  it.each([
    ['none', 'cannot read none: no such file or directory'],
    ['.', 'cannot read .: it is a directory'],
  ])('refuses %s before anything runs', async (path, message) => {
    await expect(openInput(path, { cwd: dir, stdin: Readable.from([]) })).rejects.toThrow(message);
  });

  it('refuses a directory as stdin', async () => {
    const fd = openSync(dir, 'r');
    const stdin = Object.assign(Readable.from([]), { fd });
    await expect(openInput('-', { cwd: dir, stdin })).rejects.toThrow('cannot read stdin: it is a directory');
    closeSync(fd);
  });

  it('knows the size of a file, not of stdin', async () => {
    writeFileSync(join(dir, 'x'), '12345');
    const file = await openInput('x', { cwd: dir, stdin: Readable.from([]) });
    expect(file.bytes).toBe(5);
    file.stream.destroy();
    expect((await openInput('-', { cwd: dir, stdin: Readable.from([]) })).bytes).toBeUndefined();
  });
});

describe('ndjson', () => {
  it('reads lines whatever the chunks, with CRLF, blank lines, a byte order mark and no last newline', async () => {
    const text = '\ufeff{"a":"ä€😀"}\r\n\n  \n[1]\n"x"';
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(values(await ndjson(text, size))).toEqual([{ a: 'ä€😀' }, [1], 'x']);
    }
  });

  it('numbers items without gaps and tells how far each has come', async () => {
    const items = await ndjson('1\n\n22\n');
    expect(items).toEqual([
      { index: 0, value: 1, end: 2 },
      { index: 1, value: 22, end: 6 },
    ]);
  });

  it('gives a broken line as an item that says which line it is', async () => {
    const items = await ndjson('1\n\n{bad\n2\n');
    expect(items[1]).toMatchObject({ index: 1, value: '{bad', broken: { code: 'ERR_BROKEN_LINE' } });
    expect(items[1]?.broken?.message).toMatch(/^line 3 of in is not JSON: /);
    expect(items[2]).toMatchObject({ index: 2, value: 2 });
  });

  it('does not take bytes for text that are not', async () => {
    const [item] = await ndjson(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    expect(item?.broken?.message).toBe('line 1 of in is not UTF-8');
  });

  it('refuses a line without end instead of filling memory', async () => {
    const mebibyte = Buffer.alloc(1 << 20, 0x31);
    const endless = Readable.from(
      (function* () {
        for (;;) yield mebibyte;
      })(),
    );
    await expect(all(ndjsonSource({ name: 'in', stream: endless }))).rejects.toThrow(
      'line 1 of in is longer than 64 MiB',
    );
  });

  it('reads back any JSON values, in any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 50 }), async (inputs, size) => {
        const lines = inputs.map((value) => JSON.stringify(value));
        expect(values(await ndjson(lines.join('\n'), size))).toEqual(lines.map((line) => JSON.parse(line)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('csv', () => {
  it('gives each row as an object: quotes, doubled quotes, commas and newlines in quotes, CRLF', async () => {
    const text = 'id,"the name"\r\n1,"a,b"\r\n2,"say ""hi"""\r\n3,"two\r\nlines"\r\n4,\r\n';
    for (const size of [1, 3, 1000]) {
      expect(values(await csv(text, size))).toEqual([
        { id: '1', 'the name': 'a,b' },
        { id: '2', 'the name': 'say "hi"' },
        { id: '3', 'the name': 'two\r\nlines' },
        { id: '4', 'the name': '' },
      ]);
    }
  });

  it('takes another delimiter, and a byte order mark', async () => {
    expect(values(await csv('\ufeffa;b\n1;2\n', 1000, ';'))).toEqual([{ a: '1', b: '2' }]);
  });

  it('gives a row of the wrong length as a broken item', async () => {
    const items = await csv('a,b\n1,2\n3\n4,5\n');
    expect(items[1]).toMatchObject({ index: 1, value: '3' });
    expect(items[1]?.broken?.message).toBe('line 3 of in has 1 fields, the header 2');
    expect(items[2]?.value).toEqual({ a: '4', b: '5' });
  });

  it('gives the text of a broken row as it stands, whatever the chunks', async () => {
    const text = '\ufeffa,b\r\n\r\n"x ""y""","ä\r\n\r\n",€\r\n\r\n1,2\r\n"3"';
    for (const size of [1, 2, 3, 7, 1000]) {
      const items = await csv(text, size);
      expect(values(items)).toEqual(['"x ""y""","ä\r\n\r\n",€', { a: '1', b: '2' }, '"3"']);
      expect(items.map(({ broken }) => broken?.code)).toEqual([
        'ERR_BROKEN_LINE',
        undefined,
        'ERR_BROKEN_LINE',
      ]);
    }
  });

  it('does not take bytes for text that are not', async () => {
    const latin1 = Buffer.from('a,b\n1,é\n2,x\n3,é', 'latin1');
    for (const size of [1, 3, 1000]) {
      const items = await csv(latin1, size);
      expect(values(items)).toEqual(['1,é', { a: '2', b: 'x' }, '3,é']);
      expect(items.map(({ broken }) => broken?.message)).toEqual([
        'line 2 of in is not UTF-8',
        undefined,
        'line 4 of in is not UTF-8',
      ]);
    }
    await expect(csv(Buffer.from('é,b\n1,2\n', 'latin1'))).rejects.toThrow('line 1 of in is not UTF-8');
  });

  it('reads UTF-16 that says so with a byte order mark', async () => {
    for (const size of [1, 3, 1000]) {
      expect(values(await csv(Buffer.from('\ufeffa,b\r\n1,"ä"\r\n2\r\n', 'utf16le'), size))).toEqual([
        { a: '1', b: 'ä' },
        '2',
      ]);
    }
  });

  it.each([
    ['a,b\n1,"never closed\n', /^in is not CSV: .*quote/i],
    ['a,a\n1,2\n', /^in has the column "a" twice/],
  ])('refuses %j', async (text, message) => {
    await expect(csv(text)).rejects.toThrow(message);
  });

  it('has no items without rows', async () => {
    expect(await csv('a,b\n')).toEqual([]);
    expect(await csv('')).toEqual([]);
  });
});
