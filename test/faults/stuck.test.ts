// Threads that do not end when they are told to: they open a FIFO that nobody writes to, and no kill ends that.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPool } from '../../dist/src/index.js';
import { until } from '../process/harness/until.ts';
import { failure, inLab, outcome, TASKS, threads } from './lab.ts';

async function withFifo(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-fifo-'));
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  try {
    await body(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets the threads that wait for a writer go on. Never waits for a reader: that would block this thread. */
function release(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
  }
}

/** When a thread is in its native call, which nothing ends before the writer this opens is closed. */
async function readerOf(path: string): Promise<number> {
  let writer = -1;
  await until('a thread has opened the FIFO', () => {
    try {
      writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    return writer !== -1;
  });
  return writer;
}

/** Each thread that reads the fifo ends when a writer has come and gone. */
function releaseAll(path: string): Promise<void> {
  return until('every thread has exited', () => {
    release(path);
    return threads.size === 0;
  });
}

/** For pools outside the lab. */
const JOURNAL = { ...(process.env as Record<string, string>), JOURNAL: '/dev/null' };

describe.skipIf(process.platform === 'win32')('a thread that does not end', () => {
  it('row 40: is replaced; its task and its neighbours settle; its memory waits for its exit', () =>
    withFifo((path) =>
      inLab({ workers: 1, graceMs: 50 }, async ({ pool, noted }) => {
        const stuck: number[] = [];
        const states: string[] = [];
        const state = (): string => pool.stats().workers[0]!.state;
        pool.on('workerStuck', ({ worker }) => {
          stuck.push(worker);
          states.push(state());
          queueMicrotask(() => states.push(state()));
        });
        const neighbour = failure(pool.run('never', ['n']));
        const again = pool.run('later', ['again', 10], { idempotent: true });
        await noted('n');
        const held = failure(pool.run('readFifo', [path, 'r'], { timeout: 50 }));
        await noted('r');
        const queued = Array.from({ length: 50 }, (_, i) => pool.run('echo', [{ i }]));
        try {
          expect(await held).toMatchObject({ code: 'ERR_TIMEOUT', started: true });
          expect(await neighbour).toMatchObject({ code: 'ERR_WORKER_STUCK', worker: 0, started: true });
          expect(await Promise.all(queued)).toEqual(queued.map((_, i) => ({ i })));
          expect(await again).toBe('again');
          expect(stuck).toEqual([0]);
          // Until its successor is ready, and no longer.
          expect(states).toEqual(['stuck', 'stuck']);
          expect(['idle', 'busy']).toContain(state());
          expect(pool.stats().workers[0]!.restarts).toBe(1);
          // The records of the stuck thread's tasks are its own until it exits.
          expect(pool.stats().memory.records).toBeGreaterThan(0);
        } finally {
          release(path);
        }
        await until('the stuck thread has exited', () => pool.stats().memory.records === 0);
      }),
    ));

  it('row 40: tasks bound to it, or with values only a port can carry, go on with its successor', () =>
    withFifo((path) =>
      inLab({ workers: 1, graceMs: 50 }, async ({ pool, noted }) => {
        const shared = new Int32Array(new SharedArrayBuffer(12));
        const moved = new Uint8Array(5);
        const waits = pool.run('later', ['w', 300, shared], { idempotent: true });
        const gone = failure(pool.run('never', ['g', moved], { idempotent: true, transfer: [moved.buffer] }));
        const bound = pool.run('later', ['b', 300], { affinity: 0, idempotent: true });
        await noted('g');
        const held = failure(pool.run('readFifo', [path, 'r'], { timeout: 50, affinity: 0 }));
        await noted('r');
        const queued = [
          pool.run('where', [], { affinity: 0 }),
          pool.run('length', [shared]),
          pool.run('length', [shared], { affinity: 0 }),
        ];
        const late = new Uint8Array(7);
        const lost = outcome(pool.run('length', [late], { transfer: [late.buffer] }));
        try {
          expect(await held).toMatchObject({ code: 'ERR_TIMEOUT', started: true });
          expect(await Promise.all([waits, bound])).toEqual(['w', 'b']);
          expect(await gone).toMatchObject({ code: 'ERR_WORKER_STUCK', worker: 0, started: true });
          expect(await Promise.all(queued)).toEqual([0, 3, 3]);
          // It went with the thread, unless it had not been posted yet.
          const last = await lost;
          if ('error' in last)
            expect(last.error).toMatchObject({ code: 'ERR_WORKER_CRASHED', started: false });
          else expect(last.value).toBe(7);
        } finally {
          release(path);
        }
        await until('the stuck thread has exited', () => pool.stats().memory.records === 0);
      }),
    ));

  it('row 40: takes nothing from its successor when it ends at last', () =>
    withFifo((path) =>
      inLab({ workers: 1, graceMs: 50 }, async ({ pool, noted }) => {
        const before = threads.size;
        const held = failure(pool.run('readFifo', [path, 'r'], { timeout: 50 }));
        await noted('r');
        const controller = new AbortController();
        const { signal } = controller;
        try {
          expect(await held).toMatchObject({ code: 'ERR_TIMEOUT' });
          const busy = failure(pool.run('untilCancelled', ['busy'], { affinity: 0, signal }));
          await noted('busy');
          const buffer = new ArrayBuffer(8);
          const moved = pool.run('byteLength', [buffer], { affinity: 0, transfer: [buffer] });
          const sent = pool.run('echo', [{ n: 1 }], { affinity: 0 });
          release(path);
          await until('the stuck thread has exited', () => threads.size === before);
          controller.abort();
          expect(await moved).toBe(8);
          expect(await sent).toEqual({ n: 1 });
          expect(await busy).toBe(signal.reason);
        } finally {
          release(path);
        }
      }),
    ));

  it('row 40: has memory that nobody gets while a worker has been in a task since before its exit', () =>
    withFifo((path) =>
      inLab({ workers: 2, graceMs: 50 }, async ({ pool, noted }) => {
        // Memory grows by pages, so a block is not always the same number of bytes.
        const blocks = (): number => Math.round((pool.stats().memory.bytes - first) / block);
        const first = pool.stats().memory.bytes;
        let block = 1;
        const stick = async (name: string): Promise<void> => {
          const held = failure(pool.run('readFifo', [path, name], { timeout: 50, affinity: 0 }));
          await noted(name);
          expect(await held).toMatchObject({ code: 'ERR_TIMEOUT' });
          // Its successor has started.
          expect(await pool.run('where', [], { affinity: 0 })).toBe(0);
        };
        const before = threads.size;
        const leave = async (): Promise<void> => {
          await until('the stuck thread has exited', () => {
            release(path);
            return threads.size === before;
          });
        };
        const controller = new AbortController();
        try {
          await stick('a');
          block = pool.stats().memory.bytes - first;
          expect(block).toBeGreaterThan(0);
          const busy = failure(
            pool.run('untilCancelled', ['busy'], { affinity: 1, signal: controller.signal }),
          );
          await noted('busy');
          await leave();
          // Worker 1 may still hold a reference to the block that is free now.
          await stick('b');
          expect(blocks()).toBe(2);
          controller.abort();
          await busy;
          expect(await pool.run('where', [], { affinity: 1 })).toBe(1);
          await leave();
          // Now both are free for whoever comes next.
          await stick('c');
          expect(blocks()).toBe(2);
        } finally {
          controller.abort();
          await leave();
        }
      }),
    ));

  it('row 70: is counted by `terminate`, and is stuck until it ends', () =>
    withFifo(async (path) => {
      const pool = await createPool({ tasks: TASKS, workers: 2, env: JOURNAL });
      const held = failure(pool.run('readFifo', [path, 'r'], { affinity: 1 }));
      // That it has begun is not enough: until it waits there, it can be killed.
      const writer = await readerOf(path);
      try {
        expect(await pool.terminate()).toEqual({ completed: 0, cancelled: 1, stuck: 1 });
        expect(await held).toMatchObject({ code: 'ERR_TERMINATED' });
        expect(pool.stats().workers[1]!.state).toBe('stuck');
      } finally {
        closeSync(writer);
        await releaseAll(path);
      }
      expect(pool.stats().workers[1]!.state).not.toBe('stuck');
    }));

  it('row 40: without memory for another, the worker is down and the pool says so', () =>
    withFifo(async (path) => {
      // Room for exactly the workers there are.
      const pool = await createPool({
        tasks: TASKS,
        workers: 7,
        maxMemory: 2 ** 24,
        graceMs: 50,
        env: JOURNAL,
      });
      const held = Array.from({ length: 7 }, () =>
        failure(pool.run('readFifo', [path, 'r'], { timeout: 50 })),
      );
      const later = failure(pool.run('never', ['n']));
      try {
        for (const error of await Promise.all(held)) expect(error).toMatchObject({ code: 'ERR_TIMEOUT' });
        const error = await later;
        expect(error).toMatchObject({ code: 'ERR_POOL_FAILED' });
        expect(error.cause).toMatchObject({ code: 'ERR_NO_MEMORY' });
        expect(await failure(pool.run('add', [1, 1]))).toMatchObject({ code: 'ERR_POOL_FAILED' });
        expect(await pool.close()).toEqual({ completed: 0, cancelled: 8, stuck: 7 });
        expect(await pool.terminate()).toEqual(await pool.close());
      } finally {
        await releaseAll(path);
      }
    }));
});
