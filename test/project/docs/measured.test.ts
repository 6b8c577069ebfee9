import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { report } from '../../../native-bench/report/command.ts';
import { SUITES } from '../../../native-bench/suites/index.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('what was measured', () => {
  it.each([
    [
      ['docs/bench/bursts.json', 'docs/bench/round-trip.json', 'docs/bench/results.json'],
      'README.md',
      ['--svg-dir', join(ROOT, 'docs/bench')],
    ],
    [['docs/bench/forkjoin.json'], 'docs/fork-join.md', []],
  ])('stands as %s has it in %s', { timeout: 60_000 }, async (results, document, plots) => {
    let said = '';
    const files = results.map((name) => join(ROOT, name));
    const code = await report([...files, '--embed', join(ROOT, document), ...plots, '--check'], {
      stdout: () => {},
      stderr: (text) => {
        said += text;
      },
      suiteTitles: new Map(SUITES.map(({ name, title }) => [name, title])),
    });
    expect(said).toBe('');
    expect(code).toBe(0);
  });
});
