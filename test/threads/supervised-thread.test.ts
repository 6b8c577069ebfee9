import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { carryError } from '../../src/codec/carried-error.ts';
import type { ThreadExit } from '../../src/coordinator/threads/exit.ts';
import { SupervisedThread } from '../../src/coordinator/threads/supervised-thread.ts';
import type { WorkerReport, WorkerStart } from '../../workers/start.ts';
import { fixture, until } from './supervise.ts';
import { VirtualTimers } from './virtual-timers.ts';

class FakeWorker extends EventEmitter {
  readonly threadId = 9;
  refs = 1;
  ref(): void {
    this.refs = 1;
  }
  unref(): void {
    this.refs = 0;
  }
}

/** A thread whose worker does only what the test says. */
function begin({ loaded = true } = {}) {
  const timers = new VirtualTimers();
  const worker = new FakeWorker();
  const seen = {
    terminations: 0,
    events: [] as string[],
    exits: [] as ThreadExit[],
    sent: undefined as unknown,
    undelivered: (_error: unknown): void => {},
  };
  const thread = new SupervisedThread(
    { worker: 2, memory: {}, module: {}, modules: [], config: {} },
    (start, _transfer, onUndelivered) => {
      seen.sent = start;
      seen.undelivered = onUndelivered;
      if (loaded) start.loading[0] = 1;
      return { worker: worker as unknown as Worker, terminate: () => (seen.terminations += 1) };
    },
    { startup: 1_000, kill: 100, control: 10 },
    timers,
    undefined,
  );
  thread.onReady(() => seen.events.push('ready'));
  thread.onStartFailure(({ message }) => seen.events.push(message));
  thread.onStuck(() => seen.events.push('stuck'));
  thread.onExit((exit) => seen.exits.push(exit));
  const report = (message: WorkerReport): void => {
    (seen.sent as WorkerStart).controlPort.postMessage(message);
  };
  const ready = async (): Promise<void> => {
    report({ report: 'ready', functions: [] });
    await until(() => seen.events.includes('ready'), 'ready');
  };
  return { timers, worker, seen, thread, report, ready };
}

describe('a thread that was told to end', () => {
  it('is called stuck after the deadline, no longer holds the process, and its exit still counts', async () => {
    const { timers, worker, seen, thread, ready } = begin();
    await ready();
    thread.requestKill();
    thread.requestKill();
    expect(seen.terminations).toBe(1);
    timers.advance(99);
    expect(seen.events).toEqual(['ready']);
    timers.advance(1);
    expect(seen.events).toEqual(['ready', 'stuck']);
    expect(worker.refs).toBe(0);
    expect(seen.exits).toEqual([]);
    worker.emit('exit', 1);
    expect(seen.exits).toEqual([{ reason: 'killed' }]);
  });

  it('is terminated if its loop returned and it does not end', async () => {
    const { timers, seen, worker, ready, report } = begin();
    await ready();
    report({ report: 'returned' });
    await until(() => timers.pending === 1, 'the deadline starts');
    expect(seen.terminations).toBe(0);
    timers.advance(100);
    expect(seen.terminations).toBe(1);
    timers.advance(100);
    expect(seen.events).toEqual(['ready', 'stuck']);
    worker.emit('exit', 1);
    expect(seen.exits).toEqual([{ reason: 'returned' }]);
  });
});

describe('a thread whose entry is being loaded', () => {
  it('is not terminated before the entry has been loaded', async () => {
    const { seen, worker, thread } = begin({ loaded: false });
    thread.requestKill();
    thread.requestKill();
    await new Promise(setImmediate);
    expect(seen.terminations).toBe(0);
    const { loading } = seen.sent as WorkerStart;
    Atomics.store(loading, 0, 1);
    Atomics.notify(loading, 0);
    await until(() => seen.terminations === 1, 'the termination');
    worker.emit('exit', 1);
  });

  it('is terminated after the deadline all the same, and then called stuck', async () => {
    const { timers, seen, worker, thread } = begin({ loaded: false });
    thread.requestKill();
    timers.advance(99);
    expect(seen.terminations).toBe(0);
    timers.advance(1);
    expect(seen.terminations).toBe(1);
    const { loading } = seen.sent as WorkerStart;
    Atomics.store(loading, 0, 1);
    Atomics.notify(loading, 0);
    await new Promise(setImmediate);
    expect(seen.terminations).toBe(1);
    timers.advance(100);
    expect(seen.events).toEqual(['stuck']);
    worker.emit('exit', 1);
    expect(seen.exits).toEqual([{ reason: 'killed' }]);
  });

  it('is terminated at once when it was loaded and did not get its start data', () => {
    const { seen, worker } = begin({ loaded: false });
    seen.undelivered(new Error('not cloned'));
    expect(seen.terminations).toBe(1);
    expect(seen.events).toEqual([expect.stringContaining('not cloned')]);
    worker.emit('exit', 1);
    expect(seen.exits).toMatchObject([{ reason: 'not-started', error: { message: seen.events[0] } }]);
  });

  it('is terminated then, too, when it had been told to end before', async () => {
    const { seen, worker, thread } = begin({ loaded: false });
    thread.requestKill();
    expect(seen.terminations).toBe(0);
    seen.undelivered(new Error('not cloned'));
    await until(() => seen.terminations === 1, 'the termination');
    worker.emit('exit', 1);
    expect(seen.events).toEqual([]);
    expect(seen.exits).toEqual([{ reason: 'killed' }]);
  });

  it('is not taken for loaded because its termination drops the start data', () => {
    const listeners = process.listenerCount('exit');
    const { timers, seen, worker, thread } = begin({ loaded: false });
    thread.requestKill();
    timers.advance(100);
    expect(seen.terminations).toBe(1);
    seen.undelivered(new Error('ended'));
    expect((seen.sent as WorkerStart).loading[0]).toBe(0);
    expect(process.listenerCount('exit')).toBe(listeners + 1);
    worker.emit('exit', 1);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('no longer holds up the end of the process when it did not get its start data', () => {
    const listeners = process.listenerCount('exit');
    const { seen, worker } = begin({ loaded: false });
    expect(process.listenerCount('exit')).toBe(listeners + 1);
    seen.undelivered(new Error('not cloned'));
    expect(process.listenerCount('exit')).toBe(listeners);
    worker.emit('exit', 1);
  });

  it('is waited for at the end of the process, for a while', async () => {
    const listeners = process.listenerCount('exit');
    const one = begin({ loaded: false });
    const two = begin({ loaded: false });
    expect(process.listenerCount('exit')).toBe(listeners + 1);
    await one.ready();
    two.worker.emit('exit', 1);
    expect(process.listenerCount('exit')).toBe(listeners);
  });
});

describe('the exit of a thread', () => {
  it('is told once, with the first cause', async () => {
    const { seen, worker, thread, ready } = begin();
    await ready();
    const error = new Error('first');
    worker.emit('error', error);
    thread.requestKill();
    worker.emit('error', new Error('second'));
    worker.emit('exit', 1);
    worker.emit('exit', 1);
    expect(seen.exits).toEqual([{ reason: 'threw', error }]);
  });

  it('takes its cause from a report that had not been read yet', async () => {
    const { seen, worker, ready } = begin();
    await ready();
    const threw: WorkerReport = { report: 'threw', error: carryError(new Error('posted last')) };
    (seen.sent as WorkerStart).controlPort.postMessage(threw);
    worker.emit('exit', 1);
    expect(seen.exits).toMatchObject([{ reason: 'threw', error: { message: 'posted last' } }]);
  });

  it('keeps a start that was reported just before it', () => {
    const { seen, worker } = begin();
    (seen.sent as WorkerStart).controlPort.postMessage({ report: 'ready', functions: [] });
    worker.emit('exit', 0);
    expect(seen.events).toEqual(['ready']);
    expect(seen.exits).toEqual([{ reason: 'exited', code: 0 }]);
  });
});

describe('the worker entry', () => {
  it('hides workerData from task modules', async () => {
    const worker = new Worker(fixture('scrub.mjs'), { workerData: { secret: 1 } });
    const seen = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(seen).toEqual({ before: { secret: 1 }, imported: null, required: null });
  });
});
