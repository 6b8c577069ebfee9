/**
 * The command line of `profile.ts`.
 *
 * @module
 */
import { expected, InvalidArgumentError } from '../../src/errors.ts';
import { integer, parsedArgs } from '../script.ts';
import { PROFILES, profileNamed } from './index.ts';
import type { Profile, Volume } from './profile.ts';

const MOST_MINUTES = 10_080;

export const USAGE: string = `Usage: tsx native-bench/profile.ts PROFILE [options]

Runs a load on Millrace for minutes or hours, checks every result, and says what grows meanwhile.

${PROFILES.map(({ name, title, minutes }) => `  ${name.padEnd(10)} ${title} (${minutes} minutes)`).join('\n')}

  --minutes N             how long, up to ${MOST_MINUTES}; 0.5 is 30 s (default: as above)
  --workers N             worker threads, 1 to 64 (default 2)
  --seed N                chooses the tasks, 0 to 4294967295 (default 1)
  --quick                 a hundredth of the volume: payloads up to 160 KiB, 10,000 waiting tasks
  --json FILE             also write what was seen, with the samples, to FILE
  --help                  this text

Exit code 0: nothing lost, nothing wrong, no leak. 1: something was. 2: bad arguments.
Interrupted with Ctrl-C it ends its cycle and reports what it has.
`;

export interface ProfileChoices {
  readonly kind: 'run';
  readonly profile: Profile;
  readonly minutes: number;
  readonly workers: number;
  readonly seed: number;
  readonly volume: Volume;
  readonly json?: string;
}

/** Throws `InvalidArgumentError` when something is unknown or its value cannot be used. */
export function parseProfileChoices(argv: readonly string[]): ProfileChoices | { readonly kind: 'help' } {
  const { values, positionals } = parse(argv);
  if (values.help) return { kind: 'help' };
  const [name, ...more] = positionals;
  const profile = name === undefined ? undefined : profileNamed(name);
  if (profile === undefined)
    throw expected('PROFILE', `one of ${PROFILES.map((each) => each.name).join(', ')}`, name);
  if (more.length > 0) throw new InvalidArgumentError(`Expected one profile, got also ${more.join(', ')}`);
  if (values.json === '') throw expected('--json', 'the name of a file', values.json);
  return {
    kind: 'run',
    profile,
    minutes: values.minutes === undefined ? profile.minutes : minutes(values.minutes),
    workers: values.workers === undefined ? 2 : integer('--workers', values.workers, 1, 64),
    seed: values.seed === undefined ? 1 : integer('--seed', values.seed, 0, 2 ** 32 - 1),
    volume: values.quick ? 'quick' : 'full',
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

function parse(argv: readonly string[]) {
  return parsedArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      minutes: { type: 'string' },
      workers: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
    },
  });
}

function minutes(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value > 0 && value <= MOST_MINUTES)) {
    throw expected('--minutes', `a number above 0 and up to ${MOST_MINUTES}`, text);
  }
  return value;
}
