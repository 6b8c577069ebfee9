/**
 * Which of the files that were named as they stand `--ignore` leaves out.
 *
 * @module
 */

import { basename, dirname, resolve } from 'node:path';
import { type FileSystemAdapter, glob } from 'tinyglobby';

/** Names in a directory, and which of them are directories. */
type Tree = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

/**
 * Tells of each absolute path, out of `paths`, whether a glob of `ignore` matches it or a directory it is in.
 * The globs are matched by the library that expands inputs, so that both read them alike; it is shown a file system
 * that holds only these paths, so that no directory is read.
 */
export async function ignoring(
  paths: readonly string[],
  { cwd, ignore }: { readonly cwd: string; readonly ignore: readonly string[] },
): Promise<(path: string) => boolean> {
  const tree = treeOf(paths);
  const matched = await glob(
    // A negated glob takes nothing back here either: the library skips those in its own `ignore`.
    ignore.filter((pattern) => !/^!(?!\()/.test(pattern)),
    { cwd, absolute: true, onlyFiles: false, expandDirectories: false, fs: onlyThese(tree) },
  );
  const found = new Set(matched.map((path) => resolve(path)));
  // What `**` says about the working directory itself is not meant for all that is in it.
  for (const above of withParents(resolve(cwd))) found.delete(above);
  return (path) => withParents(path).some((at) => found.has(at));
}

/** The path and the directories it is in, without the root. */
function withParents(path: string): string[] {
  const all: string[] = [];
  for (let at = path; at !== dirname(at); at = dirname(at)) all.push(at);
  return all;
}

function treeOf(paths: readonly string[]): Tree {
  const tree = new Map<string, Map<string, boolean>>();
  for (const path of paths) {
    for (const at of withParents(path)) {
      const names = tree.get(dirname(at)) ?? new Map<string, boolean>();
      tree.set(dirname(at), names);
      names.set(basename(at), at !== path || (names.get(basename(at)) ?? false));
    }
  }
  return tree;
}

function onlyThese(tree: Tree): FileSystemAdapter {
  const readdir = (
    path: string,
    _: unknown,
    done: (error: null, entries: readonly object[]) => void,
  ): void => {
    const entries = [...(tree.get(resolve(path)) ?? [])].map(([name, isDirectory]) => ({
      name,
      isFile: () => !isDirectory,
      isDirectory: () => isDirectory,
      isSymbolicLink: () => false,
    }));
    done(null, entries);
  };
  return { readdir: readdir as unknown as NonNullable<FileSystemAdapter['readdir']> };
}
