// Errors of children: how they arrive, and what becomes of their siblings.
import { describe, expect, it } from 'vitest';
import { rejection } from '../pool/pools.ts';
import { runToExit } from '../process/harness/child.ts';
import { expectNothingLeft, fixture, forksOf, sharedWords } from './forks.ts';

const ERRORS = 'errors.mjs';

describe.each([
  ['inline', false],
  ['stolen', true],
])('an error of a child that is %s', (_, stolen) => {
  it('reaches the joiner with class, message, code, own properties and cause', async () => {
    const { pool } = await forksOf(ERRORS);
    const caught = (kind: string): Promise<unknown> => pool.run('whatIsCaught', [stolen, kind]);
    expect(await caught('range')).toMatchObject({
      class: 'RangeError',
      name: 'RangeError',
      message: 'too far',
      props: { code: 'E_FAR', port: 7 },
    });
    expect(await caught('cause')).toMatchObject({
      message: 'outer',
      cause: { class: 'TypeError', message: 'inner' },
    });
    expect(await caught('aggregate')).toMatchObject({
      class: 'AggregateError',
      message: 'both',
      errors: [{ class: 'TypeError', message: 'one' }, { thrown: 'two' }],
    });
    expect(await caught('custom')).toMatchObject({
      name: 'HttpError',
      message: 'not found',
      props: { status: 404, code: 'E_HTTP' },
    });
    await expectNothingLeft(pool);
  });

  it('what is thrown and is no error reaches the joiner as it is', async () => {
    const { pool } = await forksOf(ERRORS);
    for (const [kind, thrown] of [
      ['string', 'text'],
      ['undefined', undefined],
      ['object', { a: [1] }],
    ] as const) {
      expect(await pool.run('whatIsCaught', [stolen, kind])).toEqual({ thrown });
      const error = await rejection(pool.run('whatIsThrown', [stolen, kind]));
      expect(error).toMatchObject({ code: 'ERR_TASK_THREW_NON_ERROR', thrown });
    }
  });

  it('that nobody catches is the task’s', async () => {
    const { pool } = await forksOf(ERRORS);
    const error = await rejection(pool.run('whatIsThrown', [stolen, 'range']));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'too far', code: 'E_FAR', port: 7 });
    const deep = await rejection(pool.run('nested', [stolen, 6]));
    expect(deep).toBeInstanceOf(RangeError);
    expect(deep).toMatchObject({ message: 'too far', code: 'E_FAR' });
    await expectNothingLeft(pool);
  });

  it('that is caught is over: the parent goes on', async () => {
    const { pool } = await forksOf(ERRORS);
    expect(await pool.run('goesOn', [stolen])).toEqual([0, 1, 2, 3, 4].flatMap((i) => ['too far', i]));
    await expectNothingLeft(pool);
  });

  it('has the stack of where it was thrown, and of where it was joined', async () => {
    // In a process of its own: the test runner writes stacks its own way.
    const { stdout } = await runToExit(`
      import { createPool } from 'millrace';
      const pool = await createPool({ tasks: ${JSON.stringify(fixture(ERRORS).href)}, workers: 2 });
      const words = new Int32Array(new SharedArrayBuffer(64));
      await Promise.all([0, 1].map((affinity) => pool.run('give', [words], { affinity })));
      console.log((await pool.run('whatIsCaught', [${stolen}, 'range'])).stack);
      await pool.close();`);
    expect(stdout).toMatch(/^RangeError: too far\n\s+at .*errors\.mjs/);
    expect(stdout).toMatch(/at thrower \(.*errors\.mjs/);
    expect(stdout).toMatch(/at whatIsCaught \(.*errors\.mjs/);
  });
});

describe('when a child fails', () => {
  it.each(['child', 'itself', 'joinAll'])(
    'siblings that wait never run, those that run have ended (%s)',
    async (how) => {
      for (const [workers, running] of [
        [1, 0],
        [2, 1],
        [3, 2],
        [8, 7],
      ] as const) {
        const { pool, words } = await forksOf(ERRORS, workers);
        for (const queued of [1, 30, 1500, 4400]) {
          words.fill(0);
          const error = await rejection(pool.run('oneFails', [running, queued, how]));
          expect(error).toMatchObject({ message: 'too far' });
          expect([...words.slice(1, 4)]).toEqual([0, running, running]);
        }
        await expectNothingLeft(pool);
        expect(words[1]).toBe(0);
      }
    },
  );

  it('and the parent catches it, the same holds for its children', async () => {
    const { pool, words } = await forksOf(ERRORS);
    for (const queued of [1, 30, 1500, 4400]) {
      words.fill(0);
      expect(await pool.run('nestedFails', [1, queued])).toEqual(['too far', 0, 3]);
      expect([...words.slice(1, 4)]).toEqual([0, 1, 1]);
    }
    await expectNothingLeft(pool);
  });

  it('joinAll leaves none of its children open when it throws', async () => {
    const { pool, words } = await forksOf(ERRORS);
    for (const queued of [1, 30, 1500, 4400]) {
      words.fill(0);
      expect(await pool.run('catchesAll', [1, queued])).toEqual(['too far', 11]);
      expect([...words.slice(1, 4)]).toEqual([0, 1, 1]);
    }
    await expectNothingLeft(pool);
  });

  it('that was stolen, siblings that wait never run', async () => {
    const { pool, words } = await forksOf(ERRORS);
    // The second worker is busy with the child that will fail, until the others wait.
    expect(await rejection(pool.run('stolenFails', [50]))).toMatchObject({ message: 'too far' });
    await expectNothingLeft(pool);
    // The thief, once free, may have taken some before its victim had heard of the failure.
    const ran = words[1]!;
    expect(await pool.run('identity', [1])).toBe(1);
    expect(words[1]).toBe(ran);
  });

  it.each([2, 3, 8])('no child runs after the promise has settled, with %i workers', async (workers) => {
    const { pool } = await forksOf(ERRORS, workers);
    const rounds = Array.from({ length: 40 }, async (_, round) => {
      const shared = sharedWords(4);
      const error = await rejection(pool.run('storm', [4, round, shared]));
      // Running now: none. From here on any that runs says so.
      const running = Atomics.load(shared, 0);
      Atomics.store(shared, 1, 1);
      expect(error).toMatchObject({ message: 'storm' });
      expect(running).toBe(0);
      return shared;
    });
    const all = await Promise.all(rounds);
    await expectNothingLeft(pool);
    expect(all.map((shared) => [...shared.slice(0, 3)])).toEqual(all.map(() => [0, 1, 0]));
  });
});
