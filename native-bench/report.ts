/**
 * A result file as page, Markdown and plots: `tsx native-bench/report.ts --help`.
 *
 * @module
 */

import { report } from './report/command.ts';
import { SUITES } from './suites/index.ts';

process.exitCode = await report(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  suiteTitles: new Map(SUITES.map(({ name, title }) => [name, title])),
});
