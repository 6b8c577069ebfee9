/**
 * Newline-delimited JSON: one item a line. Blank lines are no items.
 *
 * @module
 */

import type { Readable } from 'node:stream';
import { CommandFailure, oneLine } from '../exit.ts';
import { type InputSource, MAX_RECORD_BYTES, type MapInput, type OpenInput, streamSource } from './source.ts';

export function ndjsonSource(input: OpenInput): InputSource {
  return streamSource(input, readLines(input.name, input.stream));
}

/** `JSON.parse` reads any depth; `JSON.stringify`, which writes the record, runs out of stack at some thousands. */
const MAX_LEVELS = 1000;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((part) => isDeeper(part, levels - 1));
}

async function* readLines(name: string, stream: Readable): AsyncGenerator<readonly MapInput[]> {
  const text = new TextDecoder('utf-8', { fatal: true });
  let index = 0;
  let line = 0;
  let end = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;

  const broken = (value: string, why: string): MapInput => ({
    index: index++,
    value,
    broken: { name: 'SyntaxError', code: 'ERR_BROKEN_LINE', message: `line ${line} of ${name} ${why}` },
    end,
  });
  const take = (bytes: Buffer): MapInput | undefined => {
    line += 1;
    let source: string;
    try {
      // Drops a byte order mark, too.
      source = text.decode(bytes);
    } catch {
      return broken(bytes.toString('latin1'), 'is not UTF-8');
    }
    if (source.trim() === '') return undefined;
    let value: unknown;
    try {
      value = JSON.parse(source);
    } catch (error) {
      return broken(source, `is not JSON: ${oneLine((error as Error).message, 160)}`);
    }
    // A shorter line has no room for so many levels.
    if (source.length > 2 * MAX_LEVELS && isDeeper(value, MAX_LEVELS)) {
      return broken(source, `is nested more than ${MAX_LEVELS} levels deep`);
    }
    return { index: index++, value, end };
  };

  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const batch: MapInput[] = [];
    let from = 0;
    for (;;) {
      const newline = bytes.indexOf(0x0a, from);
      if (newline < 0) break;
      const piece = bytes.subarray(from, newline);
      const whole = restBytes > 0 ? Buffer.concat([...rest, piece]) : piece;
      end += whole.length + 1;
      rest = [];
      restBytes = 0;
      from = newline + 1;
      const item = take(whole);
      if (item) batch.push(item);
    }
    if (from < bytes.length) {
      rest.push(bytes.subarray(from));
      restBytes += bytes.length - from;
      if (restBytes > MAX_RECORD_BYTES) {
        throw new CommandFailure(`line ${line + 1} of ${name} is longer than ${MAX_RECORD_BYTES >> 20} MiB`);
      }
    }
    if (batch.length > 0) yield batch;
  }
  if (restBytes > 0) {
    end += restBytes;
    const item = take(Buffer.concat(rest));
    if (item) yield [item];
  }
}
