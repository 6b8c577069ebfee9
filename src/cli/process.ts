/**
 * Runs the command as this process: the standard streams, the signals, the exit code.
 *
 * @module
 */

import { type Host, type OutputStream, type StopSignal, systemClock } from './host.ts';
import type { PoolFactory } from './map-pool.ts';
import { runCli } from './program.ts';

const FLUSH_MS = 500;

/** Runs the command line of this process with the given pool and ends the process with its exit code. */
export async function runProcess(createPool: PoolFactory): Promise<void> {
  // A reader that goes away is reported by the write that meets it; the event alone would be a crash.
  const { stdout } = process;
  stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const host: Host = {
    cwd: process.cwd(),
    env: process.env,
    // A getter, so that a command that reads no stdin does not open it.
    get stdin() {
      return process.stdin;
    },
    stdout: stdout as OutputStream,
    stderr: process.stderr as OutputStream,
    clock: systemClock,
    createPool,
    onSignal(listener) {
      const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
  };
  // Node hands what a thread prints to what `process.stdout` is when it starts: stdout has records and nothing else.
  Object.defineProperty(process, 'stdout', { configurable: true, get: () => process.stderr });
  const code = await runCli(process.argv.slice(2), host);
  // What a command must not lose it has waited for; a reader that takes nothing does not keep the process.
  setTimeout(() => process.exit(code), FLUSH_MS);
  await Promise.all([flushed(stdout), flushed(process.stderr)]);
  process.exit(code);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
