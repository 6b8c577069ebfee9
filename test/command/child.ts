/** The built command as a process of its own. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';

export const FIXTURES: string = join(import.meta.dirname, 'fixtures');
const ENTRY = join(import.meta.dirname, '../../dist/src/cli/main.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What has come so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export function child(
  argv: readonly string[],
  options: SpawnOptions = {},
  stdout: 'read' | 'unread' = 'read',
): Child {
  return watch(spawn(process.execPath, [ENTRY, ...argv], { cwd: FIXTURES, ...options }), stdout);
}

/** A shell line in which `$MILLRACE` is the command; for redirections, pipes and limits. */
export function shell(line: string, env: Record<string, string> = {}): Child {
  const command = { MILLRACE: `${process.execPath} ${ENTRY}` };
  return watch(spawn('bash', ['-c', line], { cwd: FIXTURES, env: { ...process.env, ...command, ...env } }));
}

function watch(process: ChildProcess, reading: 'read' | 'unread' = 'read'): Child {
  let stdout = '';
  let stderr = '';
  if (reading === 'read') process.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  process.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  process.stdin?.on('error', () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    process.on('error', reject);
    process.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { process, ended, stdout: () => stdout, stderr: () => stderr };
}
