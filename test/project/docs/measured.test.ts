import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { report } from '../../../native-bench/report/command.ts';
import { SUITES } from '../../../native-bench/suites/index.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('what was measured', () => {
  it('stands in the README and its plots as the result file has it', { timeout: 60_000 }, async () => {
    let said = '';
    const code = await report(
      [
        join(ROOT, 'docs/bench/results.json'),
        '--embed',
        join(ROOT, 'README.md'),
        '--svg-dir',
        join(ROOT, 'docs/bench'),
        '--check',
      ],
      {
        stdout: () => {},
        stderr: (text) => {
          said += text;
        },
        suiteTitles: new Map(SUITES.map(({ name, title }) => [name, title])),
      },
    );
    expect(said).toBe('');
    expect(code).toBe(0);
  });
});
