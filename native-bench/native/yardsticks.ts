/**
 * Running the C++ programs and reading what they print.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../contenders/solver.ts';

/** `sequential` is the plain program; the others are ways to make it parallel. */
export type Variant = 'sequential' | 'tbb-group' | 'tbb-for' | 'std-thread';

/** Which programs there are, and in which variants. */
export const PROGRAMS: Readonly<Record<Program, readonly Variant[]>> = {
  fib: ['sequential', 'tbb-group', 'std-thread'],
  nqueens: ['sequential', 'tbb-group', 'tbb-for', 'std-thread'],
  uts: ['sequential', 'tbb-group', 'std-thread'],
  skynet: ['sequential', 'tbb-group', 'std-thread'],
  matmul: ['sequential', 'tbb-for', 'std-thread'],
  sort: ['sequential', 'tbb-for', 'std-thread'],
  mandelbrot: ['sequential', 'tbb-for', 'std-thread'],
  reduce: ['sequential', 'tbb-for', 'std-thread'],
  scan: ['sequential', 'tbb-for', 'std-thread'],
  loop: ['sequential', 'tbb-for', 'std-thread'],
};

export interface YardstickRun {
  readonly program: Program;
  readonly variant: Variant;
  readonly threads: number;
  readonly numbers: readonly number[];
}

export interface YardstickOutcome {
  /** As the program has measured it: neither its start nor the making of its input is in it. */
  readonly ms: number;
  readonly answer: readonly number[];
}

const LIMIT_MS = 120_000;

/** What to do where the programs are not there. */
export const HOW_TO_BUILD =
  'Build them with `npx tsx native-bench/native/build.ts`; on Debian after `apt-get install g++ libtbb-dev`.';

/** Where `build.ts` puts the programs; the same for measured processes, which run from a copy below `dist`. */
export async function outputDirectory(): Promise<string> {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!(await isPackage(directory))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('native-bench does not lie in the package `millrace`');
    directory = parent;
  }
  return join(directory, 'native-bench', 'dist', 'native');
}

async function isPackage(directory: string): Promise<boolean> {
  try {
    const text = await readFile(join(directory, 'package.json'), 'utf8');
    return (JSON.parse(text) as { readonly name?: unknown }).name === 'millrace';
  } catch {
    return false;
  }
}

/** The built program; rejects with what to do when there is none. */
export async function executable(): Promise<string> {
  const file = join(await outputDirectory(), 'yardsticks');
  try {
    await access(file, constants.X_OK);
  } catch (cause) {
    throw new Error(`The native yardsticks are not built. ${HOW_TO_BUILD}`, { cause });
  }
  return file;
}

/** Runs one program once. Rejects when it fails, takes over two minutes, or prints something else than was asked for. */
export function runYardstick(file: string, run: YardstickRun): Promise<YardstickOutcome> {
  const { program, variant, threads, numbers } = run;
  const argv = [program, variant, '--threads', String(threads), ...numbers.map(String)];
  return new Promise((resolve, reject) => {
    execFile(file, argv, { timeout: LIMIT_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error !== null) {
        const why =
          error.killed === true ? `ran for over ${LIMIT_MS / 1000} s` : stderr.trim() || error.message;
        reject(new Error(`The yardstick \`${argv.join(' ')}\` failed: ${why}`, { cause: error }));
        return;
      }
      try {
        resolve(readOutcome(stdout, run));
      } catch (unreadable) {
        reject(unreadable as Error);
      }
    });
  });
}

/** Reads the line of JSON a program prints. Throws when it is no such line, or of another run. */
export function readOutcome(text: string, run: YardstickRun): YardstickOutcome {
  let printed: unknown;
  try {
    printed = JSON.parse(text);
  } catch (cause) {
    throw new Error(
      `Expected a yardstick to print one line of JSON, got ${JSON.stringify(text.slice(0, 200))}`,
      {
        cause,
      },
    );
  }
  const { program, variant, threads, ms, answer } = (printed ?? {}) as Readonly<Record<string, unknown>>;
  if (program !== run.program || variant !== run.variant || threads !== run.threads) {
    throw new Error(
      `Expected the outcome of ${run.program} ${run.variant} on ${run.threads} threads, got ${text.trim()}`,
    );
  }
  const integers = Array.isArray(answer) && answer.length > 0 && answer.every(Number.isSafeInteger);
  if (typeof ms !== 'number' || !(ms >= 0) || !integers) {
    throw new Error(`Expected a time and an answer of integers, got ${text.trim()}`);
  }
  return { ms, answer: answer as number[] };
}
