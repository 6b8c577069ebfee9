import { describe, expect, it } from 'vitest';
import { carryError, restoreError } from '../../src/codec/carried-error.ts';
import { run, startOf, supervise, until, watch } from './supervise.ts';
import { VirtualTimers } from './virtual-timers.ts';

describe('control calls', () => {
  it('reach what the loop serves', async () => {
    const { thread } = run('serve');
    expect(await thread.control.call('statistics')).toEqual({ answer: 42 });
    expect(await thread.control.call('heap')).toMatchObject({ heapSizeLimit: 3 });
    expect(await thread.control.call('drain')).toBeUndefined();
  });

  it('wait for a loop that serves later, which can tell that they wait', async () => {
    const { thread, data } = run('serveLate');
    const calls = [thread.control.call('statistics'), thread.control.call('statistics')];
    expect(await Promise.all(calls)).toEqual([{ answer: 42 }, { answer: 42 }]);
    await until(() => data.length > 0, 'the count of waiting calls goes back to 0');
    expect(data).toEqual(['answered']);
  });

  it('nudge the worker once each is sent', async () => {
    let nudges = 0;
    const nudge = (): number => (nudges += 1);
    const { thread } = watch(supervise().spawn({ ...startOf('serve'), nudge }));
    await Promise.all([thread.control.call('heap'), thread.control.call('heap')]);
    expect(nudges).toBe(2);
  });

  it('give the error of the method with class, code and cause', async () => {
    const { thread } = run('failingControl');
    const error = (await thread.control.call('statistics').catch((e: Error) => e)) as Error;
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'no statistics', code: 'E_STATS', cause: { message: 'deep' } });
    await expect(thread.control.call('drain')).rejects.toMatchObject({ thrown: 7 });
  });

  it('reject for a result that cannot be cloned', async () => {
    await expect(run('failingControl').thread.control.call('heap')).rejects.toMatchObject({
      code: 'ERR_CONTROL',
    });
  });

  it.each(['constructor', '__proto__', 'toString', 'nowhere'])('reach nothing else: %s', async (name) => {
    const call = run('serve').thread.control.call(name as 'heap');
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONTROL' });
  });

  it('reject when the worker has ended', async () => {
    const { thread, exit } = run('return');
    await exit;
    await expect(thread.control.call('heap')).rejects.toMatchObject({
      code: 'ERR_CONTROL',
      cause: { code: 'ERR_WORKER_EXITED' },
    });
  });

  it('reject when the worker ends before it answers, with how it ended', async () => {
    const { thread, ready } = run('spin');
    await ready;
    const calls = [thread.control.call('heap'), thread.control.call('statistics')];
    thread.requestKill();
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CONTROL' } });
    }
  });

  it('reject in the turn of the exit, before anyone is told of it', async () => {
    const { thread, ready } = run('spin');
    await ready;
    const order: string[] = [];
    const call = thread.control.call('heap').catch(() => order.push('call'));
    const exit = new Promise<void>((resolve) =>
      thread.onExit(() => {
        order.push('exit');
        resolve();
      }),
    );
    thread.requestKill();
    await Promise.all([call, exit]);
    expect(order).toEqual(['exit', 'call']);
  });

  it('reject when the deadline passes, and the client works on', async () => {
    const timers = new VirtualTimers();
    const { thread, ready } = run('deaf', {}, supervise({ timers }, { control: 5_000 }));
    await ready;
    expect(await thread.control.call('statistics')).toEqual({ answer: 42 });
    const deaf = thread.control.call('drain');
    timers.advance(4_999);
    expect(timers.pending).toBe(1);
    timers.advance(1);
    await expect(deaf).rejects.toMatchObject({ code: 'ERR_CONTROL' });
    await expect(deaf).rejects.toThrow('5000 ms');
    expect(timers.pending).toBe(0);
  });

  it('go on when proxies are collected: one is held for the life of the thread', async () => {
    const { thread } = run('serve');
    for (let round = 0; round < 200; round += 1) await thread.control.call('heap');
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let round = 0; round < 5; round += 1) {
      const call = thread.control.call('statistics');
      collect();
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      expect(await call).toEqual({ answer: 42 });
    }
  });
});

describe('stray errors', () => {
  it('are reported, and the thread lives on', async () => {
    const { thread, strays } = run('stray');
    await until(() => strays.length === 2, 'both stray errors');
    expect(strays.map(({ message }) => message).sort()).toEqual(['stray rejection', 'stray timer']);
    expect(strays.find(({ message }) => message === 'stray timer')).toMatchObject({ code: 'E_STRAY' });
    expect(await thread.control.call('statistics')).toEqual({ answer: 42 });
  });

  it('go to the loop if it takes them', async () => {
    const { data, strays } = run('takeStray');
    await until(() => data.length === 1, 'the loop takes the error');
    expect(data).toEqual(['taken']);
    expect(strays).toEqual([]);
  });
});

describe('errors as data', () => {
  const trip = (error: unknown): Error => restoreError(structuredClone(carryError(error)));

  it('keep class, name, message, stack, code and cause', () => {
    const error = Object.assign(new TypeError('outer', { cause: new RangeError('inner') }), { code: 'E_X' });
    error.name = 'CustomName';
    const back = trip(error);
    expect(back).toBeInstanceOf(TypeError);
    expect(back).toMatchObject({ name: 'CustomName', message: 'outer', code: 'E_X', stack: error.stack });
    expect(back.cause).toBeInstanceOf(RangeError);
  });

  it('keep the errors of an AggregateError, and causes that are no errors', () => {
    const back = trip(new AggregateError([new Error('a'), 7], 'many', { cause: 'text' })) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors).toMatchObject([{ message: 'a' }, 7]);
    expect(back.cause).toBe('text');
  });

  it('end a cyclic cause', () => {
    const error = new Error('loop');
    error.cause = error;
    let depth = 0;
    for (let at: unknown = trip(error); at instanceof Error; at = at.cause) depth += 1;
    expect(depth).toBeGreaterThan(1);
    expect(depth).toBeLessThan(20);
  });

  it('survive getters that throw, and things that cannot be cloned', () => {
    const hostile = new Error('x');
    for (const key of ['stack', 'code', 'cause', 'name', 'message']) {
      Object.defineProperty(hostile, key, {
        get: () => {
          throw new Error('no');
        },
      });
    }
    expect(trip(hostile)).toBeInstanceOf(Error);
    expect(trip(() => 0)).toMatchObject({ code: 'ERR_TASK_THREW_NON_ERROR' });
    expect(trip(Symbol('s'))).toMatchObject({ thrown: 'Symbol(s)' });
    expect(trip(undefined)).toMatchObject({ thrown: undefined });
  });
});
