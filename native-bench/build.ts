/**
 * Plain JavaScript of the measured side. The script itself runs under tsx, whose loader hooks and source maps have no
 * place in a measurement, so the processes that are measured run this copy under Node alone. It lies inside the package,
 * so that `import('millrace')` finds the package as a user's program would.
 *
 * @module
 */

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export interface Build {
  /** The program of a measured process. */
  readonly session: string;
  readonly remove: () => Promise<void>;
}

const SOURCE = fileURLToPath(new URL('.', import.meta.url));
const MEASURED = ['contenders', 'figures', 'tasks', 'session.ts', 'clocks.ts', 'measure.ts'];

/** Each run builds into a directory of its own, so that two may run at once. */
export async function build(): Promise<Build> {
  const target = join(SOURCE, 'dist', `run-${process.pid}`);
  const entries = await readdir(SOURCE, { recursive: true });
  const measured = entries.filter((entry) => MEASURED.includes(entry.split(/[\\/]/)[0]!));
  await Promise.all(measured.map((entry) => place(entry, target)));
  return {
    session: join(target, 'session.js'),
    remove: () => rm(target, { recursive: true, force: true }),
  };
}

async function place(entry: string, target: string): Promise<void> {
  const from = join(SOURCE, entry);
  const to = join(target, entry);
  if (entry.endsWith('.mjs')) {
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
  } else if (entry.endsWith('.ts')) {
    const { outputText } = ts.transpileModule(await readFile(from, 'utf8'), {
      fileName: from,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to.replace(/\.ts$/, '.js'), outputText);
  }
}
