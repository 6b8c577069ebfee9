import { describe, expect, it } from 'vitest';
import { breaches } from './layers.ts';
import { files, read, topLevel } from './tree.ts';

const all = files();
const code = all.filter((path) => /\.(ts|mts|js|mjs|cjs)$/.test(path));
/** The core is AssemblyScript; it imports by other rules. */
const library = code.filter((path) => /^(src|workers)\//.test(path) && !path.startsWith('src/memory/core'));

describe('layers', () => {
  it('imports only point down', () => {
    expect(library.length).toBeGreaterThan(0);
    expect(library.flatMap((path) => breaches(path, read(path)))).toEqual([]);
  });

  it.each([
    [
      'src/memory/deque.ts',
      "import { a } from '../scheduling/mlfq.ts';",
      'memory must not import scheduling',
    ],
    [
      'src/memory/deque.ts',
      "import type { A } from '../coordinator/options.ts';",
      'must not import coordinator',
    ],
    ['src/memory/deque.ts', "export * from '../codec/index.ts';", 'memory must not import codec'],
    ['src/codec/a.ts', "type A = import('../index.ts').A;", 'codec must not import index'],
    ['src/codec/a.ts', "await import('../cli/main.ts');", 'codec must not import cli'],
    ['src/errors.ts', "import './memory/layout.ts';", 'errors must not import memory'],
    [
      'workers/loop.ts',
      "import { a } from '../src/scheduling/a.ts';",
      'workers may import types of scheduling',
    ],
    [
      'workers/loop.ts',
      "import type { A } from '../src/coordinator/options.ts';",
      'must not import coordinator',
    ],
    [
      'src/coordinator/a.ts',
      "import { type A, b } from '../../workers/context.ts';",
      'may import types of workers',
    ],
    [
      'src/scheduling/a.ts',
      "import { l } from '../memory/layout.ts';",
      'scheduling may import nothing of memory',
    ],
    [
      'src/scheduling/a.ts',
      "import { performance } from 'node:perf_hooks';",
      'scheduling may import nothing',
    ],
    [
      'src/memory/a.ts',
      "const { threadId } = process.getBuiltinModule('node:worker_threads');",
      'memory may import nothing',
    ],
    ['src/stray/a.ts', '', 'belongs to no layer'],
    ['src/codec/a.ts', "import { run } from '../../.ci/command.mjs';", 'belongs to no layer'],
  ])('finds a breach in %s: %s', (path, text, message) => {
    expect(breaches(path, text)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['src/cli/main.ts', "import { createPool } from '../index.ts'; import { expected } from '../errors.ts';"],
    [
      'src/coordinator/a.ts',
      "import { type A } from '../../workers/context.ts'; import { Piscina } from 'piscina';",
    ],
    ['src/coordinator/a.ts', "export type { A } from '../../workers/context.ts';"],
    ['workers/loop.ts', "import { Core } from '../src/memory/shared-memory.ts'; import '../src/errors.ts';"],
    [
      'workers/loop.ts',
      "import type { A } from '../src/scheduling/a.ts'; import { x } from 'node:worker_threads';",
    ],
    ['src/memory/queues/a.ts', "import { a } from '../deque.ts';"],
  ])('finds none in %s: %s', (path, text) => {
    expect(breaches(path, text)).toEqual([]);
  });
});

describe('files', () => {
  it('have at most 400 lines', () => {
    const long = code.map((path) => [path, read(path).trimEnd().split('\n').length] as const);
    expect(long.filter(([, lines]) => lines > 400)).toEqual([]);
  });

  it('are named after what they are', () => {
    const forbidden = /(^|[/._-])(utils?|helpers?|managers?|misc|common)(?=[/._-])/i;
    expect('src/pool-manager.ts').toMatch(forbidden);
    expect('test/utils/a.ts').toMatch(forbidden);
    // Fixtures are named after what they stand for: CommonJS modules, for one.
    expect(all.filter((path) => forbidden.test(path) && !path.includes('/fixtures/'))).toEqual([]);
  });
});

describe('the top level', () => {
  const allowed = new Set([
    ...['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
    ...['src', 'workers', 'native-bench', 'test', 'docs'],
    ...['biome.json', 'tsconfig.test.json', 'typedoc.json', 'vitest.config.ts'],
    ...['.ci', '.gitignore', '.gitattributes', '.editorconfig', '.github', '.npmrc', '.nvmrc'],
  ]);

  it('holds only what belongs there', () => {
    expect(topLevel().filter((name) => !allowed.has(name))).toEqual([]);
  });
});

describe('what is written', () => {
  /** In pieces, so that this file does not match itself. */
  const forbidden: Readonly<Record<string, RegExp>> = {
    'a path of somebody’s machine': new RegExp(
      `(?<![\\w.$}/-])/(${['wor' + 'k', 'hom' + 'e', 'Use' + 'rs', 'roo' + 't'].join('|')})/\\w`,
    ),
    'a registry host': new RegExp(
      `${'regis' + 'try'}\\.[\\w-]+\\.\\w|"${'resol' + 'ved'}": "|https?://[^\\s"]+\\.tgz`,
    ),
  };

  it.each(Object.entries(forbidden))('nowhere names %s', (_what, pattern) => {
    const text = all.filter((path) => !/\.(png|jpg|gif|ico|wasm)$/.test(path));
    const hits = text.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 120)}`] : [])),
    );
    expect(hits).toEqual([]);
  });

  it('is searched by patterns that match', () => {
    const [path, host] = Object.values(forbidden);
    expect(`cd /${'home'}/me`).toMatch(path!);
    expect(`see src/${'work'}/a and ./${'home'}/x`).not.toMatch(path!);
    expect(`"resol${'ved'}": "https://example.org/a.js"`).toMatch(host!);
    expect(`https://regis${'try'}.example.org/`).toMatch(host!);
  });

  it('does not name the registry of this machine', () => {
    const host = /^https?:\/\/([^/:]+)/.exec(process.env['npm_config_registry'] ?? '')?.[1];
    expect(host === undefined ? [] : all.filter((path) => read(path).includes(host))).toEqual([]);
  });
});
