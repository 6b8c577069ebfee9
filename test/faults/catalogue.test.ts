// docs/faults.md against the tests it names.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const DOC = new URL('../../docs/faults.md', import.meta.url);
const WANTED = [
  ...Array.from({ length: 60 }, (_, i) => i + 1),
  ...Array.from({ length: 11 }, (_, i) => i + 65),
];

interface Row {
  readonly number: number;
  readonly does: string;
  readonly test: string;
}

const rows: readonly Row[] = readFileSync(DOC, 'utf8')
  .split('\n')
  .flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    return /^\d+$/.test(cells[1] ?? '')
      ? [{ number: Number(cells[1]), does: cells[3] ?? '', test: cells[4] ?? '' }]
      : [];
  });

/** The rows a test file names in the titles of its tests. */
function rowsOf(file: string): ReadonlySet<number> {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return new Set(Array.from(text.matchAll(/\(\s*'row (\d+): /g), ([, n]) => Number(n)));
}

describe('docs/faults.md', () => {
  it('has every row of the catalogue once', () => {
    expect(rows.map(({ number }) => number)).toEqual(WANTED);
  });

  it.each(rows.map((row) => [row.number, row] as const))(
    'row %i names a test, or says why there is none',
    (number, row) => {
      if (row.test === 'none') {
        expect(row.does).toMatch(/^No test: .{30,}/);
        return;
      }
      const file = /^`([\w-]+\.test\.ts)`$/.exec(row.test)?.[1];
      expect(file, `row ${number}: ${row.test}`).toBeDefined();
      expect(existsSync(new URL(file!, import.meta.url))).toBe(true);
      expect(rowsOf(file!), `${file} has a test of row ${number}`).toContain(number);
    },
  );

  it('every row that has a test is in the document', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter(
      (name) => name.endsWith('.test.ts') && name !== 'catalogue.test.ts',
    );
    const tested = new Set(files.flatMap((file) => [...rowsOf(file)]));
    const known = new Set([...rows.map(({ number }) => number), 77]);
    expect([...tested].filter((number) => !known.has(number))).toEqual([]);
    expect(tested.size).toBeGreaterThan(60);
  });
});
