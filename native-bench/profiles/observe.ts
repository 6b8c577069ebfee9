/**
 * A profile's process, seen from the script.
 *
 * @module
 */
import { fork } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Observations } from './conduct.ts';
import type { ProfileReply, ProfileRequest } from './main.ts';

/** The program of a profile's process, beside the session that `build()` gives. */
export function profileProgram(session: string): string {
  return join(dirname(session), 'profiles', 'main.js');
}

/** A profile that has not answered so long after its time hangs. */
const PATIENCE_MS = 5 * 60_000;

/** Rejects when the process ends without an answer, or does not end. */
export async function observe(program: string, request: ProfileRequest): Promise<Observations> {
  const child = fork(program, [], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), request.durationMs + PATIENCE_MS);
  const forward = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', forward).on('SIGTERM', forward);
  try {
    return await new Promise((done, failed) => {
      child.once('message', (reply: ProfileReply) => {
        if (reply.kind === 'observed') done(reply.observations);
        else failed(new Error(reply.reason));
      });
      child.once('error', failed);
      child.once('exit', (code, signal) => {
        failed(new Error(`The profile ended without an answer, with ${signal ?? `exit code ${code}`}`));
      });
      child.send(request);
    });
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', forward).off('SIGTERM', forward);
  }
}
