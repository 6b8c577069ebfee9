/**
 * Processes that do nothing but use the processor, to run a test beside.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Says so once it runs, and ends by itself when its parent is gone. */
const SOURCE = `
  const parent = process.ppid;
  require('node:fs').writeSync(1, 'busy');
  for (;;) {
    for (let i = 0; i < 1e7; i++);
    if (process.ppid !== parent) process.exit();
  }`;

export interface Busy extends AsyncDisposable {
  readonly pids: readonly number[];
  /** Ends the processes; resolves when they are gone. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts busy processes; resolves when all of them run. `count`: how many, default 1.
 * Stop them by `await using`, or by `stop()` in a `finally`.
 */
export async function busy(count = 1): Promise<Busy> {
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', SOURCE], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
  };
  try {
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
  } catch (error) {
    await stop();
    throw error;
  }
  return { pids: children.map((child) => child.pid!), stop, [Symbol.asyncDispose]: stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
