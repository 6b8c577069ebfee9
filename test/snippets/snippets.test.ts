import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runToExit } from '../process/harness/child.ts';
import { collect } from './collect.ts';
import { type Placed, place } from './place.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 30_000;

const { snippets, faults } = collect(ROOT);
const checked = snippets.filter((snippet) => snippet.treatment !== 'skip');

let placed: Placed;
beforeAll(() => {
  placed = place(snippets);
});
afterAll(() => placed.remove());

it('every document can be read', () => {
  expect(faults).toEqual([]);
});

describe.concurrent.each(checked)('$source:$line', (snippet) => {
  it('has right types', () => {
    expect(placed.complaints(snippet)).toEqual([]);
  });

  if (snippet.treatment !== 'run') return;
  it('runs to its end', { timeout: LIMIT_MS + 30_000 }, async () => {
    const file = placed.file(snippet);
    await runToExit({ file }, { cwd: dirname(file), limitMs: LIMIT_MS });
  });
});
