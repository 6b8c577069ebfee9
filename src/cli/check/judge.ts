/**
 * One result beside given limits.
 *
 * @module
 */

import { EVERY_FIGURE, type FailureLimit, type Limit, type RatioLimit, type ValueLimit } from './limits.ts';
import { type Contender, type Figure, type Measured, type Metric, metricOf } from './measured.ts';
import { type Spread, spread } from './spread.ts';

/**
 * - `holds`, `broken`: what they say. A contender that failed breaks every limit on its figure.
 * - `missing`: the results do not say; `reason` tells what they lack. Never taken for `holds`.
 */
export interface Checked {
  readonly limit: Limit;
  /** The figure judged; for limits on all figures one entry each, and `*` for failures counted over all. */
  readonly figure: string;
  /** Absent for failures. */
  readonly metric?: Metric;
  readonly status: 'holds' | 'broken' | 'missing';
  /** The value over the rounds; the number of failures. */
  readonly value?: Spread;
  /** What the ratio was taken to. */
  readonly against?: string;
  readonly reason?: string;
}

/** Which of the limits hold, in their order. */
export function checkResults(results: Measured, limits: readonly Limit[]): readonly Checked[] {
  return limits.flatMap((limit) => {
    if (limit.kind === 'failures') return [checkFailures(results, limit)];
    const figures = figuresOf(results, limit.figure).filter(
      (figure) => limit.figure !== EVERY_FIGURE || metricOf(figure.metrics, limit.metric) !== undefined,
    );
    if (figures.length > 0) return figures.map((figure) => checkFigure(figure, limit));
    const reason =
      limit.figure === EVERY_FIGURE
        ? `no figure has a metric "${limit.metric}"`
        : absent(results, limit.figure);
    return [{ limit, figure: limit.figure, status: 'missing', reason }];
  });
}

function figuresOf(results: Measured, name: string): readonly Figure[] {
  return name === EVERY_FIGURE ? results.figures : results.figures.filter((figure) => figure.name === name);
}

function absent({ figures }: Measured, name: string): string {
  return `there is no figure "${name}" in the results, only ${figures.map((figure) => figure.name).join(', ') || 'none'}`;
}

function checkFigure(figure: Figure, limit: ValueLimit | RatioLimit): Checked {
  const about = { limit, figure: figure.name };
  const metric = metricOf(figure.metrics, limit.metric);
  if (metric === undefined) {
    const known = figure.metrics.map(({ name }) => name).join(', ');
    return { ...about, status: 'missing', reason: `it has no metric "${limit.metric}", only ${known}` };
  }
  const ours = figure.contenders.find(({ name }) => name === limit.contender);
  if (ours === undefined) {
    return { ...about, metric, status: 'missing', reason: `${limit.contender} did not take part` };
  }
  if (ours.status === 'failed') {
    const { round, reason } = ours.failure!;
    return { ...about, metric, status: 'broken', reason: `${ours.name} failed in round ${round}: ${reason}` };
  }
  if (limit.kind === 'value') {
    return held({ ...about, metric }, limit, seen(ours, metric));
  }
  const theirs = opponent(figure, limit, metric);
  if (theirs === undefined) {
    return { ...about, metric, status: 'missing', reason: `${limit.ratioTo} has no value to compare with` };
  }
  return held(
    { ...about, metric, against: theirs.name },
    limit,
    spread(sameRoundRatios(ours, theirs, metric)),
  );
}

function held(
  about: Omit<Checked, 'status'>,
  limit: ValueLimit | RatioLimit,
  value: Spread | undefined,
): Checked {
  if (value === undefined) return { ...about, status: 'missing', reason: 'no round has a value' };
  const [least, most] = limit.rounds === 'every' ? [value.min, value.max] : [value.median, value.median];
  const holds = least >= limit.atLeast && most <= limit.atMost;
  return { ...about, status: holds ? 'holds' : 'broken', value };
}

function opponent(figure: Figure, limit: RatioLimit, metric: Metric): Contender | undefined {
  if (limit.ratioTo === 'best pool') {
    const pools = figure.contenders.filter(({ kind, name }) => kind === 'pool' && name !== limit.contender);
    return best(pools, metric);
  }
  const named = figure.contenders.find(({ name }) => name === limit.ratioTo);
  return named === undefined || seen(named, metric) === undefined ? undefined : named;
}

function seen({ samples }: Contender, { name }: Metric): Spread | undefined {
  return spread(samples.flatMap((sample) => sample[name] ?? []));
}

/** Of the given contenders, the one with the best median of `metric`. */
function best(contenders: readonly Contender[], metric: Metric): Contender | undefined {
  const sign = metric.better === 'higher' ? -1 : 1;
  return contenders
    .flatMap((contender) => {
      const value = seen(contender, metric)?.median;
      return value === undefined ? [] : [{ contender, value }];
    })
    .toSorted((a, b) => sign * (a.value - b.value))[0]?.contender;
}

function sameRoundRatios(ours: Contender, theirs: Contender, metric: Metric): number[] {
  return ours.samples.flatMap((sample, round) => {
    const own = sample[metric.name] ?? undefined;
    const other = theirs.samples[round]?.[metric.name] ?? undefined;
    const ratio = own === undefined || other === undefined ? Number.NaN : own / other;
    return Number.isFinite(ratio) ? [ratio] : [];
  });
}

/** How many of the figures the contender failed in, or did not close after. */
function checkFailures(results: Measured, limit: FailureLimit): Checked {
  const figures = figuresOf(results, limit.figure);
  const missing = { limit, figure: limit.figure, status: 'missing' } as const;
  if (figures.length === 0) return { ...missing, reason: absent(results, limit.figure) };
  const entries = figures.flatMap(({ name, contenders }) =>
    contenders.filter((each) => each.name === limit.contender).map((result) => ({ name, result })),
  );
  if (entries.length === 0) return { ...missing, reason: `${limit.contender} did not take part` };
  const failures = entries.flatMap(({ name, result: { failure, unclosed } }) => {
    if (failure !== undefined) return [`${name}: failed in round ${failure.round}: ${failure.reason}`];
    return unclosed === undefined ? [] : [`${name}: did not close: ${unclosed}`];
  });
  const count = failures.length;
  return {
    limit,
    figure: limit.figure,
    status: count <= limit.atMost ? 'holds' : 'broken',
    value: { median: count, min: count, max: count, count: 1 },
    ...(count === 0 ? {} : { reason: failures.join('; ') }),
  };
}

/** What is said about the limits, and the exit code: 0 all hold, 1 one is broken, 2 the results do not say. */
export function conclusionOf(checked: readonly Checked[]): {
  readonly complaints: readonly string[];
  readonly exit: 0 | 1 | 2;
} {
  const complaints = checked
    .filter(({ status }) => status === 'missing')
    .map(({ figure, reason }) => `The results do not say whether a limit on "${figure}" holds: ${reason}`);
  if (complaints.length > 0) return { complaints, exit: 2 };
  return { complaints, exit: checked.some(({ status }) => status === 'broken') ? 1 : 0 };
}
