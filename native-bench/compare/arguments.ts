/**
 * The command line of `compare.ts`.
 *
 * @module
 */

import { expected, InvalidArgumentError } from '../../src/errors.ts';
import { integer, parsedArgs } from '../script.ts';

export const USAGE: string = `Usage: tsx native-bench/compare.ts BASE HEAD [options]

Says what is faster or slower in HEAD than in BASE: two result files, or two git revisions, which are built and measured
in turns. Exit code 0: nothing is slower; 1: something is, or is not there any more; 2: they cannot be compared, or have
too few rounds for anything to be found.

  --min-effect PERCENT    least change of interest (default 3)
  --alpha P               chance of even one wrong "faster" or "slower" when nothing has changed (default 0.01)
  --only NAME[,NAME]      only these figures
  --json FILE             also write the comparison to FILE
  --help                  this text

For result files:
  --drift peers|none      take the drift of the machine between the two out, as far as contenders that were measured in
                          both show it (default peers)
For revisions:
  --rounds N              rounds of each side, 1 to 1000 (default 15)
  --workers N             worker threads of the pool, 2 to 64 (default 2)
  --quick                 smaller counts
`;

export type Choices =
  | { readonly help: true }
  | {
      readonly help: false;
      readonly base: string;
      readonly head: string;
      readonly minEffect: number;
      readonly alpha: number;
      readonly only?: readonly string[];
      readonly json?: string;
      /** Absent where not given: each belongs to one kind of comparison only. */
      readonly drift?: 'peers' | 'none';
      readonly rounds?: number;
      readonly workers?: number;
      readonly effort?: 'quick';
    };

/** Throws `InvalidArgumentError` when an argument is unknown or cannot be used. */
export function parseChoices(argv: readonly string[]): Choices {
  const { values, positionals } = parse(argv);
  if (values.help) return { help: true };
  const [base, head] = positionals;
  if (base === undefined || head === undefined || positionals.length > 2) {
    throw new InvalidArgumentError(
      `Expected two arguments, BASE and HEAD, got ${positionals.length}. See --help.`,
    );
  }
  if (values.json === '') throw expected('--json', 'the name of a file', values.json);
  if (values.drift !== undefined && values.drift !== 'peers' && values.drift !== 'none') {
    throw expected('--drift', '"peers" or "none"', values.drift);
  }
  return {
    help: false,
    base,
    head,
    minEffect: between('--min-effect', values['min-effect'] ?? '3', 0, 1000) / 100,
    alpha: between('--alpha', values.alpha ?? '0.01', 0, 1),
    ...(values.only === undefined ? {} : { only: values.only.split(',').map((name) => name.trim()) }),
    ...(values.json === undefined ? {} : { json: values.json }),
    ...(values.drift === undefined ? {} : { drift: values.drift }),
    ...(values.rounds === undefined ? {} : { rounds: integer('--rounds', values.rounds, 1, 1000) }),
    ...(values.workers === undefined ? {} : { workers: integer('--workers', values.workers, 2, 64) }),
    ...(values.quick ? { effort: 'quick' } : {}),
  };
}

function parse(argv: readonly string[]) {
  return parsedArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      'min-effect': { type: 'string' },
      alpha: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      drift: { type: 'string' },
      rounds: { type: 'string' },
      workers: { type: 'string' },
      quick: { type: 'boolean' },
    },
  });
}

/** A number strictly between the two. */
function between(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > low && value < high)) {
    throw expected(option, `a number above ${low} and below ${high}`, text);
  }
  return value;
}
