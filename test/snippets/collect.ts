/**
 * Where the documentation is: README.md, `docs/`, and the docstrings of `src/` and `workers/`.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromDocstrings, fromMarkdown, type Snippet, SnippetError } from './extract.ts';

export interface Collection {
  readonly snippets: readonly Snippet[];
  /** What is wrong with documents, one line each; their snippets are missing. */
  readonly faults: readonly string[];
}

/** All snippets below a folder that looks like this repository. */
export function collect(root: string): Collection {
  const snippets: Snippet[] = [];
  const faults: string[] = [];
  const documents = [
    ...(existsSync(join(root, 'README.md')) ? ['README.md'] : []),
    ...under(root, 'docs', '.md'),
  ];
  const sources = [...under(root, 'src', '.ts'), ...under(root, 'workers', '.ts')];
  // The core is AssemblyScript: its examples are not TypeScript.
  const typescript = sources.filter((path) => !path.startsWith('src/memory/core/'));
  for (const path of [...documents, ...typescript]) {
    const read = path.endsWith('.md') ? fromMarkdown : fromDocstrings;
    try {
      snippets.push(...read(path, readFileSync(join(root, path), 'utf8')));
    } catch (error) {
      if (!(error instanceof SnippetError)) throw error;
      faults.push(error.message);
    }
  }
  return { snippets, faults };
}

function under(root: string, folder: string, ending: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const paths = names.map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
  return paths.filter((path) => path.endsWith(ending)).sort();
}
