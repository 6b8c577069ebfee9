/**
 * Files written: what is wrong is said in one line.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises';
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
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  } catch (cause) {
    throw new InvalidArgumentError(`Cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}
