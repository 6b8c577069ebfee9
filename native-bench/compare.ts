/**
 * What became faster or slower: `tsx native-bench/compare.ts --help`.
 *
 * Exit code 0 (nothing is slower), 1 (something is slower, or not there any more), 2 (bad arguments, a file or revision
 * that cannot be used, or too few rounds for anything to be found).
 *
 * @module
 */

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expected, InvalidArgumentError } from '../src/errors.ts';
import { type Choices, parseChoices, USAGE } from './compare/arguments.ts';
import { commitOf } from './compare/checkout.ts';
import { compareResults, decidesNothing, isWorse } from './compare/compare.ts';
import type { Compared } from './compare/compared.ts';
import { comparedTable } from './compare/table.ts';
import { writable, writeJson } from './files.ts';
import { readResults } from './results-file.ts';
import { runScript } from './script.ts';
import { DEFAULT_SUITE, figuresOf, SUITES } from './suites/index.ts';

type Comparing = Extract<Choices, { help: false }>;

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const ROUNDS = 15;

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function compare(choices: Comparing): Promise<Compared> {
  const files = [choices.base, choices.head].filter(isFile);
  if (files.length === 2) return compareFiles(choices);
  for (const [name, given] of [
    ['BASE', choices.base],
    ['HEAD', choices.head],
  ] as const) {
    if (!isFile(given) && (await commitOf(REPOSITORY, given)) === undefined) {
      throw expected(name, 'a result file or a git revision', given);
    }
  }
  if (files.length === 1) {
    throw new InvalidArgumentError(
      `Expected two result files or two git revisions, but of these only ${files[0]} is a file`,
    );
  }
  return compareCommits(choices);
}

async function compareFiles({ base, head, ...choices }: Comparing): Promise<Compared> {
  const { alpha, minEffect, only, drift } = choices;
  for (const option of ['rounds', 'workers'] as const) {
    if (choices[option] !== undefined) {
      throw new InvalidArgumentError(`--${option} is for revisions; result files have theirs`);
    }
  }
  if (choices.effort !== undefined) {
    throw new InvalidArgumentError('--quick is for revisions; result files have their counts');
  }
  return compareResults(await readResults(base), await readResults(head), {
    alpha,
    minEffect,
    names: { base, head },
    ...(only === undefined ? {} : { only }),
    ...(drift === undefined ? {} : { drift }),
  });
}

async function compareCommits({ base, head, ...choices }: Comparing): Promise<Compared> {
  const { alpha, minEffect, only, drift, rounds = ROUNDS, workers = 2, effort = 'full' } = choices;
  if (drift !== undefined) {
    throw new InvalidArgumentError(
      '--drift is for result files; revisions are measured in turns and have none',
    );
  }
  const known = figuresOf(SUITES.filter(({ subject }) => subject === undefined));
  const unknown = only?.find((name) => !known.some((figure) => figure.name === name));
  if (unknown !== undefined) {
    throw expected('--only', `names out of ${known.map(({ name }) => name).join(', ')}`, unknown);
  }
  const figures =
    only === undefined ? DEFAULT_SUITE.figures : known.filter(({ name }) => only.includes(name));
  // Loaded only here: it brings the compiler with it, which result files have no use for.
  const { compareRevisions } = await import('./compare/revisions.ts');
  return compareRevisions(base, head, { figures, effort, workers, rounds, alpha, minEffect, progress });
}

async function main(argv: readonly string[]): Promise<number> {
  const choices = parseChoices(argv);
  if (choices.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (choices.json !== undefined) await writable(choices.json);
  const compared = await compare(choices);
  process.stdout.write(comparedTable(compared));
  if (choices.json !== undefined) await writeJson(choices.json, compared);
  if (isWorse(compared)) return 1;
  if (!decidesNothing(compared)) return 0;
  process.stderr.write(
    `Nothing could be found to be slower: it takes ${compared.roundsNeeded} rounds on each side. Measure with --rounds ${compared.roundsNeeded} or more, or compare fewer figures (--only).\n`,
  );
  return 2;
}

await runScript(main, () => progress(''));
