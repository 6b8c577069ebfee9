/**
 * One line of output an item: `{"index":0,"input":…,"result":…}`, or `error` in place of `result`.
 *
 * @module
 */

import { oneLine } from '../exit.ts';
import { toJson } from './json.ts';

/** How an error is written to a record. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** How often the item was tried, where that is more than once. */
  readonly attempts?: number;
}

/** A result's line; throws `NotJsonError` for what JSON cannot hold. */
export function resultLine(index: number, input: unknown, result: unknown): string {
  return `{"index":${index},"input":${JSON.stringify(input)},"result":${toJson(result)}}\n`;
}

export function errorLine(index: number, input: unknown, error: ErrorRecord): string {
  return `{"index":${index},"input":${JSON.stringify(input)},"error":${JSON.stringify(error)}}\n`;
}

/** Whatever was thrown, as an error record. */
export function toErrorRecord(thrown: unknown, attempts: number): ErrorRecord {
  const tries = attempts > 1 ? { attempts } : {};
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'NonErrorThrown', message: String(thrown), ...tries };
  }
  const { name, message, code } = thrown as { name?: unknown; message?: unknown; code?: unknown };
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : 'an object without a message was thrown',
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...tries,
  };
}

/** An input as shown in a message, in one short line. */
export function showInput(input: unknown): string {
  return oneLine(typeof input === 'string' ? input : JSON.stringify(input), 120);
}
