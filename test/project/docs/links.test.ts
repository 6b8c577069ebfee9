import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, ROOT, read } from '../tree.ts';
import { anchorsOf, commandsOf, linksOf } from './markdown.ts';

const documents = files().filter((path) => path.endsWith('.md') && !path.includes('/fixtures/'));
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

describe.each(documents)('%s', (path) => {
  const text = read(path);

  it('links only to files and headings that are there', () => {
    const broken = linksOf(text).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : posix.join(posix.dirname(path), decodeURI(file));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names only npm scripts that are there', () => {
    expect(commandsOf(text).filter((name) => !scripts.includes(name))).toEqual([]);
  });
});
