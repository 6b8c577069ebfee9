import { describe, expect, it } from 'vitest';
import { run, startOf, supervise, until, watch } from './supervise.ts';

describe('how a thread ends', () => {
  it('says that the loop returned', async () => {
    const { exit, events } = run('return');
    expect(await exit).toEqual({ reason: 'returned' });
    expect(events).toEqual(['ready', 'exit']);
  });

  it('gives the error the loop threw, with code and cause', async () => {
    const exit = await run('throw').exit;
    if (exit.reason !== 'threw') throw new Error(exit.reason);
    expect(exit.error).toBeInstanceOf(RangeError);
    expect(exit.error).toMatchObject({ message: 'boom', code: 'E_BOOM' });
    expect(exit.error.cause).toBeInstanceOf(TypeError);
    expect(exit.error.stack).toContain('entry.mjs');
  });

  it('gives a thrown value that is not an error', async () => {
    expect(await run('throwValue').exit).toMatchObject({
      reason: 'threw',
      error: { code: 'ERR_TASK_THREW_NON_ERROR', thrown: 7 },
    });
  });

  it.each([0, 7])('takes process.exit(%i) for an end of its own', async (code) => {
    expect(await run('exit', { code }).exit).toEqual({ reason: 'exited', code });
  });

  it('tells out of memory apart', async () => {
    const supervisor = supervise({ resourceLimits: { maxOldGenerationSizeMb: 40 } });
    expect(await run('outOfMemory', {}, supervisor).exit).toMatchObject({
      reason: 'out-of-memory',
      error: { code: 'ERR_WORKER_OUT_OF_MEMORY' },
    });
  });

  it.each(['spin', 'park', 'serve'])('kills a thread that is in: %s', async (loop) => {
    const { thread, ready, exit, events } = run(loop);
    await ready;
    thread.requestKill();
    thread.requestKill();
    expect(await exit).toEqual({ reason: 'killed' });
    expect(events).toEqual(['ready', 'exit']);
  });

  it('kills a thread that has not begun', async () => {
    const { thread, exit, events } = run('serve');
    thread.requestKill();
    expect(await exit).toEqual({ reason: 'killed' });
    expect(events).toEqual(['exit']);
  });

  it('gives the thread its number and its id', async () => {
    const watched = watch(supervise().spawn({ ...startOf('serve'), worker: 5 }));
    expect(watched.thread.worker).toBe(5);
    expect(watched.thread.threadId).toBeGreaterThan(0);
  });
});

describe('the fence at exit', () => {
  it('lets no write to shared memory come after', async () => {
    const supervisor = supervise();
    for (let round = 0; round < 20; round += 1) {
      const memory = new (Reflect.get(globalThis, 'WebAssembly').Memory)({
        initial: 1,
        maximum: 1,
        shared: true,
      });
      const words = new Int32Array(memory.buffer);
      const { thread, ready, exit } = watch(supervisor.spawn({ ...startOf('count'), memory }));
      await ready;
      await until(() => Atomics.load(words, 0) > 0, 'the thread counts');
      const atExit = new Promise<number>((resolve) => thread.onExit(() => resolve(Atomics.load(words, 0))));
      thread.requestKill();
      void exit;
      const seen = await atExit;
      for (let turn = 0; turn < 10; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        expect(Atomics.load(words, 0)).toBe(seen);
      }
    }
  });

  it.each(['post', 'postAndReturn'])('delivers everything before it: %s', async (loop) => {
    const supervisor = supervise();
    for (let round = 0; round < 10; round += 1) {
      const { thread, data } = run(loop, { messages: 3000 }, supervisor);
      const atExit = new Promise<number>((resolve) => thread.onExit(() => resolve(data.length)));
      expect(await atExit).toBe(3000);
      expect(data).toEqual(Array.from({ length: 3000 }, (_, index) => index));
    }
  });

  it('delivers what is left in the port when the loop has been flooding it and main was busy', async () => {
    const { thread, data } = run('post', { messages: 3000 });
    const atExit = new Promise<number>((resolve) => thread.onExit(() => resolve(data.length)));
    const busyUntil = performance.now() + 150;
    while (performance.now() < busyUntil);
    expect(await atExit).toBe(3000);
  });

  it('carries data both ways', async () => {
    const { thread, ready, data } = run('echo');
    await ready;
    thread.port.postMessage({ n: 1 });
    await until(() => data.length === 1, 'the echo');
    expect(data).toEqual([{ n: 1 }]);
  });
});
