/**
 * Starting other programs: one way, so that every stage behaves the same without a terminal and on every platform.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A failure whose message says all there is to say: it is printed without a stack. */
export class StageError extends Error {
  name = 'StageError';
}

/**
 * Runs a program to its end with this process's output, and no input.
 *
 * @returns {Promise<number>} its exit code; a signal counts as 1.
 */
export function run(
  command,
  args,
  { cwd = ROOT, env = process.env, shell = false, stdout = 'inherit' } = {},
) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', stdout, 'inherit'] });
    const pass = (signal) => child.kill(signal);
    const stop = () => {
      process.off('SIGINT', pass);
      process.off('SIGTERM', pass);
    };
    process.on('SIGINT', pass);
    process.on('SIGTERM', pass);
    child.once('error', (cause) => {
      stop();
      reject(new StageError(`Could not start \`${command}\`: ${cause.message}`, { cause }));
    });
    child.once('close', (code) => {
      stop();
      resolve(code ?? 1);
    });
  });
}

/** Runs a program of this repository's `node_modules` by the package that brings it, under this Node or another. */
export function runBin(name, bin, args, { node = process.execPath, ...options } = {}) {
  return run(node, [binPath(name, bin), ...args], options);
}

/** The path of a package's program. */
export function binPath(name, bin = name) {
  const require = createRequire(import.meta.url);
  const manifest = join(ROOT, 'node_modules', name, 'package.json');
  const { bin: bins } = require(manifest);
  const path = typeof bins === 'string' ? bins : bins?.[bin];
  if (!path) throw new StageError(`The package ${name} has no program \`${bin}\`.`);
  return join(dirname(manifest), path);
}

/** Runs npm: the one that started us, when one did, so that two versions never meet in one tree. */
export function npm(args, options = {}) {
  const own = process.env.npm_execpath;
  if (own?.endsWith('npm-cli.js')) return run(process.execPath, [own, ...args], options);
  return run('npm', args, { shell: process.platform === 'win32', ...options });
}

/** Runs the main function of a script, and turns a failure into an exit code and one clear message. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    console.error(error instanceof StageError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
