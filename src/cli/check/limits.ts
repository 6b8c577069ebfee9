/**
 * The file of limits: what it may say, and what is wrong with one.
 *
 * @module
 */

import { expected, InvalidArgumentError } from '../../errors.ts';
import { list, number, oneOf, readJson, record, text } from './json.ts';

/** All figures; a limit on a metric then holds for each figure that has it. */
export const EVERY_FIGURE = '*';

/** Whose values are meant where nobody is named. */
export const SUBJECT = 'millrace';

export type Limit = ValueLimit | RatioLimit | FailureLimit;

interface Selected {
  /** The name of a figure, or `*` for all. */
  readonly figure: string;
  /** Default: Millrace. */
  readonly contender: string;
}

interface Bounded extends Selected {
  /** `undefined`: the first metric of the figure. */
  readonly metric: string | undefined;
  readonly atLeast: number;
  readonly atMost: number;
  /** What is held against the bounds: the median of the rounds (default), or each round by itself. */
  readonly rounds: 'median' | 'every';
}

/** A metric of the contender. */
export interface ValueLimit extends Bounded {
  readonly kind: 'value';
}

/** A metric of the contender over the same metric of another, round by round. */
export interface RatioLimit extends Bounded {
  readonly kind: 'ratio';
  /** `best pool` is the pool with the best median of the metric that is not the contender itself. */
  readonly ratioTo: string;
}

/** In how many figures the contender may crash, hang, give a wrong result or not close. */
export interface FailureLimit extends Selected {
  readonly kind: 'failures';
  readonly atMost: number;
}

const FIELDS = ['figure', 'metric', 'contender', 'ratioTo', 'atLeast', 'atMost', 'rounds', 'failures'];

/**
 * The limits in the file `path`.
 *
 * @throws InvalidArgumentError when it cannot be read, or is not what `docs/check.md` describes.
 */
export async function readLimits(path: string): Promise<readonly Limit[]> {
  const found = await readJson(path, 'a file of limits');
  try {
    return limitsOf(found);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${path}: ${error.message}`, { cause: error });
  }
}

export function limitsOf(found: unknown): readonly Limit[] {
  const file = record('the file', found);
  known('', file, ['limits']);
  const limits: Limit[] = [];
  list('limits', file['limits'], (at, each) => limits.push(limitOf(at, each)));
  if (limits.length === 0) throw new InvalidArgumentError('Expected `limits` to have at least one limit');
  return limits;
}

function limitOf(at: string, found: unknown): Limit {
  const fields = record(at, found);
  known(`${at}.`, fields, FIELDS);
  const { figure, contender = SUBJECT } = fields;
  text(`${at}.figure`, figure);
  text(`${at}.contender`, contender);
  if (fields['failures'] !== undefined) return failureLimit(at, fields, { figure, contender });

  const { metric, ratioTo, atLeast, atMost, rounds = 'median' } = fields;
  if (metric !== undefined) text(`${at}.metric`, metric);
  if (figure === EVERY_FIGURE && metric === undefined) {
    throw new InvalidArgumentError(`Expected \`${at}.metric\` beside the figure "*"`);
  }
  if (atLeast === undefined && atMost === undefined) {
    throw new InvalidArgumentError(`Expected \`${at}\` to have \`atLeast\`, \`atMost\` or \`failures\``);
  }
  if (atLeast !== undefined) number(`${at}.atLeast`, atLeast);
  if (atMost !== undefined) number(`${at}.atMost`, atMost);
  const bounds = { atLeast: atLeast ?? Number.NEGATIVE_INFINITY, atMost: atMost ?? Number.POSITIVE_INFINITY };
  if (bounds.atLeast > bounds.atMost) {
    throw new InvalidArgumentError(
      `Expected \`${at}.atLeast\` not to exceed \`atMost\`, got ${atLeast} and ${atMost}`,
    );
  }
  oneOf(`${at}.rounds`, rounds, ['median', 'every']);
  const bounded = { figure, contender, metric, ...bounds, rounds };
  if (ratioTo === undefined) return { kind: 'value', ...bounded };
  text(`${at}.ratioTo`, ratioTo);
  if (ratioTo === contender) {
    throw new InvalidArgumentError(
      `Expected \`${at}.ratioTo\` to be another than the contender, got ${JSON.stringify(ratioTo)} for both`,
    );
  }
  return { kind: 'ratio', ...bounded, ratioTo };
}

function failureLimit(
  at: string,
  fields: Readonly<Record<string, unknown>>,
  selected: Selected,
): FailureLimit {
  const other = ['metric', 'ratioTo', 'atLeast', 'atMost', 'rounds'].find(
    (name) => fields[name] !== undefined,
  );
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `Expected \`${at}\` to have either \`failures\` or \`${other}\`, got both`,
    );
  }
  const { failures } = fields;
  if (!Number.isInteger(failures) || (failures as number) < 0) {
    throw expected(`${at}.failures`, 'an integer of at least 0', failures);
  }
  return { kind: 'failures', ...selected, atMost: failures as number };
}

/** A misspelled field would be a limit that nobody checks. */
function known(at: string, fields: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const odd = Object.keys(fields).find((name) => !names.includes(name));
  if (odd === undefined) return;
  throw new InvalidArgumentError(`Unknown field \`${at}${odd}\`; known are ${names.join(', ')}`);
}
