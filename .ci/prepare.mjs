/**
 * Makes a fresh clone ready: installs the dependencies named in `package-lock.json`, and builds `dist/`.
 * Each is done once, and again when what it depends on has changed or when it was cut short.
 * Needs nothing but Node and npm.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, npm, ROOT, run, runBin, StageError } from './command.mjs';
import { withLock } from './lock.mjs';

const LOCK = join(ROOT, '.millrace/prepare.lock');
const MODULES = join(ROOT, 'node_modules');
const INSTALL_STAMP = join(MODULES, '.millrace-installed');
const DIST = join(ROOT, 'dist');
const BUILD_STAMP = join(DIST, '.built');
const BUILD_INPUTS = ['src', 'workers', 'package.json', 'package-lock.json', 'tsconfig.json'];
const GENERATED = 'src/memory/core-bytes.ts';

/** Installs and builds what is missing. */
export async function prepare({ say = console.log } = {}) {
  requireNode();
  await install({ say });
  await build({ say });
}

/** Installs the dependencies, unless those of this lock file are there. */
export async function install({ say = console.log } = {}) {
  if (isInstalled()) return;
  await withLock(
    LOCK,
    async () => {
      if (isInstalled()) return;
      say('Installing the dependencies (npm ci)…');
      // npm empties the folder first and the stamp with it, so an installation cut short is never taken for whole.
      const code = await npm(['ci', '--include=dev', '--loglevel=error']);
      if (code !== 0) throw new StageError(`npm ci failed (exit code ${code}). Its output is above.`);
      writeFileSync(INSTALL_STAMP, lockHash());
    },
    { say },
  );
}

/** Builds `dist/`, unless it is what these sources give. */
export async function build({ say = console.log } = {}) {
  if (isBuilt()) return;
  await withLock(
    LOCK,
    async () => {
      if (isBuilt()) return;
      say('Building…');
      const inputs = inputHash();
      rmSync(DIST, { recursive: true, force: true });
      await step('the WebAssembly core', run(process.execPath, [join(ROOT, 'src/memory/core/build.mjs')]));
      await step('TypeScript', runBin('typescript', 'tsc', ['-p', '.']));
      writeFileSync(BUILD_STAMP, JSON.stringify({ inputs, outputs: outputHash() }));
    },
    { say },
  );
}

async function step(name, exit) {
  const code = await exit;
  if (code !== 0) throw new StageError(`The build of ${name} failed. What to mend is above.`);
}

function requireNode() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [major, minor] = engines.node.match(/\d+/g).map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  throw new StageError(`Millrace needs Node ${engines.node}; this is ${process.version}.`);
}

function isInstalled() {
  // A linked folder belongs to another checkout, which keeps it up to date: `npm ci` here would empty it there.
  if (existsSync(MODULES) && lstatSync(MODULES).isSymbolicLink()) return true;
  return readOr(INSTALL_STAMP) === lockHash() || npmSaysInstalled();
}

/** npm's own record, which it writes last: somebody ran `npm ci` or `npm install` by hand. */
function npmSaysInstalled() {
  const record = readOr(join(MODULES, '.package-lock.json'));
  if (!record) return false;
  const have = JSON.parse(record).packages;
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).every(([path, { version, optional }]) => {
    // Optional ones are for this platform or for another; those that are there must be the right ones.
    if (path === '' || (optional && !have[path])) return true;
    return have[path]?.version === version;
  });
}

function lockHash() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  return hash.update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');
}

function isBuilt() {
  const stamp = readOr(BUILD_STAMP);
  if (!stamp || !existsSync(join(ROOT, GENERATED))) return false;
  const { inputs, outputs } = JSON.parse(stamp);
  return inputs === inputHash() && outputs === outputHash();
}

function inputHash() {
  const hash = createHash('sha256');
  for (const file of BUILD_INPUTS.flatMap((name) => filesUnder(name))) {
    if (file !== GENERATED) hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex');
}

/** Sizes and times are enough here: this finds a `dist/` that something else has written to since. */
function outputHash() {
  const hash = createHash('sha256');
  for (const file of filesUnder('dist')) {
    if (join(ROOT, file) === BUILD_STAMP) continue;
    const { size, mtimeMs } = statSync(join(ROOT, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function filesUnder(name) {
  const path = join(ROOT, name);
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [name];
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => filesUnder(`${name}/${entry.name}`));
}

function readOr(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main(() => prepare());
