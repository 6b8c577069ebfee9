/**
 * What a figure is: how it is measured inside a contender's process, and what is promised about it.
 *
 * @module
 */

import type { Need, RunningPool, StartOptions } from '../contenders/contender.ts';

/** `full` is what may be published, `quick` is for development, `smoke` only checks that results are right. */
export type Effort = 'full' | 'quick' | 'smoke';

export interface Metric {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** One of many points of a curve: in the result file and in plots, but no column of the printed table. */
  readonly detail?: true;
  /** May be below zero: a difference, which noise can turn round. */
  readonly signed?: true;
}

/** One round of one contender: a number for each metric; `null` where this system cannot measure it. */
export type Sample = Readonly<Record<string, number | null>>;

/**
 * What Millrace must show. Ratios are Millrace's value over the other's, of the same round; a bound of 1 asks for no more
 * than the other gives, and two that the rounds do not tell apart are `even` there.
 */
export type Claim = {
  readonly text: string;
  readonly metric: string;
  readonly atLeast?: number;
  readonly atMost?: number;
} & (
  | {
      readonly kind: 'ratio';
      /** The pool with the best median, or one contender by name. */
      readonly to: 'best pool' | (string & {});
      /** No single round may be worse than this, where the median must reach `atLeast`. */
      readonly everyRoundAtLeast?: number;
    }
  | { readonly kind: 'value' }
  | { readonly kind: 'excess'; readonly over: string }
);

/**
 * - `interleaved`: one process per contender, round by round, one contender at a time.
 * - `fresh`: the same, and a new process for each round, so that one heap never sees two measurements.
 * - `together`: all contenders at the same time; only for what is counted in CPU time, not in wall time.
 */
export type Schedule = 'interleaved' | 'fresh' | 'together';

export interface Stage {
  readonly effort: Effort;
  readonly workers: number;
  /** Rounds of `crunch` that take one millisecond on this machine, measured once for all contenders of a run. */
  readonly pace: number;
  /** Starts the contender this process is for. */
  readonly start: (options?: Omit<StartOptions, 'workers'>) => Promise<RunningPool>;
  /** `false` for floors, whose `run` always rejects. */
  readonly runsTasks: boolean;
}

/** A figure under way in one process. */
export interface Trial {
  readonly sample: () => Promise<Sample>;
  readonly end: () => Promise<void>;
}

export interface Figure {
  readonly name: string;
  readonly title: string;
  /** What one round does, for the reader of the table. */
  readonly method: (effort: Effort) => string;
  /** The first decides which pool is best. */
  readonly metrics: readonly [Metric, ...Metric[]];
  readonly claims: readonly Claim[];
  readonly schedule: Schedule;
  readonly rounds: Readonly<Record<Effort, number>>;
  /** Rounds of everybody but Millrace, where theirs are long and only shown beside it. Default: the same. */
  readonly peerRounds?: Readonly<Record<Effort, number>>;
  /** One round may take this long, ms; then the contender's process is killed and the contender reported. */
  readonly limitMs: Readonly<Record<Effort, number>>;
  /** A smoke run keeps one pool for all figures, except those that need one that has done nothing yet. */
  readonly newPool?: true;
  /** Only these take part, by name or family. Default: every contender. */
  readonly entrants?: readonly string[];
  /** What a contender must be able to do to be measured; see `Contender.lacks`. */
  readonly needs?: readonly Need[];
  /** Floors shown beside the contenders, by name. */
  readonly floors?: readonly string[];
  /** Starts, warms up and returns the trial. Not timed. */
  readonly open: (stage: Stage) => Promise<Trial>;
}
