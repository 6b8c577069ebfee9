/**
 * Puts snippets where they can run: inside the repository, so that `millrace` is found by its own name, and with what
 * TypeScript makes of them beside the originals, so that `./tasks.js` and `./tasks.ts` are both there.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Snippet } from './extract.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** As strict as a reader's project is likely to be. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['node'],
  strict: true,
  allowJs: true,
  rewriteRelativeImportExtensions: true,
  skipLibCheck: true,
  noEmitOnError: false,
};

export interface Placed {
  /** The file that Node runs for a snippet. */
  file(snippet: Snippet): string;
  /** What the compiler says of a snippet, with lines of the document it comes from. */
  complaints(snippet: Snippet): readonly string[];
  remove(): void;
}

/** Writes the snippets, compiles them and keeps what the compiler says. */
export function place(snippets: readonly Snippet[]): Placed {
  const home = join(ROOT, '.millrace/snippets');
  mkdirSync(home, { recursive: true });
  const base = mkdtempSync(join(home, 'run-'));
  const original = (snippet: Snippet): string => join(base, 'in', folder(snippet), snippet.name);
  const compiled = (snippet: Snippet): string => join(base, 'out', folder(snippet), snippet.name);

  const checked = snippets.filter((snippet) => snippet.treatment !== 'skip');
  for (const snippet of checked) {
    write(original(snippet), snippet.code);
    write(compiled(snippet), snippet.code);
  }
  const program = ts.createProgram(checked.map(original), {
    ...OPTIONS,
    rootDir: join(base, 'in'),
    outDir: join(base, 'out'),
  });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  program.emit();

  return {
    file: (snippet) => compiled(snippet).replace(/\.(m?)ts$/, '.$1js'),
    complaints: (snippet) => {
      const own = diagnostics.filter((d) => !d.file || relative(original(snippet), d.file.fileName) === '');
      return own.map((diagnostic) => complaint(snippet, diagnostic));
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

function folder(snippet: Snippet): string {
  return `${snippet.source.replaceAll(/[^\w]+/g, '-')}/${snippet.section}`;
}

function complaint(snippet: Snippet, diagnostic: ts.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ');
  if (!diagnostic.file) return text;
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
  return `${snippet.source}:${snippet.line + line}:${character + 1} TS${diagnostic.code}: ${text}`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
