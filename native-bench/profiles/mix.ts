/**
 * A mix of tasks as a service has them: mostly short, a few long, objects, bytes, records, and some that fail. Each
 * knows what it must settle with.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { object1k, records10k } from '../figures/inputs.ts';
import type { Random } from '../statistics/random.ts';
import { checksum, crunch, summarize } from '../tasks/functions.mjs';
import { errorName, type Judge, value } from './ledger.ts';
import type { Stage } from './profile.ts';

export interface TaskKind {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** About how long it keeps a worker busy, ms. */
  readonly ms: number;
  readonly submit: (stage: Stage) => void;
}

/** Weights and durations of `crunch`: heavy-tailed, 0.5 ms on average. */
const DURATIONS = [
  { ms: 0.1, weight: 60 },
  { ms: 0.3, weight: 25 },
  { ms: 1, weight: 10 },
  { ms: 3, weight: 4 },
  { ms: 10, weight: 1 },
];
const BYTES = 64 * 1024;
const RECORDS = 200;
const EXAMPLES = 8;

/** Inputs and right answers are made once: the process that submits has other things to do. */
export function mixOf({ pace }: Stage): readonly TaskKind[] {
  const objects = Array.from({ length: EXAMPLES }, (_, seed) => object1k(seed));
  const records = Array.from({ length: EXAMPLES }, (_, seed) => records10k(seed).slice(0, RECORDS));
  const summaries = records.map((each) => summarize(each));
  const kinds: TaskKind[] = DURATIONS.map(({ ms, weight }) => {
    const rounds = Math.max(1, Math.round(pace * ms));
    const answer = crunch(rounds);
    return {
      name: `crunch ${ms} ms`,
      weight: weight * 0.4,
      ms,
      submit: ({ pool, ledger }) => {
        void ledger.enter(
          `crunch ${ms} ms`,
          pool.run('crunch', [rounds]),
          value((given) => given === answer),
        );
      },
    };
  });
  const one = (random: () => number): number => Math.floor(random() * EXAMPLES);
  return [
    ...kinds,
    {
      name: 'object',
      weight: 20,
      ms: 0.05,
      submit: ({ pool, ledger, random }) => {
        const sent = objects[one(random)]!;
        void ledger.enter(
          'object',
          pool.run('echo', [sent]),
          value((given) => isDeepStrictEqual(given, sent)),
        );
      },
    },
    {
      name: 'records',
      weight: 5,
      ms: 0.2,
      submit: ({ pool, ledger, random }) => {
        const which = one(random);
        const right = value((given) => isDeepStrictEqual(given, summaries[which]));
        void ledger.enter('records', pool.run('summarize', [records[which]]), right);
      },
    },
    {
      name: 'bytes',
      weight: 5,
      ms: 0.05,
      submit: ({ pool, ledger, random }) => {
        const bytes = new Uint8Array(BYTES).fill(Math.floor(random() * 256));
        const sum = checksum(bytes);
        void ledger.enter(
          'bytes',
          pool.run('checksum', [bytes]),
          value((given) => given === sum),
        );
      },
    },
    {
      name: 'async',
      weight: 10,
      ms: 0.02,
      submit: ({ pool, ledger, random }) => {
        const sent = random();
        void ledger.enter('async', pool.run('later', [sent]), survivable(value((given) => given === sent)));
      },
    },
    {
      name: 'mark',
      weight: 15,
      ms: 0.01,
      submit: ({ pool, ledger, marks, random }) => {
        const sent = random();
        void ledger.enter(
          'mark',
          pool.run('mark', [marks, sent]),
          value((given) => given === sent),
        );
      },
    },
    {
      name: 'failing',
      weight: 5,
      ms: 0.05,
      submit: ({ pool, ledger, random }) => {
        const message = `On purpose ${random()}`;
        void ledger.enter('failing', pool.run('fail', [message]), (outcome) =>
          outcome.kind === 'error' &&
          errorName(outcome.error) === 'RangeError' &&
          (outcome.error as Error).message === message
            ? undefined
            : 'did not reject with the error it threw',
        );
      },
    },
  ];
}

/** An async task shares its thread with others, and may go down with it. */
function survivable(judge: Judge): Judge {
  return (outcome) =>
    outcome.kind === 'error' && errorName(outcome.error) === 'ERR_WORKER_CRASHED'
      ? undefined
      : judge(outcome);
}

/** Submits one task of the mix; returns how long it keeps a worker busy, ms. */
export function submitOne(kinds: readonly TaskKind[], stage: Stage): number {
  const kind = chosen(kinds, stage.random);
  kind.submit(stage);
  return kind.ms;
}

/** One of `kinds`, each as likely as its weight says. */
function chosen(kinds: readonly TaskKind[], random: Random): TaskKind {
  let left = random() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  return kinds.find(({ weight }) => (left -= weight) < 0) ?? kinds.at(-1)!;
}
