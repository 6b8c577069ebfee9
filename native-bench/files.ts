/**
 * Files written: what is wrong is said in one line.
 *
 * @module
 */

import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from '../src/errors.ts';

/**
 * Writes `value` as JSON that a person can read, into a folder that is made where it is missing.
 *
 * @throws InvalidArgumentError when that is not possible.
 */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeText(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** The same for a text. */
export async function writeText(path: string, text: string): Promise<void> {
  const file = resolve(path);
  try {
    await made(dirname(file));
    await writeFile(file, text);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * That `path` can be written, found out before it takes minutes or hours to have something to write. Makes its folder,
 * and leaves the file as it is, or away.
 *
 * @throws InvalidArgumentError when it cannot.
 */
export async function writable(path: string): Promise<void> {
  const file = resolve(path);
  try {
    await made(dirname(file));
    const before = await stat(file).catch(() => undefined);
    await (await open(file, 'a')).close();
    if (before === undefined) await rm(file);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Step by step: where a folder cannot be made in one that is there (/proc), the recursive `mkdir` of Node 20 never ends. */
async function made(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const there = await stat(folder).catch(() => undefined);
    if (there?.isDirectory()) return;
    if (there !== undefined) throw new Error(`${folder} is no folder`);
    const parent = dirname(folder);
    const isLacking = (await stat(parent).catch(() => undefined)) === undefined;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !isLacking || parent === folder) throw error;
    await made(parent);
    await made(folder);
  }
}

function unwritable(path: string, cause: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`Cannot write ${path}: ${(cause as Error).message}`, { cause });
}
