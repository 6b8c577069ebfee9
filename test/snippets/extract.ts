/**
 * Finds the code blocks of the documentation: those of Markdown files, and those of `@example` in docstrings.
 *
 * - Blocks marked `ts`, `js`, `mts` or `mjs` are taken; all others are not code to run.
 * - `ts no-run` is only type-checked, and `ts no-check` not even that. Either needs its reason in an HTML comment
 *   right above: `<!-- no-run: waits for requests -->`.
 * - A first line `// file: tasks.ts` gives the block a name. Blocks of one section (from one heading to the next, or
 *   one `@example`) lie in one folder and can import each other by name.
 *
 * @module
 */
import ts from 'typescript';

export type Language = 'ts' | 'js';

/** `run`: type-check and run. `check`: type-check only. `skip`: neither. */
export type Treatment = 'run' | 'check' | 'skip';

export interface Snippet {
  /** The file it comes from, relative to the repository. */
  readonly source: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** Counts the sections of the source, from 0. */
  readonly section: number;
  /** The file name it was given, or one made from its line. */
  readonly name: string;
  readonly named: boolean;
  readonly language: Language;
  readonly treatment: Treatment;
  /** Why it is not run; `undefined` when it is. */
  readonly reason: string | undefined;
  readonly code: string;
}

/** A fault in the document itself. The message starts with file and line. */
export class SnippetError extends Error {
  override readonly name = 'SnippetError';
}

interface Block {
  readonly info: string;
  readonly line: number;
  readonly section: number;
  readonly code: string;
  /** The nearest line above that is not blank. */
  readonly above: string;
}

const LANGUAGES: Readonly<Record<string, { readonly language: Language; readonly extension: string }>> = {
  ts: { language: 'ts', extension: 'ts' },
  typescript: { language: 'ts', extension: 'ts' },
  mts: { language: 'ts', extension: 'mts' },
  js: { language: 'js', extension: 'js' },
  javascript: { language: 'js', extension: 'js' },
  mjs: { language: 'js', extension: 'mjs' },
};

/** The snippets of a Markdown document, in its order. */
export function fromMarkdown(source: string, text: string): readonly Snippet[] {
  return settle(blocks(source, text, 1, 0).flatMap((block) => toSnippet(source, block)));
}

/** The snippets of every `@example` in the docstrings of a TypeScript file. */
export function fromDocstrings(source: string, text: string): readonly Snippet[] {
  const found: Snippet[] = [];
  let section = 0;
  for (const { line, body } of docstrings(text).flatMap(({ at, comment }) => examples(at, comment))) {
    const inside = blocks(source, body, line, section);
    if (inside.length === 0) {
      throw new SnippetError(`${source}:${line}: the @example holds no fenced code block.`);
    }
    // A heading inside an example starts no section: one example is one.
    found.push(...inside.flatMap((block) => toSnippet(source, { ...block, section })));
    section++;
  }
  return settle(found);
}

/** A named block that another of its section names is there to be imported: it is not run by itself. */
function settle(snippets: readonly Snippet[]): readonly Snippet[] {
  for (const [i, snippet] of snippets.entries()) {
    const twin = snippets.findIndex(
      (other) => other.section === snippet.section && other.name === snippet.name,
    );
    if (twin !== i) {
      throw new SnippetError(
        `${snippet.source}:${snippet.line}: this section has another block named ${snippet.name}.`,
      );
    }
  }
  return snippets.map((snippet) => {
    const users = snippets.filter((other) => other !== snippet && other.section === snippet.section);
    const stem = snippet.name.replace(/\.\w+$/, '');
    const mention = new RegExp(`['"\`]\\./${stem.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\.\\w+['"\`]`);
    const imported = snippet.named && users.some((other) => mention.test(other.code));
    return imported && snippet.treatment === 'run' ? { ...snippet, treatment: 'check' } : snippet;
  });
}

function toSnippet(source: string, block: Block): readonly Snippet[] {
  const [word = '', ...marks] = block.info.split(/\s+/);
  const kind = LANGUAGES[word.toLowerCase()];
  if (!kind) return [];
  const fail = (what: string): never => {
    throw new SnippetError(`${source}:${block.line - 1}: ${what}`);
  };
  for (const mark of marks) {
    if (mark !== 'no-run' && mark !== 'no-check')
      fail(`unknown mark \`${mark}\`; there are no-run and no-check.`);
  }
  const mark = marks[0];
  const reason = new RegExp(`<!--\\s*${mark}:\\s*(\\S.*?)\\s*-->`).exec(block.above)?.[1];
  if (mark && !reason)
    fail(`${mark} needs its reason right above, as in <!-- ${mark}: waits for requests -->.`);
  const given = /^\/\/ file: (\S+)\s*$/.exec(block.code.split('\n', 1)[0] ?? '')?.[1];
  if (given && !/^[\w-]+(\.[\w-]+)*\.(ts|mts|js|mjs)$/.test(given))
    fail(`\`${given}\` is no plain file name.`);
  return [
    {
      source,
      line: block.line,
      section: block.section,
      name: given ?? `line-${block.line}.${kind.extension}`,
      named: given !== undefined,
      language: given ? (/ts$/.test(given) ? 'ts' : 'js') : kind.language,
      treatment: mark === 'no-check' ? 'skip' : mark === 'no-run' ? 'check' : 'run',
      reason: mark ? reason : undefined,
      code: block.code,
    },
  ];
}

/** The fenced blocks of a text whose first line is `firstLine` of its file. */
function blocks(source: string, text: string, firstLine: number, firstSection: number): readonly Block[] {
  const found: Block[] = [];
  const lines = text.split(/\r?\n/);
  let section = firstSection;
  let above = '';
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const open = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(line);
    if (!open) {
      if (/^#{1,6}\s/.test(line)) section++;
      if (line.trim() !== '') above = line;
      continue;
    }
    const [, indent = '', fence = '', info = ''] = open;
    const end = lines.findIndex((other, j) => j > i && closes(other, fence));
    if (end < 0) throw new SnippetError(`${source}:${firstLine + i}: this code block is not closed.`);
    const code = lines.slice(i + 1, end).map((inner) => dedent(inner, indent.length));
    found.push({ info: info.trim(), line: firstLine + i + 1, section, code: `${code.join('\n')}\n`, above });
    above = '';
    i = end;
  }
  return found;
}

function closes(line: string, fence: string): boolean {
  const mark = line.trim();
  return mark.length >= fence.length && mark === fence[0]!.repeat(mark.length);
}

function dedent(line: string, width: number): string {
  const blank = line.length - line.trimStart().length;
  return line.slice(Math.min(width, blank));
}

interface Docstring {
  /** The line of its opening, from 1. */
  readonly at: number;
  readonly comment: string;
}

/** Read through the parser, so that `src/**` in a string is not taken for a comment. */
function docstrings(text: string): readonly Docstring[] {
  const file = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true);
  const starts = new Set<number>();
  const found: Docstring[] = [];
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) {
      const comment = text.slice(range.pos, range.end);
      if (!comment.startsWith('/**') || starts.has(range.pos)) continue;
      starts.add(range.pos);
      found.push({ at: file.getLineAndCharacterOfPosition(range.pos).line + 1, comment });
    }
    for (const child of node.getChildren(file)) if (!ts.isJSDoc(child)) visit(child);
  };
  visit(file);
  return found.sort((a, b) => a.at - b.at);
}

interface Example {
  readonly line: number;
  readonly body: string;
}

function examples(at: number, comment: string): readonly Example[] {
  const lines = comment
    .replace(/\*\/$/, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*\/?\*{1,2} ?/, ''));
  const found: Example[] = [];
  let fenced = false;
  let start = -1;
  const finish = (end: number): void => {
    if (start >= 0) found.push({ line: at + start, body: lines.slice(start, end).join('\n') });
    start = -1;
  };
  for (const [i, line] of lines.entries()) {
    if (/^\s*(`{3,}|~{3,})/.test(line)) fenced = !fenced;
    if (fenced || !/^\s*@\w/.test(line)) continue;
    finish(i);
    if (/^\s*@example\b/.test(line)) start = i;
  }
  finish(lines.length);
  return found;
}
