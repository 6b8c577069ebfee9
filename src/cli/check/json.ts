/**
 * JSON files read: what is wrong with one is said in one line.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { expected, InvalidArgumentError } from '../../errors.ts';

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

/** Throws unless `found` is an object; gives its fields. */
export function record(at: string, found: unknown): Readonly<Record<string, unknown>> {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw expected(at, 'an object', found);
  }
  return found as Record<string, unknown>;
}

/** Throws unless `found` is an array of what `item` lets through. */
export function list(at: string, found: unknown, item: (at: string, found: unknown) => void): void {
  if (!Array.isArray(found)) throw expected(at, 'an array', found);
  for (const [index, each] of found.entries()) item(`${at}[${index}]`, each);
}

/** Throws unless `found` is a string. */
export function text(at: string, found: unknown): asserts found is string {
  if (typeof found !== 'string') throw expected(at, 'a string', found);
}

/** Throws unless `found` is a finite number. */
export function number(at: string, found: unknown): asserts found is number {
  if (typeof found !== 'number' || !Number.isFinite(found)) throw expected(at, 'a number', found);
}

/** Throws unless `found` is a finite number, and not below `least`. */
export function atLeast(at: string, found: unknown, least: number): asserts found is number {
  number(at, found);
  if (found < least) throw expected(at, `a number from ${least} on`, found);
}

/** Throws unless `found` is one of `known`. */
export function oneOf<T extends string>(at: string, found: unknown, known: readonly T[]): asserts found is T {
  if (!known.includes(found as T)) {
    throw expected(at, `one of ${known.map((each) => JSON.stringify(each)).join(', ')}`, found);
  }
}
