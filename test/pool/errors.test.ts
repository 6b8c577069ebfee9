import { NonErrorThrown } from 'millrace';
import { describe, expect, it } from 'vitest';
import { runToExit } from '../process/harness/child.ts';
import { rejection, startPool, TASKS } from './pools.ts';

describe('errors of tasks', () => {
  it('arrive with class, name, message and the stack of the worker', async () => {
    const pool = await startPool({ workers: 1 });
    for (const name of ['fail', 'failLater']) {
      const plain = await rejection(pool.run(name, ['plain']));
      expect(Object.getPrototypeOf(plain)).toBe(Error.prototype);
      expect(plain.message).toBe('plain failure');
      expect(plain.stack).toMatch(/^Error: plain failure\n\s+at fail \(.*tasks\.mjs/);
      expect(await rejection(pool.run(name, ['type']))).toBeInstanceOf(TypeError);
    }
  });

  it('arrive with code and own properties', async () => {
    const pool = await startPool({ workers: 1 });
    const custom = await rejection(pool.run('fail', ['custom']));
    expect(custom).toBeInstanceOf(Error);
    expect(custom).toMatchObject({ name: 'HttpError', message: 'not found', status: 404, code: 'E_HTTP' });
    const system = await rejection(pool.run('fail', ['fs']));
    expect(system).toBeInstanceOf(RangeError);
    expect(system).toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
  });

  it('arrive with their causes, and the errors of an AggregateError', async () => {
    const pool = await startPool({ workers: 1 });
    const outer = await rejection(pool.run('fail', ['cause']));
    expect(outer.cause).toBeInstanceOf(RangeError);
    expect(outer.cause).toMatchObject({ message: 'inner', cause: 'deepest' });
    const several = (await rejection(pool.run('fail', ['aggregate']))) as unknown as AggregateError;
    expect(several).toBeInstanceOf(AggregateError);
    expect(several.message).toBe('several');
    expect(several.errors[0]).toBeInstanceOf(TypeError);
    expect(several.errors[1]).toMatchObject({ name: 'HttpError', status: 500, code: 'E_HTTP' });
    expect(several.errors[2]).toBe('three');
    const cyclic = await rejection(pool.run('fail', ['cyclic']));
    expect(cyclic.message).toBe('cyclic');
    expect(cyclic.cause).toBe(cyclic);
  });

  it('say where they were awaited', async () => {
    // In a process of its own: the test runner writes stacks its own way.
    const { stdout } = await runToExit(`
      import { createPool } from 'millrace';
      await using_(await createPool({ tasks: ${JSON.stringify(TASKS.href)}, workers: 1 }));
      async function using_(pool) {
        async function whoAwaits() {
          return await pool.run('fail', ['plain']);
        }
        async function aboveIt() {
          await whoAwaits();
        }
        await aboveIt().catch((error) => console.log(error.stack));
        await pool.close();
      }`);
    const [own, awaited] = stdout.split('--- awaited at ---');
    expect(own).toContain('tasks.mjs');
    expect(awaited).toMatch(/^\s+at async whoAwaits \(.*script\.mjs.*\n\s+at async aboveIt/);
  });

  it('say where they were submitted, when that is kept', async () => {
    const pool = await startPool({ workers: 1, submissionStack: true });
    const whoSubmits = (): Promise<unknown> => pool.run('failLater', ['plain']);
    const promise = whoSubmits();
    await new Promise((resolve) => setImmediate(resolve));
    const error = await rejection(promise);
    expect(error.stack).toMatch(/--- submitted at ---[\s\S]*whoSubmits/);
    expect(error.stack).not.toMatch(/submitted at ---\s+at .*#submitWith/);
  });

  it.each([
    ['a string', 'just text'],
    ['a number', 5],
    ['null', null],
    ['an object', { code: 1, nested: [2] }],
  ])('%s thrown is found in `thrown`', async (_, thrown) => {
    const pool = await startPool({ workers: 1 });
    const error = await rejection(pool.run('failWith', [thrown]));
    expect(error).toBeInstanceOf(NonErrorThrown);
    expect(error).toMatchObject({ code: 'ERR_TASK_THREW_NON_ERROR', thrown });
  });

  it('even what cannot be sent rejects', async () => {
    const pool = await startPool({ workers: 1 });
    const error = await rejection(pool.run('throwFunction'));
    expect(error).toMatchObject({ code: 'ERR_TASK_THREW_NON_ERROR' });
    expect(String(error['thrown'])).toContain('=>');
    expect(await rejection(pool.run('throwUndefined'))).toMatchObject({
      code: 'ERR_TASK_THREW_NON_ERROR',
      thrown: undefined,
    });
    expect(pool.stats()).toMatchObject({ crashes: 0, failed: 2 });
  });
});
