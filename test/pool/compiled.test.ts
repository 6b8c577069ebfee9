// What V8 makes of task functions: the same as of any function.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asInteger } from '../../src/memory/shared-memory.ts';
import { runToExit } from '../process/harness/child.ts';

const TASKS = new URL('./fixtures/compiled.mjs', import.meta.url).href;

describe('numbers', () => {
  it('stay what they are', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 0, 2 ** 31, -(2 ** 31), 2 ** 32, Number.NaN)),
        (number) => Object.is(asInteger(number), number),
      ),
    );
  });

  it('arrive as small integers where they are some, so that tasks are compiled for those', async () => {
    const { stdout } = await runToExit(
      `import { createPool } from 'millrace';
       const pool = await createPool({ tasks: ${JSON.stringify(TASKS)}, workers: 2 });
       const isSmallInteger = new Function('value', 'return %IsSmi(value)');
       console.log(await pool.run('held', [1]));
       console.log(await pool.run('held', [1, -2]));
       console.log(await pool.run('held', [1, -2, 0]));
       console.log(await pool.run('held', [1, -2, 2 ** 31 - 1, -(2 ** 31)]));
       console.log(await pool.run('held', [-0, 0.5, 2 ** 31, NaN]));
       console.log(await pool.run('heldInside', [{ n: 2 ** 30 }]));
       console.log(isSmallInteger(await pool.run('give', [5])), isSmallInteger((await pool.run('give', [{ n: 2 ** 30 }])).n));
       await pool.close();`,
      { nodeFlags: ['--allow-natives-syntax'] },
    );
    expect(stdout.trim().split('\n')).toEqual([
      'true',
      'true true',
      'true true true',
      'true true true true',
      'false false false false',
      'true',
      'true true',
    ]);
  });
});

it('task functions are compiled by themselves, however short and however often called', async () => {
  const { stdout } = await runToExit(
    `import { createPool } from 'millrace';
     const pool = await createPool({ tasks: ${JSON.stringify(TASKS)}, workers: 1 });
     for (const args of [[], [1], [1, 2], [1, 2, 3]])
       for (let round = 0; round < 20; round++)
         await Promise.all(Array.from({ length: 10_000 }, () => pool.run('short' + args.length, args)));
     await pool.close();`,
    // Compiled where it is called for: beside busy processes the compiler's own thread may come too late.
    { nodeFlags: ['--trace-turbo-inlining', '--no-concurrent-recompilation'] },
  );
  const inlined = stdout.split('\n').filter((line) => /^\s*Inlining /.test(line));
  // Else the trace has another form by now, or the worker's loop was not compiled.
  // Into what depends on what was compiled first: beside busy processes not always into `run`.
  expect(inlined.some((line) => /(record|callWithNumbers)>.* into /.test(line))).toBe(true);
  expect(inlined.filter((line) => /short\d/.test(line))).toEqual([]);
});
