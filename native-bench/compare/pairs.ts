/**
 * What of two results can be compared, and what only one of them has.
 *
 * @module
 */

import { InvalidArgumentError } from '../../src/errors.ts';
import type { Metric } from '../figures/figure.ts';
import { type Spread, spread } from '../measure.ts';
import type { ContenderResult, FigureResult, Results } from '../results.ts';
import type { Missing } from './compared.ts';
import { driftOf } from './drift.ts';

export interface Pair {
  readonly figure: FigureResult;
  readonly metric: Metric;
  /** As measured. */
  readonly measured: { readonly base: Spread; readonly head: Spread };
  /** To be compared: without the drift of the machine, if `peers` showed it. */
  readonly base: readonly number[];
  readonly head: readonly number[];
  readonly peers: readonly string[];
}

export interface Paired {
  readonly pairs: readonly Pair[];
  readonly missing: readonly Missing[];
}

interface Sides<T> {
  readonly base: T;
  readonly head: T;
}

interface Selection {
  readonly only?: readonly string[];
  readonly drift?: 'peers' | 'none';
  readonly paired?: boolean;
}

type Subject =
  | { readonly figure: FigureResult; readonly result: ContenderResult }
  | { readonly absent: string; readonly failed: boolean };

export function pairsOf(files: Sides<Results>, contender: string, selection: Selection): Paired {
  const { only } = selection;
  const names = [...new Set([...files.base.figures, ...files.head.figures].map(({ name }) => name))];
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `There is no figure "${unknown}" in these results, only ${names.join(', ')}`,
    );
  }
  const found = (only ?? names).map((name) => pairsOfFigure(name, files, contender, selection));
  return {
    pairs: found.flatMap(({ pairs }) => pairs),
    missing: found.flatMap(({ missing }) => missing),
  };
}

function pairsOfFigure(
  figure: string,
  files: Sides<Results>,
  contender: string,
  selection: Selection,
): Paired {
  const was = subjectOf(files.base, figure, contender);
  const is = subjectOf(files.head, figure, contender);
  if ('absent' in was && 'absent' in is) {
    // What neither has cannot have changed; a failure is told even so.
    const told = was.failed || is.failed;
    const missing: Missing = { side: 'base', figure, reason: `${was.absent}; in the head: ${is.absent}` };
    return { pairs: [], missing: told ? [missing] : [] };
  }
  if ('absent' in was) return { pairs: [], missing: [{ side: 'base', figure, reason: was.absent }] };
  if ('absent' in is) return { pairs: [], missing: [{ side: 'head', figure, reason: is.absent }] };

  const pairs: Pair[] = [];
  const missing: Missing[] = [];
  const metrics = new Map([...was.figure.metrics, ...is.figure.metrics].map((each) => [each.name, each]));
  for (const metric of metrics.values()) {
    const values = { base: valuesOf(was.result, metric), head: valuesOf(is.result, metric) };
    const lacking = (['base', 'head'] as const).filter((side) =>
      values[side].every((value) => value === null),
    );
    if (lacking.length === 2) continue;
    if (lacking.length === 1) {
      missing.push({ side: lacking[0]!, figure, metric: metric.name, reason: 'it has no value' });
      continue;
    }
    const compared = comparedValues(values, selection, () =>
      driftOf(metric.name, { base: was.figure, head: is.figure }, files, contender, {
        base: values.base.length,
        head: values.head.length,
      }),
    );
    if (compared.base.length === 0) {
      missing.push({
        side: 'head',
        figure,
        metric: metric.name,
        reason: 'no round has a value on both sides',
      });
      continue;
    }
    const measured = { base: spread(values.base.filter(known))!, head: spread(values.head.filter(known))! };
    pairs.push({ figure: is.figure, metric, measured, ...compared });
  }
  return { pairs, missing };
}

function subjectOf({ figures }: Results, name: string, contender: string): Subject {
  const figure = figures.find((each) => each.name === name);
  const result = figure?.contenders.find((each) => each.name === contender);
  if (figure === undefined) return { absent: 'the figure is not there', failed: false };
  if (result === undefined) return { absent: `${contender} did not take part`, failed: false };
  if (result.status === 'measured') return { figure, result };
  if (result.failure === undefined) return { absent: result.unsupported ?? result.status, failed: false };
  const { round, reason } = result.failure;
  return { absent: `${contender} failed in round ${round}: ${reason}`, failed: true };
}

type Value = number | null;

function known(value: Value): value is number {
  return value !== null;
}

/** By round; `null` where it could not be measured. */
function valuesOf({ samples }: ContenderResult, metric: Metric): Value[] {
  return samples.map((sample) => sample[metric.name] ?? null);
}

function comparedValues(
  { base, head }: Sides<readonly Value[]>,
  { paired = false, drift = 'peers' }: Selection,
  drifted: () => ReturnType<typeof driftOf>,
): Pick<Pair, 'base' | 'head' | 'peers'> {
  if (paired) {
    const shared = base.flatMap((old, round) => {
      const now = head[round] ?? null;
      return known(old) && known(now) ? [{ old, now }] : [];
    });
    return { base: shared.map(({ old }) => old), head: shared.map(({ now }) => now), peers: [] };
  }
  const found = drift === 'peers' ? drifted() : undefined;
  const against = (values: readonly Value[], speed: readonly number[] | undefined): number[] =>
    values.flatMap((value, round) => (known(value) ? [value / (speed?.[round] ?? 1)] : []));
  return {
    base: against(base, found?.base),
    head: against(head, found?.head),
    peers: found?.peers ?? [],
  };
}
