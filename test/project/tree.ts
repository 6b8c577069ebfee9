/**
 * The files of this repository, as checks of the project itself see them: without what is installed, built or ignored.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

const ignored = parseIgnore(readFileSync(join(ROOT, '.gitignore'), 'utf8'));

/** Every file below a folder (default: all), relative to the repository, with `/` between the parts. */
export function files(folder = ''): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries
    .map((entry) => ({ entry, path: folder ? `${folder}/${entry.name}` : entry.name }))
    .filter(({ entry, path }) => entry.name !== '.git' && !ignored(path))
    .flatMap(({ entry, path }) => (entry.isDirectory() ? files(path) : [path]))
    .sort();
}

/** What the top level holds. */
export function topLevel(): readonly string[] {
  return [...new Set(files().map((path) => path.split('/')[0]!))];
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The few forms of pattern that our `.gitignore` uses: a name, a name with `*`, a path; an end `/` is dropped. */
function parseIgnore(text: string): (path: string) => boolean {
  const lines = text.split('\n').map((line) => line.trim().replace(/\/$/, ''));
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const tests = patterns.map((pattern) => {
    const body = pattern
      .replace(/^\//, '')
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*');
    return new RegExp(pattern.includes('/') ? `^${body}$` : `(^|/)${body}$`);
  });
  return (path) => tests.some((test) => test.test(path));
}
