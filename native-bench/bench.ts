/**
 * The measuring stick: `npm run bench -- --help`.
 *
 * Without a command it measures all suites, prints the tables and writes results, page and Markdown.
 *
 * Exit codes: those of the command; of a run 0, 1 (with `--check`: a claim missed or not measured), 2 (bad arguments).
 *
 * @module
 */

import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLine, USAGE } from './bench/command-line.ts';

const SCRIPT = fileURLToPath(import.meta.url);
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

/** Runs one of the scripts beside this one in this process, as if it had been called with `argv`. */
async function script(name: string, argv: readonly string[]): Promise<void> {
  process.argv = [process.argv[0]!, SCRIPT, ...argv];
  await import(`./${name}.ts`);
}

const chosen = commandLine(process.argv.slice(2));
switch (chosen.kind) {
  case 'help':
    process.stdout.write(USAGE);
    break;
  case 'wrong':
    process.stderr.write(`${chosen.message}\n`);
    process.exitCode = 2;
    break;
  case 'script':
    await script(chosen.name, chosen.argv);
    break;
  case 'run': {
    const out = resolve(chosen.out ?? RESULTS);
    const file = (ending: string): string => join(out, `latest.${ending}`);
    await script('runtime', chosen.measures ? [...chosen.argv, '--json', file('json')] : chosen.argv);
    if (!chosen.measures || process.exitCode === 2) break;
    const code = process.exitCode;
    await script('report', [file('json'), '--html', file('html'), '--markdown', file('md')]);
    process.stdout.write(`Report: ${relative(process.cwd(), file('html'))}\n`);
    // A report that could not be written is not hidden behind a run that went well.
    process.exitCode ||= code;
  }
}
