// Task modules that export `then`: `import()` takes their namespace for a promise and calls it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPool } from './pools.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-then-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NEVER = 'function then(a, b) { return b === undefined ? a : [a, b]; }';
const MODULES: readonly (readonly [string, string])[] = [
  ['never.mjs', `export ${NEVER} export const one = () => 1;`],
  [
    'resolves.mjs',
    'export const then = (resolve) => { resolve?.(5); return 7; }; export const one = () => 1;',
  ],
  ['throws.mjs', 'export function then() { throw new RangeError("called"); } export const one = () => 1;'],
  ['named.mjs', `${NEVER} const one = () => 1; export { then as 'th\\u0065n', one };`],
  [
    'escaped.mjs',
    `const f = ${NEVER.replace('then', 'f')}; const one = () => 1; export { f as 't\\hen', one };`,
  ],
  ['never.cjs', `exports.then = ${NEVER}; exports.one = () => 1;`],
  ['assigned.cjs', `exports.then /* here */ = ${NEVER}; exports.one = () => 1;`],
  ['through.cjs', "module.exports = require('./whole.cjs');"],
  ['whole.cjs', `module.exports = { then: ${NEVER}, one: () => 1 };`],
  ['starred.mjs', "export /* all */ * from './never.mjs'"],
  ['reexports.mjs', `export * from './never.mjs'; export const two = () => 2;`],
  [
    'typed.ts',
    'export const then = (a: unknown, b?: unknown): unknown => [a, b]; export const one = (): number => 1;',
  ],
];

describe('a task module that exports `then`', () => {
  beforeAll(() => {
    for (const [name, source] of MODULES) writeFileSync(join(folder, name), source);
  });

  it.each(MODULES)('loads: %s', async (name) => {
    const pool = await startPool({ tasks: join(folder, name), workers: 1, startupTimeout: 10_000 });
    expect(await pool.run('one')).toBe(1);
  });

  it('can be called', async () => {
    const pool = await startPool({ tasks: join(folder, 'never.mjs'), workers: 1, startupTimeout: 10_000 });
    expect(await pool.run('then', [1])).toBe(1);
    expect(await pool.run('then', [1, 2])).toEqual([1, 2]);
  });
});
