/**
 * Builds the C++ programs when a compiler and oneTBB are there: `tsx native-bench/native/build.ts`.
 *
 * Exit code 0 also when they are not there: then it prints one line that says how to get them. 1 when they are there
 * and the programs do not compile.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { outputDirectory } from './yardsticks.ts';

export type Built =
  | {
      readonly kind: 'ready';
      readonly file: string;
      /** As in `g++ (Debian 12.2.0-14) 12.2.0, oneTBB 2021.8`. */
      readonly toolchain: string;
      /** `false`: it was there from before. */
      readonly compiled: boolean;
    }
  | {
      readonly kind: 'skipped';
      /** What is missing, and how to install it. */
      readonly line: string;
    };

const SOURCE = fileURLToPath(new URL('.', import.meta.url));
const FLAGS = ['-std=c++20', '-O3', '-march=native', '-Wall', '-Wextra'];
const LIBRARIES = ['-ltbb', '-pthread'];
const INSTALL = 'on Debian: apt-get install g++ libtbb-dev';

const run = promisify(execFile);

/**
 * The programs, built anew when their source, the compiler or the processor is another than before. Rejects when they
 * do not compile; what is not installed is no failure.
 *
 * @param compilers - tried in this order
 */
export async function buildYardsticks(
  compilers: readonly string[] = [process.env['CXX'] ?? 'g++', 'c++', 'clang++'],
): Promise<Built> {
  const compiler = await firstThatRuns(compilers);
  if (compiler === undefined) return skipped('there is no C++ compiler');
  const tbb = await tbbVersion(compiler.command);
  if (tbb === undefined) return skipped('oneTBB is not installed');

  const directory = await outputDirectory();
  const file = join(directory, 'yardsticks');
  const stamp = join(directory, 'yardsticks.stamp');
  const toolchain = `${compiler.version}, oneTBB ${tbb}`;
  const wanted = await fingerprint(toolchain);
  if ((await textOf(stamp)) === wanted) return { kind: 'ready', file, toolchain, compiled: false };

  await mkdir(directory, { recursive: true });
  const fresh = `${file}.${process.pid}`;
  try {
    await run(compiler.command, [...FLAGS, join(SOURCE, 'main.cpp'), '-o', fresh, ...LIBRARIES]);
    await rename(fresh, file);
  } finally {
    await rm(fresh, { force: true });
  }
  await writeFile(stamp, wanted);
  return { kind: 'ready', file, toolchain, compiled: true };
}

function skipped(why: string): Built {
  return { kind: 'skipped', line: `native yardsticks skipped: ${why} (${INSTALL})` };
}

interface Compiler {
  readonly command: string;
  readonly version: string;
}

async function firstThatRuns(commands: readonly string[]): Promise<Compiler | undefined> {
  for (const command of commands) {
    try {
      const { stdout } = await run(command, ['--version']);
      return { command, version: stdout.split('\n')[0]!.trim() };
    } catch {
      // Not installed; the next may be.
    }
  }
  return undefined;
}

/** Asks the preprocessor, which knows where this compiler looks for headers. */
async function tbbVersion(compiler: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(compiler, ['-E', '-P', join(SOURCE, 'tbb-version.cpp')]);
    return stdout.trim().split('\n').at(-1)!.trim().replace(' ', '.');
  } catch {
    return undefined;
  }
}

/** `-march=native` makes the program one of this processor. */
async function fingerprint(toolchain: string): Promise<string> {
  const hash = createHash('sha256');
  hash.update([toolchain, ...FLAGS, ...LIBRARIES, arch(), cpus()[0]?.model ?? ''].join('\n'));
  const names = (await readdir(SOURCE)).filter((name) => /\.[ch]pp$/.test(name)).toSorted();
  for (const name of names) hash.update(await readFile(join(SOURCE, name)));
  return hash.digest('hex');
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function main(): Promise<void> {
  const built = await buildYardsticks();
  const line =
    built.kind === 'skipped'
      ? built.line
      : `${built.file}: ${built.compiled ? 'built' : 'up to date'} (${built.toolchain})`;
  process.stdout.write(`${line}\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
