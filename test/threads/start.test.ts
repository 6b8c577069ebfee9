import { describe, expect, it } from 'vitest';
import { exitError, startError } from '../../src/coordinator/threads/exit.ts';
import { fixture, run, startOf, supervise, watch } from './supervise.ts';
import { VirtualTimers } from './virtual-timers.ts';

const moduleHref = (name: string): string => fixture(name).href;

describe('a thread that does not become ready', () => {
  it('fails when its entry does not exist', async () => {
    const { startFailure, exit, events } = run('serve', {}, supervise({ workerUrl: fixture('nowhere.mjs') }));
    expect(await startFailure).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    expect((await startFailure).message).toContain('nowhere.mjs');
    expect(await exit).toEqual({ reason: 'not-started', error: await startFailure });
    expect(events).toEqual(['start failure', 'exit']);
  });

  it('fails when its entry throws, with what was thrown', async () => {
    const supervisor = supervise({ workerUrl: fixture('broken/throws.mjs') });
    const { startFailure, exit } = run('serve', {}, supervisor);
    expect(await startFailure).toMatchObject({
      code: 'ERR_MODULE_LOAD',
      cause: { message: 'thrown at the top' },
    });
    expect((await exit).reason).toBe('not-started');
  });

  it('fails when a task module ends the thread', async () => {
    const { startFailure, exit } = watch(
      supervise().spawn({ ...startOf('serve'), modules: [moduleHref('broken/exits.mjs')] }),
    );
    expect(await startFailure).toMatchObject({
      code: 'ERR_MODULE_LOAD',
      cause: { code: 'ERR_WORKER_EXITED' },
    });
    expect((await startFailure).message).toContain('exit code 4');
    expect((await exit).reason).toBe('not-started');
  });

  it('fails when the start data cannot be sent', async () => {
    const timers = new VirtualTimers();
    const { startFailure, exit } = watch(
      supervise({ timers }).spawn({ ...startOf('serve'), memory: { no: () => 0 } }),
    );
    expect((await startFailure).message).toContain('could not be cloned');
    // No deadline passes here: it is ended at once.
    expect(await exit).toEqual({ reason: 'not-started', error: await startFailure });
    expect(timers.pending).toBe(0);
  });

  it('fails when its entry exports no loop', async () => {
    const timers = new VirtualTimers();
    const { startFailure, exit } = run(
      'serve',
      {},
      supervise({ timers, workerUrl: fixture('modules/no-loop.mjs') }),
    );
    expect(await startFailure).toMatchObject({ code: 'ERR_POOL_FAILED' });
    expect((await startFailure).message).toContain('no-loop.mjs');
    expect(await exit).toEqual({ reason: 'not-started', error: await startFailure });
    expect(timers.pending).toBe(0);
  });

  it('fails when a module never finishes, and names it', async () => {
    const timers = new VirtualTimers();
    const module = moduleHref('modules/never.mjs');
    const supervisor = supervise({ timers }, { startup: 30_000 });
    const { startFailure, exit, events } = watch(
      supervisor.spawn({ ...startOf('serve'), modules: [module] }),
    );
    timers.advance(29_999);
    expect(events).toEqual([]);
    timers.advance(1);
    const error = await startFailure;
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD' });
    expect(error.message).toContain(module);
    expect(error.message).toContain('30000 ms');
    expect(await exit).toEqual({ reason: 'not-started', error });
    expect(timers.pending).toBe(0);
  });

  it('leaves no deadline behind once it is ready and gone', async () => {
    const timers = new VirtualTimers();
    const { ready, exit, thread } = run('serve', {}, supervise({ timers }));
    expect(timers.pending).toBe(1);
    await ready;
    expect(timers.pending).toBe(0);
    thread.requestKill();
    expect(timers.pending).toBe(1);
    await exit;
    expect(timers.pending).toBe(0);
  });

  it('never throws for what the system refuses', () => {
    const refused = Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
    expect(startError(3, refused)).toMatchObject({ code: 'ERR_POOL_FAILED', cause: refused });
    expect(startError(3, refused).message).toContain('ask for fewer `workers`');
    const denied = Object.assign(new Error('no'), { code: 'ERR_ACCESS_DENIED' });
    expect(startError(3, denied)).toMatchObject({ code: 'ERR_PERMISSION', cause: denied });
  });

  it('reports options Node refuses like any other failure', async () => {
    const { thread, startFailure, exit } = run('serve', {}, supervise({ execArgv: ['--expose-gc'] }));
    expect(thread.threadId).toBe(-1);
    expect(await startFailure).toMatchObject({ cause: { code: 'ERR_WORKER_INVALID_EXEC_ARGV' } });
    expect((await exit).reason).toBe('not-started');
    thread.requestKill();
    thread.ref();
    await expect(thread.control.call('heap')).rejects.toMatchObject({ code: 'ERR_CONTROL' });
  });
});

describe('what a thread is given', () => {
  it('passes env and options on, without those of the debugger', async () => {
    const execArgv = ['--no-warnings', '--inspect=127.0.0.1:0', '--inspect-port', '0', '--inspect-brk=0'];
    const { data, ready } = run('seen', {}, supervise({ env: { ONLY: 'this' }, execArgv }));
    await ready;
    await expect.poll(() => data.length, { timeout: 60_000 }).toBe(1);
    expect(data[0]).toEqual({
      workerData: undefined,
      env: { ONLY: 'this' },
      execArgv: ['--no-warnings'],
      port: true,
    });
  });
});

describe('errors of a thread that is gone', () => {
  it('say how it ended', () => {
    const error = new Error('inside');
    expect(exitError(1, { reason: 'exited', code: 0 })).toMatchObject({ code: 'ERR_WORKER_EXITED' });
    expect(exitError(1, { reason: 'killed' })).toMatchObject({ code: 'ERR_WORKER_EXITED' });
    expect(exitError(1, { reason: 'returned' })).toMatchObject({ code: 'ERR_WORKER_EXITED' });
    expect(exitError(1, { reason: 'out-of-memory', error })).toMatchObject({
      code: 'ERR_WORKER_OUT_OF_MEMORY',
      cause: error,
    });
    expect(exitError(1, { reason: 'threw', error })).toBe(error);
  });
});
