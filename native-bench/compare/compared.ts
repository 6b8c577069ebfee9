/**
 * What a comparison says. Fields are only ever added; a change of meaning raises `schema`.
 *
 * @module
 */

import type { Metric } from '../figures/figure.ts';
import type { Spread } from '../measure.ts';
import type { Interval } from '../statistics/bootstrap.ts';

export const COMPARED_SCHEMA = 'millrace-bench-compared/1';

export interface Compared {
  readonly schema: typeof COMPARED_SCHEMA;
  /** The contender compared with itself. */
  readonly contender: string;
  /** Where the values come from: the names of files or revisions, and when they were measured (ISO 8601). */
  readonly base: Source;
  readonly head: Source;
  /** Chance of even one wrong `faster` or `slower` among all comparisons, when nothing has changed. */
  readonly alpha: number;
  /** Least change of interest, as a share: 0.03 is 3 %. */
  readonly minEffect: number;
  /** Base and head were measured in turns, so the same index is the same round for both. */
  readonly paired: boolean;
  readonly comparisons: readonly Comparison[];
  /** With so many rounds on each side a change can be found among all these comparisons; with fewer none can. */
  readonly roundsNeeded: number;
  /** What only one side has. What the head lacks is a fault of the head. */
  readonly missing: readonly Missing[];
  /** Why the two may not be comparable; empty when nothing speaks against it. */
  readonly doubts: readonly string[];
}

export interface Source {
  readonly name: string;
  readonly startedAt: string;
}

/**
 * - `faster`, `slower`: the difference is no chance, and at least the minimum effect.
 * - `same`: the whole interval lies within the minimum effect.
 * - `too noisy`: neither; the values do not say.
 */
export type Change = 'faster' | 'same' | 'slower' | 'too noisy';

export interface Comparison {
  readonly figure: string;
  readonly title: string;
  readonly metric: Metric;
  readonly verdict: Change;
  /** Why it is too noisy, or what is special about the values. */
  readonly reason?: string;
  /** Head over base, with its 95 % interval. Absent when a value is not above zero, for then there is no ratio. */
  readonly ratio?: Interval;
  /** Values as they were measured, not divided by the drift. */
  readonly base: Spread;
  readonly head: Spread;
  /** No arrangement of so few values is unlikely enough to be called a change among all comparisons. */
  readonly tooFewRounds: boolean;
  /** Mann-Whitney, two-sided: by itself, and corrected for the number of comparisons (Holm). */
  readonly p: number;
  readonly corrected: number;
  /** The contenders whose values of the same rounds took the drift of the machine out; empty when none did. */
  readonly peers: readonly string[];
}

export interface Missing {
  readonly side: 'base' | 'head';
  readonly figure: string;
  /** Absent: the whole figure. */
  readonly metric?: string;
  readonly reason: string;
}
