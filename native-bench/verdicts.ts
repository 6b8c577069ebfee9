/**
 * Whether what was promised was seen.
 *
 * @module
 */

import type { Claim, Metric } from './figures/figure.ts';
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
  const compared =
    claim.kind === 'ratio' ? ratios(mine, theirs) : mine.map((value, round) => value - theirs[round]!);
  return { ...decide(claim, compared), against: other.name };
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

function decide(claim: Claim, compared: readonly number[]): Verdict {
  const value = spread(compared)!;
  return { claim, status: status(claim, value), value };
}

function status(
  claim: Claim,
  { median, min, max }: { median: number; min: number; max: number },
): Verdict['status'] {
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = claim;
  const floor = (claim.kind === 'ratio' ? claim.everyRoundAtLeast : undefined) ?? Number.NEGATIVE_INFINITY;
  const noise = (claim.kind === 'ratio' ? claim.noise : undefined) ?? 0;
  if (min < floor) return 'missed';
  if (median >= atLeast && median <= atMost) return 'kept';
  const reached = max >= atLeast && min <= atMost;
  const near = median >= atLeast * (1 - noise) && median <= atMost * (1 + noise);
  return noise > 0 && reached && near ? 'even' : 'missed';
}

function unmeasured(claim: Claim, reason: string): Verdict {
  return { claim, status: 'unmeasured', reason };
}
