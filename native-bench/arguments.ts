/**
 * The command line of `runtime.ts`.
 *
 * @module
 */

import { expected, InvalidArgumentError } from '../src/errors.ts';
import type { Contender } from './contenders/contender.ts';
import { CONTENDERS } from './contenders/index.ts';
import type { Effort, Figure } from './figures/figure.ts';
import { integer, parsedArgs } from './script.ts';
import { DEFAULT_SUITE, figuresOf, SUITES } from './suites/index.ts';

export const USAGE: string = `Usage: tsx native-bench/runtime.ts [options]

Measures Millrace beside other worker pools and prints a table for each figure.

  --quick                 smaller counts, fewer rounds; not for publication
  --smoke                 tiny counts; only checks that every contender gives right results
  --suite NAME[,NAME]     these suites (default ${DEFAULT_SUITE.name}): ${SUITES.map(({ name }) => name).join(', ')}
  --only NAME[,NAME]      only these figures, of any suite unless --suite is given:
${SUITES.map(({ name, figures }) => `                          ${name}: ${figures.map((figure) => figure.name).join(', ')}`).join('\n')}
  --contenders NAME[,…]   only these contenders or families: ${CONTENDERS.map(({ name }) => name).join(', ')}
  --workers N             worker threads of each pool, 2 to 64 (default 2)
  --rounds N              rounds of every figure, 1 to 1000
  --json FILE             also write the results, with every sample, to FILE
  --seed N                draws the order of the contenders in each round, 0 to 4294967295 (default: another each time)
  --check                 exit with 1 when a claim is missed, could not be measured, or had one round only
  --help                  this text
`;

export interface Choices {
  readonly help: boolean;
  readonly effort: Effort;
  readonly figures: readonly Figure[];
  readonly contenders: readonly Contender[];
  readonly workers: number;
  readonly rounds?: number;
  readonly seed?: number;
  readonly json?: string;
  readonly check: boolean;
}

/** Throws `InvalidArgumentError` when an option is unknown or its value cannot be used. */
export function parseChoices(argv: readonly string[]): Choices {
  const values = parse(argv);
  if (values.quick && values.smoke)
    throw new InvalidArgumentError('Expected one of --quick and --smoke, got both');
  if (values.smoke && values.check) {
    throw new InvalidArgumentError('Expected --check without --smoke: a smoke run measures nothing');
  }
  if (values.json === '') throw expected('--json', 'the name of a file', values.json);
  return {
    help: values.help ?? false,
    effort: values.smoke ? 'smoke' : values.quick ? 'quick' : 'full',
    figures: figures(values.suite, values.only),
    contenders: select('--contenders', values.contenders, CONTENDERS, ({ name, family, packageName }) => [
      name,
      family,
      packageName ?? name,
    ]),
    workers: values.workers === undefined ? 2 : integer('--workers', values.workers, 2, 64),
    ...(values.rounds === undefined ? {} : { rounds: integer('--rounds', values.rounds, 1, 1000) }),
    ...(values.seed === undefined ? {} : { seed: integer('--seed', values.seed, 0, 2 ** 32 - 1) }),
    ...(values.json === undefined ? {} : { json: values.json }),
    check: values.check ?? false,
  };
}

function parse(argv: readonly string[]) {
  return parsedArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      smoke: { type: 'boolean' },
      check: { type: 'boolean' },
      suite: { type: 'string' },
      only: { type: 'string' },
      contenders: { type: 'string' },
      workers: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
    },
  }).values;
}

function figures(suite: string | undefined, only: string | undefined): readonly Figure[] {
  const unsaid = only === undefined ? [DEFAULT_SUITE] : SUITES;
  const suites = suite === undefined ? unsaid : select('--suite', suite, SUITES, ({ name }) => [name]);
  return select('--only', only, figuresOf(suites), ({ name }) => [name]);
}

function select<T>(
  option: string,
  given: string | undefined,
  all: readonly T[],
  namesOf: (item: T) => readonly string[],
): readonly T[] {
  if (given === undefined) return all;
  const wanted = given.split(',').map((name) => name.trim());
  const known = new Set(all.flatMap(namesOf));
  for (const name of wanted) {
    if (!known.has(name)) throw expected(option, `names out of ${[...known].join(', ')}`, name);
  }
  return all.filter((item) => namesOf(item).some((name) => wanted.includes(name)));
}
