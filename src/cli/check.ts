/**
 * `millrace check`: whether given limits hold, for a job of continuous integration.
 *
 * @module
 */

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { MillraceError } from '../errors.ts';
import { checkResults, conclusionOf } from './check/judge.ts';
import { readLimits } from './check/limits.ts';
import { readMeasured } from './check/measured.ts';
import { checkRanges } from './check/ranges.ts';
import { checkedTable } from './check/table.ts';
import { CommandFailure, EXIT, oneLine } from './exit.ts';
import type { Host } from './host.ts';
import { stdoutTarget } from './records/targets.ts';

export function checkCommand(program: Command, host: Host, done: (exit: number) => void): void {
  program
    .command('check')
    .summary('say whether limits on throughput, latency and reliability hold')
    .description(
      'Hold limits against a result file of the bench, or against the summary of a run of `millrace map`.\n' +
        'Exit code 0: all hold; 1: one is broken; 2: bad arguments or files, or the results do not say.',
    )
    .argument('<results>', 'what was measured')
    .requiredOption('--slo <file>', 'the limits; docs/check.md describes them')
    .addHelpText(
      'after',
      '\nExamples:\n  $ millrace check --slo limits.json results.json\n' +
        '  $ millrace map ./tasks.mjs#run *.txt --summary run.json && millrace check --slo limits.json run.json',
    )
    .action(async (results: string, { slo }: { readonly slo: string }) => {
      done(await check(host, results, slo));
    });
}

async function check(host: Host, results: string, slo: string): Promise<number> {
  const checked = await usable(async () => {
    const path = resolve(host.cwd, slo);
    const limits = await readLimits(path);
    const measured = await readMeasured(resolve(host.cwd, results));
    checkRanges(path, limits, measured.figures);
    return checkResults(measured, limits);
  });
  await stdoutTarget(host.stdout).write(Buffer.from(checkedTable(checked)));
  const { complaints, exit } = conclusionOf(checked);
  for (const complaint of complaints) host.stderr.write(`millrace: ${oneLine(complaint)}\n`);
  return exit;
}

async function usable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    throw new CommandFailure(error.message, { exit: EXIT.usage, cause: error });
  }
}
