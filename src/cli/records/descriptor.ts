/**
 * Whole chunks of lines to a file descriptor: on failure the torn line at its end is taken away.
 *
 * @module
 */

import { fstat as fstatCallback, ftruncate as ftruncateCallback, write as writeCallback } from 'node:fs';
import { promisify } from 'node:util';

const fstat = promisify(fstatCallback);
const ftruncate = promisify(ftruncateCallback);
const write = promisify(writeCallback);

const NEWLINE = 0x0a;

export class LineDescriptor {
  readonly fd: number;
  /** Only a regular file can be cut. */
  readonly regular: boolean;
  /** `position`: writes go to known places of a file of ours. `stream`: they go where the descriptor stands. */
  readonly #place: 'position' | 'stream';
  #size: number;

  constructor(fd: number, file: { regular: boolean; size: number; place: 'position' | 'stream' }) {
    this.fd = fd;
    this.regular = file.regular;
    this.#place = file.place;
    this.#size = file.size;
  }

  /** Bytes up to the end of the last full line. */
  get size(): number {
    return this.#size;
  }

  async write(chunk: Buffer): Promise<void> {
    let done = 0;
    try {
      while (done < chunk.length) {
        const position = this.#place === 'position' ? this.#size + done : null;
        done += (await write(this.fd, chunk, done, chunk.length - done, position)).bytesWritten;
      }
      this.#size += done;
    } catch (error) {
      const whole = chunk.subarray(0, done).lastIndexOf(NEWLINE) + 1;
      this.#size += whole;
      await (this.#place === 'position' ? this.cut() : this.#cutTorn(done - whole)).catch(() => {});
      throw error;
    }
  }

  /** Others may write to the same stream: only what this one has put at its end is known to be torn. */
  async #cutTorn(bytes: number): Promise<void> {
    if (!this.regular || bytes === 0) return;
    const { size } = await fstat(this.fd);
    if (size > this.#size) await ftruncate(this.fd, size - bytes);
  }

  /** Takes away what follows the last full line. */
  async cut(): Promise<void> {
    if (this.regular && (await fstat(this.fd)).size > this.#size) await ftruncate(this.fd, this.#size);
  }
}
