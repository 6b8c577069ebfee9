/**
 * The inputs of the suite `real`: files of the packages this one is developed with, so that everybody who installs by
 * the lock file has the same ones.
 *
 * @module
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Packages that are published as readable source, large and small files of many authors. */
const SOURCES = [
  '@arethetypeswrong/cli',
  '@arethetypeswrong/core',
  '@jest/types',
  '@sinclair/typebox',
  'autocannon',
  'comlink',
  'commander',
  'csv-parse',
  'fast-check',
  'highlight.js',
  'piscina',
  'poolifier',
  'postcss',
  'publint',
  'simple-statistics',
  'source-map-support',
  'terser',
  'typedoc',
  'vitest',
  'workerpool',
  'yaml',
];

interface Kind {
  readonly extension: RegExp;
  /** Bytes. */
  readonly least: number;
  readonly most: number;
}

const JAVASCRIPT: Kind = { extension: /(?<!\.min)\.[cm]?js$/, least: 4096, most: 65_536 };
const MARKDOWN: Kind = { extension: /\.md$/i, least: 2048, most: 65_536 };

/** The folder of this package, which is also where its dependencies are installed. */
function root(): string {
  return dirname(createRequire(import.meta.url).resolve('millrace/package.json'));
}

/** Paths of all files of that kind below the folders, sorted. */
export function filesOf(folders: readonly string[], { extension, least, most }: Kind): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((entry) => extension.test(entry) && !/(^|[\\/])node_modules[\\/]/.test(entry))
        .map((entry) => join(folder, entry)),
    )
    .filter((path) => {
      const file = statSync(path);
      return file.isFile() && file.size >= least && file.size <= most;
    })
    .sort();
}

/** `count` of the items, spread evenly over the list; all of them when there are fewer. */
export function evenly<T>(items: readonly T[], count: number): T[] {
  const taken = Math.min(count, items.length);
  return Array.from({ length: taken }, (_, i) => items[Math.floor((i * items.length) / taken)]!);
}

/** `count` items, the list over again when it is too short. */
export function repeated<T>(items: readonly T[], count: number): T[] {
  return items.length === 0 ? [] : Array.from({ length: count }, (_, i) => items[i % items.length]!);
}

function texts(paths: readonly string[]): string[] {
  return paths.map((path) => readFileSync(path, 'utf8'));
}

/** The text of `count` JavaScript files of 4 to 64 KiB. */
export function javascript(count: number): string[] {
  const folders = SOURCES.map((name) => join(root(), 'node_modules', name));
  return texts(evenly(filesOf(folders, JAVASCRIPT), count));
}

/** `count` Markdown texts of 2 to 64 KiB: those of the direct dependencies, again and again. */
export function markdown(count: number): string[] {
  const manifest = JSON.parse(readFileSync(join(root(), 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];
  const folders = names.sort().map((name) => join(root(), 'node_modules', name));
  return repeated(texts(filesOf(folders, MARKDOWN)), count);
}

/** `count` passwords, each with a salt of its own. */
export function passwords(count: number): (readonly [password: string, salt: string])[] {
  return Array.from({ length: count }, (_, i) => [`correct horse ${i} battery staple`, `salt-of-user-${i}`]);
}
