/**
 * What locks of `millrace/sync` ask about the thread that holds them.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { threadId } from 'node:worker_threads';
import * as L from '../src/memory/layout.ts';
import { isAlive } from '../src/memory/threads.ts';
import { onePerThread } from './one-per-thread.ts';
import type { WorkerView } from './view.ts';

/** Answers for threads by Node's number + 1; undefined: not known. */
export const liveness: { isAlive: (id: number) => boolean | undefined } = onePerThread('liveness', () => ({
  isAlive: (_: number): boolean | undefined => undefined,
}));

const require = createRequire(import.meta.url);

// Linux alone tells.
function systemThread(): number {
  if (process.platform !== 'linux') return 0;
  try {
    const { readlinkSync } = require('node:fs') as typeof import('node:fs');
    return Number(readlinkSync('/proc/thread-self').split('/').pop());
  } catch {
    // No /proc, as in some containers.
    return 0;
  }
}

/** In a worker: says which thread has its block, and asks the pool's memory about others. */
export function announceThread(view: WorkerView): void {
  const { memory } = view;
  Atomics.store(memory.i32, (view.block + L.W_SYSTEM_THREAD) >> 2, systemThread());
  Atomics.store(memory.i32, (view.block + L.W_THREAD) >> 2, threadId + 1);
  liveness.isAlive = (id) => {
    // Blocks may have been added.
    memory.refresh();
    return id === 1 ? true : isAlive(memory.i32, id);
  };
}
