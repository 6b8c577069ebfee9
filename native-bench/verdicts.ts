/**
 * Whether what was promised was seen.
 *
 * @module
 */

import type { Claim, Metric } from './figures/figure.ts';
import { INTERVAL } from './interval.ts';
import { ratios, spread } from './measure.ts';
import type { ContenderResult, Verdict } from './results.ts';

/** The values of one metric, round by round, without what could not be measured. */
export function values(result: ContenderResult, metric: string): number[] {
  return result.samples.map((sample) => sample[metric]).filter((value) => typeof value === 'number');
}

/** The values of one metric in the rounds in which both have one, so that the same index is the same round. */
export function paired(
  ours: ContenderResult,
  theirs: ContenderResult,
  metric: string,
): readonly [own: readonly number[], other: readonly number[]] {
  const pairs = ours.samples.flatMap((sample, round) => {
    const own = sample[metric];
    const other = theirs.samples[round]?.[metric];
    return typeof own === 'number' && typeof other === 'number' ? [{ own, other }] : [];
  });
  return [pairs.map(({ own }) => own), pairs.map(({ other }) => other)];
}

/** Of the given results, the one with the best median of `metric`. */
export function best(results: readonly ContenderResult[], metric: Metric): ContenderResult | undefined {
  const sign = metric.better === 'higher' ? -1 : 1;
  return results
    .filter((result) => result.summary[metric.name] !== undefined)
    .toSorted((a, b) => sign * (a.summary[metric.name]!.median - b.summary[metric.name]!.median))[0];
}

export function judge(
  claim: Claim,
  metrics: readonly Metric[],
  results: readonly ContenderResult[],
  subject: string,
): Verdict {
  const ours = results.find((result) => result.name === subject);
  const own = ours === undefined ? [] : values(ours, claim.metric);
  if (ours === undefined || own.length === 0) {
    const missing =
      ours === undefined || ours.samples.length === 0
        ? 'was not measured'
        : `has no value of ${claim.metric}`;
    return unmeasured(claim, ours?.failure?.reason ?? ours?.unsupported ?? `${subject} ${missing}`);
  }
  if (ours.status === 'failed') return unmeasured(claim, ours.failure!.reason);
  if (claim.kind === 'value') return decide(claim, own);

  const other = opponent(claim, metrics, results);
  const [mine, theirs] = other === undefined ? [[], []] : paired(ours, other, claim.metric);
  if (other === undefined || theirs.length === 0) {
    return unmeasured(claim, `nothing to compare with: ${claim.kind === 'ratio' ? claim.to : claim.over}`);
  }
  if (claim.kind === 'excess') {
    return {
      ...decide(
        claim,
        mine.map((value, round) => value - theirs[round]!),
      ),
      against: other.name,
    };
  }
  const known = INTERVAL.estimate(mine, theirs);
  const interval = known === undefined ? undefined : { low: known.low, high: known.high };
  return { ...decide(claim, ratios(mine, theirs), interval), against: other.name };
}

function opponent(
  claim: Claim,
  metrics: readonly Metric[],
  results: readonly ContenderResult[],
): ContenderResult | undefined {
  if (claim.kind === 'value') return undefined;
  const name = claim.kind === 'ratio' ? claim.to : claim.over;
  if (name !== 'best pool') return results.find((result) => result.name === name);
  const metric = metrics.find((candidate) => candidate.name === claim.metric);
  if (metric === undefined) throw new Error(`No metric ${claim.metric}`);
  return best(
    results.filter((result) => result.kind === 'pool'),
    metric,
  );
}

function decide(claim: Claim, compared: readonly number[], interval?: Verdict['interval']): Verdict {
  const value = spread(compared)!;
  const seen = { claim, value, ...(interval === undefined ? {} : { interval }) };
  if (value.count === 1) return { ...seen, status: 'undecided', reason: 'one round cannot carry a verdict' };
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = claim;
  const floor = claim.kind === 'ratio' ? claim.everyRoundAtLeast : undefined;
  if (floor !== undefined && value.min < floor) {
    return {
      ...seen,
      status: 'missed',
      reason: `the least of a round is ${Number(value.min.toPrecision(3))}, under ${floor}`,
    };
  }
  const asksForMore = atLeast === 1 || atMost === 1;
  if (asksForMore && interval !== undefined && interval.low <= 1 && interval.high >= 1) {
    return { ...seen, status: 'even' };
  }
  return { ...seen, status: value.median >= atLeast && value.median <= atMost ? 'kept' : 'missed' };
}

function unmeasured(claim: Claim, reason: string): Verdict {
  return { claim, status: 'unmeasured', reason };
}
