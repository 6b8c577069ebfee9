/**
 * Files named on the command line, by path or glob, in an order that does not depend on the file system.
 *
 * @module
 */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { CommandFailure, reason, systemCode } from '../exit.ts';
import { ignoring } from './ignore.ts';
import type { InputSource, MapInput } from './source.ts';

export interface FileSelection {
  readonly cwd: string;
  /** Globs of files to leave out. */
  readonly ignore?: readonly string[];
}

/**
 * Absolute paths: the patterns in the order given, the files of each sorted, none twice.
 * A name that exists as it stands is a file, even if it looks like a glob.
 */
export async function selectFiles(patterns: readonly string[], selection: FileSelection): Promise<string[]> {
  const { cwd, ignore = [] } = selection;
  const isIgnored =
    ignore.length === 0
      ? () => false
      : await ignoring(
          patterns.map((pattern) => resolve(cwd, pattern)),
          { cwd, ignore },
        );
  const files = new Set<string>();
  for (const pattern of patterns) {
    for (const file of await expand(pattern, selection, isIgnored)) files.add(file);
  }
  if (files.size === 0) throw new CommandFailure('--ignore leaves no file of those named');
  return [...files];
}

/** No file can have a name that is too long, but such a text can be a glob with many alternatives. */
const NO_SUCH_FILE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENAMETOOLONG']);

async function expand(
  pattern: string,
  { cwd, ignore }: FileSelection,
  isIgnored: (path: string) => boolean,
): Promise<string[]> {
  const path = resolve(cwd, pattern);
  try {
    const found = await stat(path);
    if (isIgnored(path)) return [];
    if (found.isDirectory()) {
      throw new CommandFailure(
        `${pattern} is a directory: name its files with a glob, as in '${pattern.replace(/\/+$/, '')}/**/*'`,
      );
    }
    await access(path, constants.R_OK);
    return [path];
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    if (!NO_SUCH_FILE.has(systemCode(error)) || !isDynamicPattern(pattern)) {
      throw new CommandFailure(`cannot read ${pattern}: ${reason(error)}`, { cause: error });
    }
  }
  const found = await glob(pattern, { cwd, absolute: true, expandDirectories: false, ignore: ignore ?? [] });
  if (found.length === 0) throw new CommandFailure(`no file matches '${pattern}'`);
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

const BATCH = 256;

export function fileSource(files: readonly string[]): InputSource {
  return listSource(files.map((value, index) => ({ index, value })));
}

/** A source of files whose sizes are known: progress goes by bytes. */
export function sizedFileSource(
  files: readonly { readonly path: string; readonly bytes: number }[],
): InputSource {
  let end = 0;
  const items = files.map(({ path, bytes }, index) => ({ index, value: path, end: (end += bytes) }));
  return { ...listSource(items), bytes: end };
}

function listSource(items: readonly MapInput[]): InputSource {
  let at = 0;
  return {
    name: 'the list of files',
    total: items.length,
    async next() {
      if (at >= items.length) return undefined;
      const from = at;
      at += BATCH;
      return items.slice(from, at);
    },
    close() {},
  };
}
