/**
 * Before tests that run `dist/`: brings it up to date, so that nobody ever tests an old build.
 *
 * @module
 */
import { join } from 'node:path';
import { ROOT, run, StageError } from './command.mjs';

export async function setup() {
  const code = await run(process.execPath, [join(ROOT, '.ci/prepare.mjs')]);
  if (code !== 0) throw new StageError('dist/ could not be built. What to mend is above.');
}
