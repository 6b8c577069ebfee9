import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runChild, runToExit } from '../process/harness/child.ts';
import { fromMarkdown } from './extract.ts';
import { type Placed, place } from './place.ts';

const made: Placed[] = [];
afterAll(() => {
  for (const placed of made) placed.remove();
});

function given(...lines: readonly string[]) {
  const snippets = fromMarkdown('doc.md', lines.join('\n'));
  const placed = place(snippets);
  made.push(placed);
  return { snippets, placed };
}

it('compiles the guide and runs it', async () => {
  const guide = readFileSync(new URL('./fixtures/guide.md', import.meta.url), 'utf8');
  const { snippets, placed } = given(guide);
  expect(snippets.filter((s) => s.treatment !== 'skip').flatMap((s) => placed.complaints(s))).toEqual([]);
  const outputs = [];
  for (const snippet of snippets.filter((s) => s.treatment === 'run')) {
    const file = placed.file(snippet);
    outputs.push((await runToExit({ file }, { cwd: dirname(file) })).stdout);
  }
  expect(outputs).toEqual(['plain\n', '']);
});

it('puts what a block names beside it, under both endings', async () => {
  const { snippets, placed } = given(
    '```ts',
    '// file: tasks.ts',
    'export const one: number = 1;',
    '```',
    '```ts',
    "import { one } from './tasks.ts';",
    "import { readFileSync } from 'node:fs';",
    'const size = (name: string) => readFileSync(new URL(name, import.meta.url)).length;',
    "console.log(one, size('./tasks.js') > 0, size('./tasks.ts') > 0);",
    '```',
  );
  const [, main] = snippets;
  expect(placed.complaints(main!)).toEqual([]);
  expect((await runToExit({ file: placed.file(main!) })).stdout).toBe('1 true true\n');
});

it('reports wrong types with the line of the document, and only to the block that has them', () => {
  const { snippets, placed } = given(
    '# Title',
    '```ts',
    'export {};',
    '```',
    '```ts',
    '',
    "const n: number = 'x';",
    '```',
  );
  expect(placed.complaints(snippets[0]!)).toEqual([]);
  expect(placed.complaints(snippets[1]!)).toEqual([expect.stringMatching(/^doc\.md:7:7 TS2322: /)]);
});

it('finds the library and its types by name', async () => {
  const { snippets, placed } = given(
    '```ts',
    "import { MillraceError } from 'millrace';",
    'console.log(MillraceError.name);',
    '```',
  );
  expect(placed.complaints(snippets[0]!)).toEqual([]);
  expect((await runToExit({ file: placed.file(snippets[0]!) })).stdout).toBe('MillraceError\n');
});

it('lets a snippet that fails fail', async () => {
  const { snippets, placed } = given('```js', "throw new Error('wrong');", '```');
  const result = await runChild({ file: placed.file(snippets[0]!) });
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('wrong');
});

it('leaves nothing behind', () => {
  const { snippets, placed } = given('```js', '', '```');
  const file = placed.file(snippets[0]!);
  expect(existsSync(file)).toBe(true);
  placed.remove();
  expect(existsSync(file)).toBe(false);
});
