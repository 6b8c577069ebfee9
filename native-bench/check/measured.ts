import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EVERY_FIGURE, type Limit } from '../../src/cli/check/limits.ts';
import { InvalidArgumentError } from '../../src/errors.ts';
import type { Results } from '../results.ts';
import { readResults } from '../results-file.ts';

const RUNTIME = fileURLToPath(new URL('../runtime.ts', import.meta.url));

/**
 * Measures what the limits are about, now and here, with the script that measures everything.
 *
 * @throws InvalidArgumentError when that script refuses a figure or contender that a limit names, or fails.
 */
export async function measured(limits: readonly Limit[], quick: boolean): Promise<Results> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-check-'));
  try {
    const file = join(directory, 'results.json');
    const code = await runtime([...measuring(limits), ...(quick ? ['--quick'] : []), '--json', file]);
    if (code !== 0) throw new InvalidArgumentError(`The figures could not be measured (exit code ${code})`);
    return await readResults(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The arguments that leave out what no limit needs. */
export function measuring(limits: readonly Limit[]): string[] {
  const figures = new Set(limits.map(({ figure }) => figure));
  const everybody = limits.some((limit) => limit.kind === 'ratio' && limit.ratioTo === 'best pool');
  const contenders = new Set(
    limits.flatMap((limit) => [limit.contender, ...(limit.kind === 'ratio' ? [limit.ratioTo] : [])]),
  );
  return [
    ...(figures.has(EVERY_FIGURE) ? [] : ['--only', [...figures].join(',')]),
    ...(everybody ? [] : ['--contenders', [...contenders].join(',')]),
  ];
}

/** Runs it with the loader this process has; its tables go to stderr, since stdout is for the limits. */
function runtime(argv: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, RUNTIME, ...argv], {
      stdio: ['ignore', process.stderr, process.stderr],
    });
    const end = (): void => {
      child.kill();
    };
    process.once('exit', end);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', end);
      resolve(code ?? 2);
    });
  });
}
