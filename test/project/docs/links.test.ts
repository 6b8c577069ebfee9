import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, ROOT, read } from '../tree.ts';
import { anchorsOf, commandsOf, linksOf } from './markdown.ts';

const documents = files().filter((path) => path.endsWith('.md') && !path.includes('/fixtures/'));
const manifest = JSON.parse(read('package.json')) as { scripts: object; files: readonly string[] };
const scripts = Object.keys(manifest.scripts);
const left = manifest.files.filter((path) => path.startsWith('!')).map((path) => path.slice(1));

/** Whether the npm package holds it. */
function isPacked(path: string): boolean {
  if (['README.md', 'LICENSE', 'package.json'].includes(path)) return true;
  return manifest.files.some((each) => path === each || path.startsWith(`${each}/`)) && !left.includes(path);
}

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

  it.runIf(isPacked(path))('links only to what is in the package, if it is in the package', () => {
    const targets = linksOf(text)
      .filter((link) => !/^[a-z]+:|^#/.test(link))
      .map((link) => posix.join(posix.dirname(path), decodeURI(link.split('#')[0]!)));
    expect(targets.filter((target) => !isPacked(target))).toEqual([]);
  });

  it('names only npm scripts that are there', () => {
    expect(commandsOf(text).filter((name) => !scripts.includes(name))).toEqual([]);
  });
});
