/**
 * Before tests that import `src/`: brings the WebAssembly core up to date, which the sources include as bytes.
 *
 * @module
 */
import { join } from 'node:path';
import { ROOT, run, StageError } from './command.mjs';

export async function setup() {
  const code = await run(process.execPath, [join(ROOT, 'src/memory/core/build.mjs')]);
  if (code !== 0) throw new StageError('The WebAssembly core could not be built. What to mend is above.');
}
