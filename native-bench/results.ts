/**
 * The result file. Fields are only ever added; a change of meaning raises `schema`.
 *
 * @module
 */

import { SCHEMA } from '../src/cli/check/measured.ts';
import type { ContenderKind } from './contenders/contender.ts';
import type { Claim, Effort, Metric, Sample } from './figures/figure.ts';
import type { Machine } from './machine.ts';
import type { Spread } from './measure.ts';

export { SCHEMA };

export interface Results {
  readonly schema: typeof SCHEMA;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of several runs shown as one: when the last of them started; in no file. */
  readonly lastStartedAt?: string;
  readonly durationMs: number;
  readonly effort: Effort;
  readonly workers: number;
  /** Rounds of `crunch` in one millisecond: what "10 ms of work" was made of. Absent in older files. */
  readonly pace?: number;
  /** Of the draws that gave each `FigureResult.order`. Absent in older files. */
  readonly seed?: number;
  /** Of several runs shown as one, in place of `seed`; in no file. */
  readonly seeds?: readonly number[];
  readonly machine: Machine;
  /** Package name to installed version; absent when not installed. */
  readonly versions: Readonly<Record<string, string>>;
  readonly figures: readonly FigureResult[];
}

export interface FigureResult {
  readonly name: string;
  readonly title: string;
  /** The suite it belongs to. Absent in files of before there were suites, which held the suite `pool`. */
  readonly suite?: string;
  /** How long measuring it took, of everybody and with starts and ends, ms. Absent in older files. */
  readonly tookMs?: number;
  /** Share of the cores' time meanwhile that the host of a virtual machine kept from it, 0 to 1. Absent: not told. */
  readonly stolen?: number;
  /** What one round does, in words. */
  readonly method: string;
  /** The first decides which pool is best. */
  readonly metrics: readonly Metric[];
  /** Every mode of every contender, in the order of the table. */
  readonly contenders: readonly ContenderResult[];
  /**
   * Who was measured after whom, by round. Absent where contenders were measured at the same time, where there was only
   * one, and in older files: there all rounds had the order of `contenders`, each beginning with the next of them.
   */
  readonly order?: readonly (readonly string[])[];
  /** The pool (not yardstick) with the best median of the first metric. */
  readonly bestPool: string | null;
  readonly verdicts: readonly Verdict[];
}

export interface ContenderResult {
  readonly name: string;
  readonly family: string;
  readonly kind: ContenderKind;
  /** `failed` may still have the samples of the rounds before; they count, and the failure is shown. */
  readonly status: 'measured' | 'failed' | 'unsupported';
  readonly failure?: { readonly round: number; readonly reason: string };
  /** Why it was not even tried: the library cannot do what the figure needs. With the status `unsupported`, no samples. */
  readonly unsupported?: string;
  /** The figure was measured, but the contender did not close; says how. */
  readonly unclosed?: string;
  /** One entry per round; the same index is the same round for all contenders. */
  readonly samples: readonly Sample[];
  /** By metric name; a metric this system cannot measure is absent. */
  readonly summary: Readonly<Record<string, Spread>>;
}

/**
 * - `kept`, `missed`: what they say.
 * - `even`: the claim is one of more or less than the other, and the interval of the ratio holds 1: the rounds do not tell
 *   the two apart.
 * - `undecided`: there is one round only, which cannot carry a verdict.
 * - `unmeasured`: Millrace or the other side has no value; `reason` says why.
 */
export interface Verdict {
  readonly claim: Claim;
  readonly status: 'kept' | 'even' | 'missed' | 'undecided' | 'unmeasured';
  /** The value judged: a ratio, a difference, or the metric itself, over the rounds. */
  readonly value?: Spread;
  /** Of a ratio, 95 %. Absent in older files, and where a value is not above zero. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** What the ratio or difference was taken against. */
  readonly against?: string;
  readonly reason?: string;
}
