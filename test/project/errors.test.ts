import { describe, expect, it } from 'vitest';
import * as errors from '../../src/errors.ts';
import { files, read } from './tree.ts';

interface Row {
  readonly code: string;
  readonly className: string;
  readonly cells: readonly string[];
}

const codes = Object.keys(errors.ERROR_CODES).sort();
const rows = rowsOf(read('docs/errors.md'));

/** The classes that fix their code or narrow it to a few; all other codes are carried by the base class. */
const NARROW: Readonly<Record<string, readonly string[]>> = {
  InvalidArgumentError: ['ERR_INVALID_ARGUMENT'],
  SerializeError: ['ERR_SERIALIZE', 'ERR_RESULT_SERIALIZE'],
  TimeoutError: ['ERR_TIMEOUT', 'ERR_DEADLINE'],
  WorkerError: ['ERR_WORKER_CRASHED', 'ERR_WORKER_STUCK', 'ERR_POISONED'],
  GraphCycleError: ['ERR_GRAPH_CYCLE'],
  GraphNodeError: ['ERR_GRAPH_NODE'],
  NonErrorThrown: ['ERR_TASK_THREW_NON_ERROR'],
};

describe('docs/errors.md', () => {
  it('has a row for every code, and for nothing else', () => {
    expect(rows.map((row) => row.code).sort()).toEqual(codes);
  });

  it('names the class that carries each code', () => {
    for (const { code, className } of rows) {
      const owner = Object.entries(NARROW).find(([, own]) => own.includes(code))?.[0] ?? 'MillraceError';
      expect([code, className]).toEqual([code, owner]);
    }
  });

  it('leaves no cell empty', () => {
    expect(rows.filter(({ cells }) => cells.length !== 5 || cells.some((cell) => cell === ''))).toEqual([]);
  });

  it('knows every class of src/errors.ts', () => {
    const classes = Object.values(errors).filter(
      (value) => typeof value === 'function' && /^class /.test(`${value}`),
    );
    const names = classes.map((value) => (value as { readonly name: string }).name).sort();
    expect(names).toEqual(['MillraceError', ...Object.keys(NARROW)].sort());
  });
});

describe('every code', () => {
  const library = files().filter((path) => /^(src|workers)\/.*\.ts$/.test(path) && path !== 'src/errors.ts');
  const text = library.map(read).join('\n');

  it.each(codes)('%s is used', (code) => {
    const thrower = Object.entries(NARROW).find(([, own]) => own.length === 1 && own[0] === code)?.[0];
    const names = [`'${code}'`, ...(thrower ? [`new ${thrower}(`] : [])];
    if (code === 'ERR_INVALID_ARGUMENT') names.push('expected(');
    expect(names.some((name) => text.includes(name))).toBe(true);
  });
});

function rowsOf(markdown: string): readonly Row[] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| `ERR_'));
  return lines.map((line) => {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { code: cells[0]!.replaceAll('`', ''), className: cells[1]?.replaceAll('`', '') ?? '', cells };
  });
}
