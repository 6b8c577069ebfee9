/**
 * Whether given limits hold: `tsx native-bench/check.ts --help`.
 *
 * Exit code 0 (all hold), 1 (one is broken), 2 (bad arguments or files, or a limit the results say nothing about).
 *
 * @module
 */

import { parseArgs } from 'node:util';
import { InvalidArgumentError } from '../src/errors.ts';
import { checkResults } from './check/check.ts';
import { readLimits } from './check/limits.ts';
import { measured } from './check/measured.ts';
import { checkedTable } from './check/table.ts';
import { readResults } from './results-file.ts';
import { runScript } from './script.ts';

const USAGE = `Usage: tsx native-bench/check.ts --slo LIMITS [RESULTS] [--quick]

Says which limits on throughput, latency and reliability hold. RESULTS is a result file; without one, what the limits
name is measured now. Exit code 0: all hold; 1: one is broken; 2: bad arguments or files, or the results do not say.

  --slo FILE    the limits; native-bench/check/README.md describes them
  --quick       when measuring now: smaller counts, fewer rounds
  --help        this text
`;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: 'boolean' }, slo: { type: 'string' }, quick: { type: 'boolean' } },
    });
  } catch (cause) {
    throw new InvalidArgumentError(`${(cause as Error).message}. See --help.`, { cause });
  }
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
  const results =
    file === undefined ? await measured(limits, values.quick ?? false) : await readResults(file);
  const checked = checkResults(results, limits);
  process.stdout.write(checkedTable(checked));
  const missing = checked.filter(({ status }) => status === 'missing');
  for (const { figure, reason } of missing) {
    process.stderr.write(`The results do not say whether a limit on "${figure}" holds: ${reason}\n`);
  }
  if (missing.length > 0) return 2;
  return checked.some(({ status }) => status === 'broken') ? 1 : 0;
}

await runScript(main);
