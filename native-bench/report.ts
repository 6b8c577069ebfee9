/**
 * A result file as page, Markdown and plots: `tsx native-bench/report.ts --help`.
 *
 * @module
 */

import { report } from './report/command.ts';
import { runScript } from './script.ts';
import { SUITES } from './suites/index.ts';

await runScript((argv) =>
  report(argv, {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    suiteTitles: new Map(SUITES.map(({ name, title }) => [name, title])),
  }),
);
