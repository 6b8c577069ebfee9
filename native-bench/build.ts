/**
 * Plain JavaScript of the measured side. The script itself runs under tsx, whose loader hooks and source maps have no
 * place in a measurement, so the processes that are measured run this copy under Node alone. It lies inside the package,
 * so that `import('millrace')` finds the package as a user's program would.
 *
 * @module
 */

import { rmSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SOURCE = fileURLToPath(new URL('.', import.meta.url));
const MEASURED = [
  'contenders',
  'figures',
  'suites',
  'tasks',
  'native',
  'profiles',
  'statistics',
  'session.ts',
  'clocks.ts',
  'measure.ts',
  'pace.ts',
];

/**
 * Returns the program of a measured process. Each run builds into a directory of its own, so that two may run at once,
 * and removes it when it exits.
 *
 * @param into - the `native-bench` of the package to measure, where that is another checkout. Default: this one.
 */
export async function build(into: string = SOURCE): Promise<string> {
  const target = join(into, 'dist', `run-${process.pid}`);
  process.once('exit', () => rmSync(target, { recursive: true, force: true }));
  const entries = await readdir(SOURCE, { recursive: true });
  const measured = entries.filter((entry) => MEASURED.includes(entry.split(/[\\/]/)[0]!));
  await Promise.all(measured.map((entry) => place(entry, target)));
  return join(target, 'session.js');
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
