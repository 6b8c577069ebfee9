// Arguments and results of children: the same whichever thread runs them.
import fc from 'fast-check';
import { SerializeError } from 'millrace';
import { describe, expect, it } from 'vitest';
import { arbitraryValue as graph } from '../codec/arbitrary.ts';
import { difference } from '../codec/same.ts';
import { rejection } from '../pool/pools.ts';
import { forksOf } from './forks.ts';

const VALUES = 'values.mjs';
/** Run by its joiner; run by another worker. */
const BOTH = [
  ['inline', false],
  ['stolen', true],
] as const;

describe.each(BOTH)('values of a child that is %s', (_, stolen) => {
  it('arrive as structuredClone would give them', async () => {
    const { pool } = await forksOf(VALUES);
    await fc.assert(
      fc.asyncProperty(graph, async (value) => {
        const expected = structuredClone(value);
        expect(difference(await pool.run('through', [stolen, value]), expected)).toBeUndefined();
        const [first, second] = (await pool.run('spread', [
          stolen,
          [1, value, null, value],
        ])) as unknown[][1][];
        expect(first).toBe(1);
        expect(difference(second, expected)).toBeUndefined();
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });

  it.each([
    ['zero, its negative, NaN, infinities', [0, -0, Number.NaN, Infinity, -Infinity]],
    ['numbers at the edges of int32', [2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1]],
    ['fractions and large numbers', [0.1, 1e300, 5e-324, 2 ** 53]],
    ['none', []],
    ['of plain kinds', [undefined, null, true, false]],
    ['trailing undefined', [1, undefined]],
    ['eight', [1, 'a', null, 2, [3], true, undefined, 4n]],
    ['nine', [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['fifteen, sixteen', Array.from({ length: 15 }, (_, i) => i)],
    ['forty', Array.from({ length: 40 }, (_, i) => (i % 2 ? i : `${i}`))],
  ])('%s', async (_, args) => {
    const { pool } = await forksOf(VALUES);
    for (let n = 0; n <= args.length; n++) {
      const some = args.slice(0, n);
      expect(await pool.run('spread', [stolen, some])).toEqual(some);
      expect(await pool.run('counted', [stolen, some])).toBe(n);
    }
    for (const arg of args) expect(await pool.run('through', [stolen, arg])).toEqual(arg);
  });

  it('are copies: what happens to them afterwards is not seen', async () => {
    const { pool } = await forksOf(VALUES);
    expect(await pool.run('mutated', [stolen])).toEqual({
      text: '{"list":[1],"text":"before"}',
      same: false,
    });
  });

  it('SharedArrayBuffers and all views on them are the same memory, both ways', async () => {
    const { pool } = await forksOf(VALUES);
    expect(await pool.run('shared', [stolen])).toEqual([]);
  });

  it('what is given twice arrives as one object, as by structuredClone', async () => {
    const { pool } = await forksOf(VALUES);
    const firsts = [
      [0, 0],
      [0, 1, 0],
      [0, 0],
      [0, 1, 0, 1],
      [0, 1],
      [1, 1],
    ];
    expect(await pool.run('repeated', [stolen])).toEqual(firsts);
  });

  it('a Buffer on shared memory arrives as by structuredClone', async () => {
    const { pool } = await forksOf(VALUES);
    expect(await pool.run('sharedBuffer', [stolen])).toEqual({ bytes: [8, 0, 0, 9], class: true, at: 4 });
    expect(await pool.run('madeBuffer', [stolen])).toBe('Uint8Array');
  });

  it('shared memory the child has made is a result like any other', async () => {
    const { pool } = await forksOf(VALUES);
    for (const n of [1, 5, 1000]) expect(await pool.run('made', [stolen, n])).toEqual(new Array(n).fill(n));
    expect(await pool.run('sharedOften', [stolen, 200])).toBe(400);
  });

  it('large ones arrive too', async () => {
    const { pool } = await forksOf(VALUES);
    for (const n of [50_000, 1 << 20, 5 << 20]) {
      expect(await pool.run('largeArgument', [n])).toBe(n);
      expect(await pool.run('largeResult', [stolen, n])).toBe(true);
    }
    expect(await pool.run('largeError', [stolen, 60_000])).toBe(60_000);
  });

  it('what cannot be cloned is a clear error', async () => {
    const { pool } = await forksOf(VALUES);
    const result = await rejection(pool.run('giveFunction', [stolen]));
    expect(result).toBeInstanceOf(SerializeError);
    expect(result).toMatchObject({ code: 'ERR_RESULT_SERIALIZE' });
    const argument = await rejection(pool.run('takeFunction'));
    expect(argument).toBeInstanceOf(SerializeError);
    expect(argument.code).toMatch(/SERIALIZE/);
    expect(await pool.run('moved', [stolen])).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('registered functions that are not exported, and frozen ones, can be forked', async () => {
    const { pool } = await forksOf(VALUES);
    expect(await pool.run('registered', [stolen])).toEqual([8, 9, 12]);
  });

  it('an async function is a clear error, and its promise is nobody’s trouble', async () => {
    const { pool, strays } = await forksOf(VALUES);
    for (const name of ['forksAsync', 'forksAsyncFailing']) {
      const error = await rejection(pool.run(name, [stolen]));
      expect(error).toMatchObject({ code: 'ERR_RESULT_SERIALIZE' });
      expect(error.message).toMatch(/promise/);
    }
    for (let i = 0; i < 20; i++) expect(await pool.run('counted', [stolen, [1]])).toBe(1);
    expect(strays).toEqual([]);
  });
});

describe('what can be forked', () => {
  it('eight shared arguments and more', async () => {
    const { pool } = await forksOf(VALUES);
    for (const n of [1, 6, 7, 8, 9, 20]) {
      const values = Array.from({ length: n }, (_, i) => i + 1);
      expect(await pool.run('manyShared', [true, n])).toEqual([n, values]);
    }
  });

  it('many large results at once', async () => {
    const { pool } = await forksOf(VALUES);
    expect(await pool.run('largeResults', [12, 300_000])).toEqual(new Array(12).fill(300_000));
  });

  it('a handle is a small integer', async () => {
    const { pool } = await forksOf(VALUES);
    expect(await pool.run('smallInteger')).toEqual([true, true, true]);
  });

  it('a closure, an inner function, and what is none are clear errors', async () => {
    const { pool } = await forksOf(VALUES);
    for (const [name, args] of [
      ['closure', [1]],
      ['unexported', [1]],
      ['notAFunction', []],
      ['notAFunction', [5]],
      ['notAFunction', ['fib']],
      ['notAFunction', [{}]],
    ] as const) {
      const error = await rejection(pool.run(name, [...args]));
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(error.message).toMatch(/`fn`.*exports.*`task\(fn\)`/);
    }
    expect(await pool.run('registered', [true])).toEqual([8, 9, 12]);
  });
});
