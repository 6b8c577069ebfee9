import { describe, expect, it } from 'vitest';
import { importsOf, target } from './imports.ts';
import { read } from './tree.ts';

/** The files of this package that are loaded with `path`, and what else is. */
function loadedWith(path: string): {
  readonly files: ReadonlySet<string>;
  readonly others: readonly string[];
} {
  const files = new Set([path]);
  const others: string[] = [];
  for (const file of files) {
    for (const { specifier, atOnce } of importsOf(read(file))) {
      if (!atOnce) continue;
      const imported = target(file, specifier);
      if (imported === undefined) others.push(specifier);
      else files.add(imported);
    }
  }
  return { files, others };
}

describe('a worker thread, before it is ready', () => {
  const { files, others } = loadedWith('workers/entry.ts');

  it('loads few files, each of which costs every start: docs/decisions/start-up.md', () => {
    expect(files).toContain('workers/scheduler.ts');
    expect(files.size).toBeLessThanOrEqual(15);
  });

  it('loads no codec and no Comlink, and imports no module of Node', () => {
    expect(files).not.toContain('workers/payloads.ts');
    expect(others).toEqual([]);
  });
});
