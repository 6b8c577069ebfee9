/**
 * What the single-threaded program answers, found out once for a run although every contender has a process of its own.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;

/** SHA-256 over all outputs in their order, each with its kind and length. Throws when one is neither text nor bytes. */
export function digest(outputs: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const [index, output] of outputs.entries()) {
    if (typeof output === 'string') hash.update(`text ${output.length} `).update(output);
    else if (output instanceof Uint8Array) hash.update(`bytes ${output.length} `).update(output);
    else throw new Error(`Wrong result: task ${index} gave ${String(output)}, neither text nor bytes`);
  }
  return hash.digest('hex');
}

async function contents(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close();
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return true;
    throw error;
  }
}

/**
 * The result of `compute`, which one process of all those that share the folder computes while the others wait. The
 * folder must be of this run alone. A process that is killed meanwhile leaves the others waiting until their own limit.
 */
export async function onceForAll(
  folder: string,
  name: string,
  compute: () => Promise<string>,
): Promise<string> {
  const file = join(folder, name);
  const lock = `${file}.lock`;
  await mkdir(folder, { recursive: true });
  for (;;) {
    const known = await contents(file);
    if (known !== undefined) return known;
    if (await taken(lock)) {
      await delay(LOOK_AGAIN_MS);
      continue;
    }
    try {
      const found = await compute();
      await writeFile(`${lock}.new`, found);
      await rename(`${lock}.new`, file);
      return found;
    } finally {
      await rm(lock, { force: true });
    }
  }
}
