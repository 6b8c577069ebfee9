/**
 * Where items come from, whatever their format: numbered batches, pulled one at a time.
 *
 * @module
 */

import { fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { CommandFailure, reason } from '../exit.ts';

export interface MapInput {
  /** Position in the input, from 0. */
  readonly index: number;
  /** What the function receives first, or the raw text of a broken line. */
  readonly value: unknown;
  /** The line could not be read; the function is not called. */
  readonly broken?: BrokenLine;
  /** Bytes of the source read up to the end of this item. */
  readonly end?: number;
}

export interface BrokenLine {
  readonly name: string;
  readonly code: 'ERR_BROKEN_LINE';
  readonly message: string;
}

export interface InputSource {
  /** As shown in messages. */
  readonly name: string;
  /** Number of items, where it is known beforehand. */
  readonly total?: number;
  /** Size in bytes, where it is known beforehand. */
  readonly bytes?: number;
  /** The next items, or `undefined` at the end. Only one call at a time. Rejects when the source cannot be read on. */
  next(): Promise<readonly MapInput[] | undefined>;
  /** Gives up the source, also while `next` waits. */
  close(): void;
}

/** A file, or stdin for `-`, opened for reading; a file that cannot be read fails here, not later. */
export interface OpenInput {
  readonly name: string;
  readonly stream: Readable;
  readonly bytes?: number;
}

/** Lines and rows longer than this are refused, so that memory stays bounded. */
export const MAX_RECORD_BYTES: number = 64 * 1024 * 1024;

export async function openInput(path: string, from: { cwd: string; stdin: Readable }): Promise<OpenInput> {
  if (path === '-') return openStdin(from.stdin);
  let handle: FileHandle | undefined;
  try {
    handle = await open(resolve(from.cwd, path), 'r');
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new CommandFailure(`cannot read ${path}: it is a directory`);
    return {
      name: path,
      stream: handle.createReadStream(),
      ...(stat.isFile() ? { bytes: stat.size } : {}),
    };
  } catch (error) {
    await handle?.close();
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`cannot read ${path}: ${reason(error)}`, { cause: error });
  }
}

/** Node gives a directory as a stream that ends at once, as if it were an empty file. */
function openStdin(stream: Readable & { readonly fd?: unknown }): OpenInput {
  if (typeof stream.fd === 'number' && fstatSync(stream.fd).isDirectory()) {
    throw new CommandFailure('cannot read stdin: it is a directory');
  }
  return { name: 'stdin', stream };
}

/** A source from a generator of batches over one stream. */
export function streamSource(input: OpenInput, batches: AsyncGenerator<readonly MapInput[]>): InputSource {
  return {
    name: input.name,
    ...(input.bytes === undefined ? {} : { bytes: input.bytes }),
    async next() {
      try {
        const { done, value } = await batches.next();
        return done ? undefined : value;
      } catch (error) {
        if (error instanceof CommandFailure) throw error;
        throw new CommandFailure(`cannot read ${input.name}: ${reason(error)}`, { cause: error });
      }
    },
    close() {
      input.stream.destroy();
    },
  };
}
