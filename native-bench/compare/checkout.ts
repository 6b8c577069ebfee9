/**
 * A revision of this repository, in a folder of its own and built.
 *
 * @module
 */

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InvalidArgumentError } from '../../src/errors.ts';

const run = promisify(execFile);

export interface Checkout {
  readonly revision: string;
  readonly commit: string;
  readonly directory: string;
  /** Whether its dependencies are those that are installed here. */
  readonly sameDependencies: boolean;
  readonly remove: () => void;
}

/** The commit that `revision` names in `repository`, or `undefined` when it names none. */
export async function commitOf(repository: string, revision: string): Promise<string | undefined> {
  try {
    const argv = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
    return (await run('git', argv, { cwd: repository })).stdout.trim();
  } catch (error) {
    // Code 1 is the answer no; anything else (no git, no repository) is not about the revision.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw new InvalidArgumentError(`git cannot look up revisions here: ${lastLine(error)}`, { cause: error });
  }
}

/**
 * Checks `revision` out with `git worktree add`, links the installed dependencies to it, and builds it. It is removed by
 * `remove`, or when this process exits.
 *
 * @throws InvalidArgumentError when there is no such revision, or it does not build.
 */
export async function checkOut(repository: string, revision: string): Promise<Checkout> {
  const commit = await commitOf(repository, revision);
  if (commit === undefined) throw new InvalidArgumentError(`There is no revision "${revision}" here`);
  const parent = await mkdtemp(join(await realpath(tmpdir()), 'millrace-revision-'));
  const directory = join(parent, 'tree');
  const remove = (): void => {
    process.off('exit', remove);
    spawnSync('git', ['worktree', 'remove', '--force', directory], { cwd: repository });
    rmSync(parent, { recursive: true, force: true });
  };
  process.once('exit', remove);
  try {
    await run('git', ['worktree', 'add', '--detach', directory, commit], { cwd: repository });
    await symlink(
      await realpath(join(repository, 'node_modules')),
      join(directory, 'node_modules'),
      'junction',
    );
    const prepare = join(directory, '.ci', 'prepare.mjs');
    if (!existsSync(prepare)) throw new Error('it has no .ci/prepare.mjs');
    await run(process.execPath, [prepare], { cwd: directory });
  } catch (error) {
    remove();
    throw new InvalidArgumentError(`Revision "${revision}" cannot be built: ${lastLine(error)}`, {
      cause: error,
    });
  }
  return {
    revision,
    commit,
    directory,
    sameDependencies: (await lockFile(repository)) === (await lockFile(directory)),
    remove,
  };
}

function lockFile(directory: string): Promise<string | undefined> {
  return readFile(join(directory, 'package-lock.json'), 'utf8').catch(() => undefined);
}

/** What a program that failed said last, or what the error says. */
function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr || message).split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim() ?? 'no reason given';
}
