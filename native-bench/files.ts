/**
 * Files read and written: what is wrong with one is said in one line.
 *
 * @module
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from '../src/errors.ts';

/**
 * What the JSON file `path`, which should be `what`, holds.
 *
 * @throws InvalidArgumentError when the file is missing, cut short or not JSON.
 */
export async function readJson(path: string, what: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'there is none' : (cause as Error).message;
    throw new InvalidArgumentError(`Expected ${what} at ${path}: ${why}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cutShort(text) ? 'it is cut short or empty' : `it is not JSON: ${(cause as Error).message}`;
    throw new InvalidArgumentError(
      `${path} is no ${what.replace(/^an? /, '')}: ${why.replaceAll('\n', ' ')}`,
      {
        cause,
      },
    );
  }
}

/** JSON that begins as an object and does not end as one. Indented files end in an unindented brace. */
function cutShort(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === '') return true;
  const ending = trimmed.includes('\n') ? '\n}' : '}';
  return trimmed.startsWith('{') && !trimmed.endsWith(ending);
}

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
