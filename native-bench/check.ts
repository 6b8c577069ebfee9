/**
 * Whether given limits hold: `tsx native-bench/check.ts --help`.
 *
 * Exit code 0 (all hold), 1 (one is broken), 2 (bad arguments or files, or a limit the results say nothing about).
 *
 * @module
 */

import { checkResults, conclusionOf } from '../src/cli/check/judge.ts';
import { readLimits } from '../src/cli/check/limits.ts';
import { readMeasured } from '../src/cli/check/measured.ts';
import { checkRanges } from '../src/cli/check/ranges.ts';
import { checkedTable } from '../src/cli/check/table.ts';
import { InvalidArgumentError } from '../src/errors.ts';
import { measured } from './check/measured.ts';
import { parsedArgs, runScript } from './script.ts';
import { figuresOf, SUITES } from './suites/index.ts';

const USAGE = `Usage: tsx native-bench/check.ts --slo LIMITS [RESULTS] [--quick]

Says which limits on throughput, latency and reliability hold. RESULTS is a result file; without one, what the limits
name is measured now. Exit code 0: all hold; 1: one is broken; 2: bad arguments or files, or the results do not say.

  --slo FILE    the limits; docs/check.md describes them
  --quick       when measuring now: smaller counts, fewer rounds
  --help        this text
`;

function parse(argv: readonly string[]) {
  return parsedArgs({
    args: [...argv],
    allowPositionals: true,
    options: { help: { type: 'boolean' }, slo: { type: 'string' }, quick: { type: 'boolean' } },
  });
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (!values.slo) throw new InvalidArgumentError('Expected --slo and a file of limits. See --help.');
  if (positionals.length > 1) {
    throw new InvalidArgumentError(
      `Expected at most one result file, got ${positionals.length}. See --help.`,
    );
  }
  const [file] = positionals;
  if (file !== undefined && values.quick) {
    throw new InvalidArgumentError('--quick is for measuring now; a result file has its counts');
  }
  const limits = await readLimits(values.slo);
  const given = file === undefined ? undefined : await readMeasured(file);
  // Before anything is measured: that takes minutes.
  checkRanges(values.slo, limits, given?.figures ?? figuresOf(SUITES));
  const results = given ?? (await measured(limits, values.quick ?? false));
  const checked = checkResults(results, limits);
  process.stdout.write(checkedTable(checked));
  const { complaints, exit } = conclusionOf(checked);
  for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
  return exit;
}

await runScript(main);
