import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromDocstrings, fromMarkdown, SnippetError } from './extract.ts';

const guide = readFileSync(new URL('./fixtures/guide.md', import.meta.url), 'utf8');
const markdown = (...lines: readonly string[]) => fromMarkdown('doc.md', lines.join('\n'));

describe('fromMarkdown', () => {
  const found = fromMarkdown('guide.md', guide);

  it('takes the blocks of code in their order, with line and section', () => {
    expect(found.map((s) => [s.name, s.line, s.section, s.language])).toEqual([
      ['line-10.ts', 10, 1, 'ts'],
      ['tasks.ts', 16, 2, 'ts'],
      ['line-23.js', 23, 2, 'js'],
      ['line-35.ts', 35, 3, 'ts'],
      ['line-40.ts', 40, 3, 'ts'],
    ]);
  });

  it('runs what is neither marked nor imported', () => {
    expect(found.map((s) => [s.treatment, s.reason])).toEqual([
      ['run', undefined],
      ['check', undefined],
      ['run', undefined],
      ['check', 'waits for requests'],
      ['skip', 'part of a program'],
    ]);
  });

  it('takes the indent of a list away and keeps the rest', () => {
    expect(found[2]?.code).toBe(
      "import { double } from './tasks.js';\n\nif (double(2) !== 4) {\n  throw new Error('wrong');\n}\n",
    );
  });

  it('runs a named block that nobody imports', () => {
    expect(markdown('```ts', '// file: main.ts', 'main();', '```')).toMatchObject([
      { name: 'main.ts', named: true, treatment: 'run' },
    ]);
  });

  it('does not let blocks of other sections import', () => {
    const text = ['```ts', '// file: a.ts', '```', '## Next', '```ts', "import './a.js';", '```'];
    expect(markdown(...text).map((s) => s.treatment)).toEqual(['run', 'run']);
  });

  it('does not take a comment line in code for a heading', () => {
    const text = [
      '```ts',
      '// file: a.ts',
      '```',
      '```sh',
      '# comment',
      '```',
      '```ts',
      "import './a.js';",
      '```',
    ];
    expect(markdown(...text).map((s) => s.section)).toEqual([0, 0]);
  });

  it.each([
    ['a mark without its reason', ['```ts no-run', '```'], 'doc.md:1: no-run needs its reason'],
    [
      'another mark reason',
      ['<!-- no-check: x -->', '```ts no-run', '```'],
      'doc.md:2: no-run needs its reason',
    ],
    ['an empty reason', ['<!-- no-run: -->', '```ts no-run', '```'], 'doc.md:2: no-run needs its reason'],
    [
      'a reason that belongs to the block above',
      ['<!-- no-run: x -->', '```ts no-run', '```', '```ts no-run', '```'],
      'doc.md:4: no-run needs its reason',
    ],
    ['an unknown mark', ['```ts norun', '```'], 'doc.md:1: unknown mark `norun`'],
    ['a block that is not closed', ['text', '```ts', 'x();'], 'doc.md:2: this code block is not closed'],
    ['a path as a name', ['```ts', '// file: ../a.ts', '```'], '`../a.ts` is no plain file name'],
    [
      'one name twice',
      ['```ts', '// file: a.ts', '```', '```ts', '// file: a.ts', '```'],
      'doc.md:5: this section has another block named a.ts',
    ],
  ])('refuses %s', (_what, lines, message) => {
    expect(() => markdown(...lines)).toThrow(SnippetError);
    expect(() => markdown(...lines)).toThrow(message);
  });
});

describe('fromDocstrings', () => {
  const example = (...lines: readonly string[]) =>
    ['/**', ...lines.map((line) => ` * ${line}`), ' */'].join('\n');

  it('finds examples of modules, functions, members and types, and no other blocks', () => {
    const block = (name: string) =>
      example('Text.', '```ts', 'not(an, example);', '```', '@example', '```ts', name, '```');
    const text = [
      block('one();'),
      "import x from 'src/**/*.ts';",
      block('two();'),
      'export interface I {',
      block('three();'),
      'member: string }',
      'class C {',
      block('four();'),
      'method() {} }',
      block('five();'),
    ].join('\n');
    const found = fromDocstrings('a.ts', text);
    expect(found.map((s) => s.code)).toEqual([
      'one();\n',
      'two();\n',
      'three();\n',
      'four();\n',
      'five();\n',
    ]);
    for (const { line, code } of found) expect(text.split('\n')[line - 1]).toBe(` * ${code.trim()}`);
  });

  it('ends an example at the next tag, but not at a decorator in its code', () => {
    const text = example(
      '@example',
      '```ts',
      '@decorate',
      'class A {}',
      '```',
      '@returns',
      '```ts',
      'no();',
      '```',
    );
    expect(fromDocstrings('a.ts', text).map((s) => s.code)).toEqual(['@decorate\nclass A {}\n']);
  });

  it('gives each example a section of its own', () => {
    const one = ['@example', '```ts', '// file: tasks.ts', '```', '```ts', "import './tasks.ts';", '```'];
    const found = fromDocstrings('a.ts', example(...one, ...one));
    expect(found.map((s) => [s.section, s.name, s.treatment])).toEqual([
      [0, 'tasks.ts', 'check'],
      [0, 'line-7.ts', 'run'],
      [1, 'tasks.ts', 'check'],
      [1, 'line-14.ts', 'run'],
    ]);
  });

  it('refuses an example without a fenced block', () => {
    expect(() => fromDocstrings('a.ts', example('@example', 'run();'))).toThrow(
      'a.ts:2: the @example holds no fenced code block',
    );
  });
});
