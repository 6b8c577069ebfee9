/**
 * The outputs of a run: a file named by the user, and standard output.
 *
 * @module
 */

import { fstatSync } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { CommandFailure, EXIT, reason, systemCode } from '../exit.ts';
import type { OutputStream } from '../host.ts';
import { LineDescriptor } from './descriptor.ts';
import type { LineTarget } from './writer.ts';

export type OutputMode =
  /** The file must be new or empty. */
  | { readonly kind: 'create' }
  | { readonly kind: 'overwrite' }
  /** Continue after the first `keep` bytes; what follows them is a torn line. */
  | { readonly kind: 'resume'; readonly keep: number };

/** A file that only ever grows by whole lines. */
export class FileTarget implements LineTarget {
  readonly #name: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #lines: LineDescriptor;
  readonly #created: boolean;
  #fresh = true;

  private constructor(
    name: string,
    path: string,
    handle: FileHandle,
    file: { lines: LineDescriptor; created: boolean },
  ) {
    this.#name = name;
    this.#path = path;
    this.#handle = handle;
    this.#lines = file.lines;
    this.#created = file.created;
  }

  /** Opens without changing anything: what is to be overwritten or cut stays until the first record, or the run's end. */
  static async open(name: string, path: string, mode: OutputMode): Promise<FileTarget> {
    try {
      const before = await stat(path).catch(() => undefined);
      if (before?.isFile() && before.size > 0 && mode.kind === 'create') {
        throw new CommandFailure(`${name} exists: continue it with --resume, or replace it with --overwrite`);
      }
      const handle = await open(path, before ? (before.isFile() ? 'r+' : 'w') : 'wx');
      const regular = (await handle.stat()).isFile();
      const lines = new LineDescriptor(handle.fd, {
        regular,
        size: mode.kind === 'resume' ? mode.keep : 0,
        place: regular ? 'position' : 'stream',
      });
      return new FileTarget(name, path, handle, { lines, created: !before && regular });
    } catch (error) {
      throw error instanceof CommandFailure ? error : cannotWrite(name, error);
    }
  }

  async write(chunk: Buffer): Promise<void> {
    try {
      await this.#begin();
      await this.#lines.write(chunk);
    } catch (error) {
      throw cannotWrite(this.#name, error);
    }
  }

  async end(run: 'complete' | 'partial'): Promise<void> {
    if (run === 'partial' && this.#fresh) return this.abandon();
    try {
      await this.#begin();
      if (this.#lines.regular) await this.#handle.datasync();
      await this.#handle.close();
    } catch (error) {
      throw cannotWrite(this.#name, error);
    }
  }

  /** Gives the file up as it stands; a new file that got no record is removed. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
    if (this.#created && this.#lines.size === 0) await rm(this.#path, { force: true });
  }

  async #begin(): Promise<void> {
    if (!this.#fresh) return;
    await this.#lines.cut();
    this.#fresh = false;
  }
}

/** Standard output, whatever is behind it. */
export function stdoutTarget(stream: OutputStream): LineTarget {
  const stat = stream.fd === undefined ? undefined : fstatSync(stream.fd);
  if (stream.fd !== undefined && stat?.isFile()) return redirectedTarget(stream.fd, stat.size);
  return streamTarget(stream);
}

function redirectedTarget(fd: number, size: number): LineTarget {
  const lines = new LineDescriptor(fd, { regular: true, size, place: 'stream' });
  return {
    async write(chunk) {
      await lines.write(chunk).catch((error: unknown) => {
        throw cannotWrite('stdout', error);
      });
    },
    async end() {},
  };
}

function streamTarget(stream: OutputStream): LineTarget {
  return {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        const failed = (error: unknown) => reject(cannotWrite('stdout', error));
        if (stream.destroyed) {
          failed(Object.assign(new Error('stdout is closed'), { code: 'EPIPE' }));
          return;
        }
        stream.once('error', failed);
        stream.write(chunk, (error) => {
          stream.off('error', failed);
          if (error) failed(error);
          else resolve();
        });
      }),
    async end() {},
  };
}

function cannotWrite(name: string, error: unknown): CommandFailure {
  const code = systemCode(error);
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
    ? new CommandFailure(`the reader of ${name} has closed the pipe`, { exit: EXIT.closedPipe, cause: error })
    : new CommandFailure(`cannot write to ${name}: ${reason(error)}`, { cause: error });
}
