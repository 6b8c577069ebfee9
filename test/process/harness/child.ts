/**
 * Runs a script in a Node process of its own, for tests of what a whole process does: crashes, exits, hangs, signals.
 * A script imports the built library by its name (`import { createPool } from 'millrace'`).
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SCRIPTS = join(ROOT, '.millrace/children');
const OUTPUT_LIMIT = 4 * 1024 * 1024;

/** A script as text, or the file that holds it. Text is written to a file inside the repository, and removed after. */
export type Script = string | { readonly file: string | URL };

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Options of Node itself, before the script's name. */
  readonly nodeFlags?: readonly string[];
  /** How long the child may live, ms; its whole process group is killed then. Default 30000. */
  readonly limitMs?: number;
  /** What the child reads. Default: an input that ends at once. */
  readonly stdin?: string | Uint8Array;
  /** Default: the root of the repository. */
  readonly cwd?: string;
  /** Called with the child once it has started, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with all of the output so far whenever there is more. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
}

export interface ChildResult {
  /** The exit code, or `null` when a signal ended the child. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it was killed at the limit. */
  readonly timedOut: boolean;
}

const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) killGroup(pid);
});

/**
 * Runs a script to its end, or to the limit. Whatever the child started and left behind is killed with it.
 */
export async function runChild(script: Script, options: ChildOptions = {}): Promise<ChildResult> {
  const { file, remove } = place(script);
  try {
    return await runFile(file, options);
  } finally {
    remove();
  }
}

/** Like {@link runChild}, and throws with the whole output unless the child ended by itself with `code`. */
export async function runToExit(
  script: Script,
  options: ChildOptions & { readonly code?: number } = {},
): Promise<ChildResult> {
  const result = await runChild(script, options);
  const wanted = options.code ?? 0;
  if (result.timedOut || result.code !== wanted) {
    throw new Error(`Expected the child to exit with code ${wanted}.\n${describe(result)}`);
  }
  return result;
}

/** How the child ended and all it wrote, for the message of a failed test. */
export function describe(result: ChildResult): string {
  const how = result.timedOut
    ? 'It was killed at its limit.'
    : `It ended with ${result.signal ? `signal ${result.signal}` : `code ${result.code}`}.`;
  return `${how}\n--- stdout ---\n${result.stdout}\n--- stderr ---\n${result.stderr}\n---`;
}

function place(script: Script): { readonly file: string; readonly remove: () => void } {
  if (typeof script !== 'string') {
    const file = typeof script.file === 'string' ? script.file : fileURLToPath(script.file);
    return { file, remove: () => {} };
  }
  mkdirSync(SCRIPTS, { recursive: true });
  const folder = mkdtempSync(join(SCRIPTS, 'child-'));
  const file = join(folder, 'script.mjs');
  writeFileSync(file, script);
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function runFile(file: string, options: ChildOptions): Promise<ChildResult> {
  const { args = [], env = {}, nodeFlags = [], limitMs = 30_000, stdin = '', cwd = ROOT } = options;
  return new Promise((resolve, reject) => {
    // Detached: the child leads a process group, so that what it starts can be killed with it.
    const child = spawn(process.execPath, [...nodeFlags, file, ...args], {
      cwd,
      env: { ...process.env, ...env },
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.once('error', reject);
    const pid = child.pid;
    if (pid === undefined) return;
    running.add(pid);
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(pid);
    }, limitMs);
    const stdout = collect(child.stdout, (text) => options.onOutput?.(text, child));
    const stderr = collect(child.stderr);
    // A grandchild that holds the pipes would keep `close` from coming.
    child.once('exit', () => killGroup(pid));
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      running.delete(pid);
      resolve({ code, signal, stdout: stdout(), stderr: stderr(), timedOut });
    });
    // A child that ends without reading is no error of the test's.
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
    options.onStart?.(child);
  });
}

/** Keeps the end of what is written: the last lines of a flood are the ones that tell. */
function collect(stream: NodeJS.ReadableStream, onText: (text: string) => void = () => {}): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > 2 * OUTPUT_LIMIT) text = `[…]${text.slice(-OUTPUT_LIMIT)}`;
    onText(text);
  });
  return () => text;
}

function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
