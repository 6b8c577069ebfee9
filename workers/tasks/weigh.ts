/**
 * A built-in task: what a file weighs, as it is and compressed.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Sizes in bytes. */
export interface Weight {
  /** Of the content, in hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** At level 9. */
  readonly gzip: number;
  readonly brotli: number;
}

/**
 * Reads a file and compresses it in memory. `quality` is brotli's, 0 to 11. Default 11, as for files compressed once
 * and served often. Throws what `fs` throws for a file that cannot be read.
 */
export function weigh(path: string, quality: number = constants.BROTLI_MAX_QUALITY): Weight {
  const content = readFileSync(path);
  return {
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    gzip: gzipSync(content, { level: 9 }).length,
    brotli: brotliCompressSync(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: quality,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }).length,
  };
}
