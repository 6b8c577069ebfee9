/**
 * Checks the package as it would be published: what is in it, and that its entry points and types hold together.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { main, npm, ROOT, runBin, StageError } from './command.mjs';
import { prepare } from './prepare.mjs';

const MUST_HAVE = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/src/memory/core.wasm'];
const MUST_NOT_HAVE = [
  /^test\//,
  /^native-bench\//,
  /^\.ci\//,
  /\.tsbuildinfo$/,
  /^dist\/\.built$/,
  /(^|\/)\.millrace/,
];

await main(async () => {
  await prepare();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'));
  try {
    const { tarball, files } = await pack(folder);
    checkContents(files);
    await checkWith('publint', 'publint', ['run', tarball, '--strict']);
    await checkWith('@arethetypeswrong/cli', 'attw', [tarball, '--profile', 'esm-only']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The scripts are left out: what they would print stands in the way of the answer, and the build is done. */
async function pack(folder) {
  const list = join(folder, 'list.json');
  const { openSync, closeSync } = await import('node:fs');
  const out = openSync(list, 'w');
  const code = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    stdout: out,
  });
  closeSync(out);
  if (code !== 0) throw new StageError(`npm pack failed (exit code ${code}).`);
  const answer = JSON.parse(readFileSync(list, 'utf8'));
  const [{ filename, files }] = Array.isArray(answer) ? answer : Object.values(answer);
  return { tarball: join(folder, filename), files: files.map((file) => file.path) };
}

function checkContents(files) {
  const have = new Set(files);
  const { exports, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const targets = [...leaves(exports), ...leaves(bin)].map((path) => posix.normalize(path));
  const missing = [...MUST_HAVE, ...targets, ...mappedSources(files)].filter((path) => !have.has(path));
  const unwanted = files.filter((path) => MUST_NOT_HAVE.some((pattern) => pattern.test(path)));
  const faults = [
    ...new Set(missing.map((path) => `missing: ${path}`)),
    ...unwanted.map((path) => `does not belong in it: ${path}`),
    ...programsWithoutShebang(leaves(bin)),
  ];
  if (faults.length > 0) throw new StageError(`The package is not right:\n  ${faults.join('\n  ')}`);
  console.log(`npm pack: ${files.length} files, every entry point and mapped source among them.`);
}

function leaves(node) {
  if (typeof node === 'string') return [node];
  return Object.values(node ?? {}).flatMap((value) => leaves(value));
}

/** The sources that stack traces and "go to definition" lead to. */
function mappedSources(files) {
  return files
    .filter((path) => path.endsWith('.map'))
    .flatMap((path) => {
      const { sources } = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
      return sources.map((source) => posix.join(posix.dirname(path), source));
    });
}

function programsWithoutShebang(paths) {
  const bad = paths.filter(
    (path) => !readFileSync(join(ROOT, path), 'utf8').startsWith('#!/usr/bin/env node\n'),
  );
  return bad.map((path) => `does not start with #!/usr/bin/env node: ${path}`);
}

async function checkWith(name, bin, args) {
  const code = await runBin(name, bin, args);
  if (code !== 0) throw new StageError(`${bin} found faults in the package (exit code ${code}).`);
}
