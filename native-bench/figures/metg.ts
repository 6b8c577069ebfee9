/**
 * The minimum effective task granularity of an efficiency curve (Slaughter et al., "Task Bench", 2020).
 *
 * @module
 */

export interface CurvePoint {
  /** Duration of one task, µs. */
  readonly us: number;
  /** Useful work out of all that the cores could have done, percent. */
  readonly efficiency: number;
}

/**
 * - `at`: the duration, µs.
 * - `atMost`: the shortest duration measured is efficient already; METG lies there or below.
 * - `moreThan`: none measured is efficient; METG lies above the longest.
 */
export type Metg =
  | { readonly kind: 'at'; readonly us: number }
  | { readonly kind: 'atMost'; readonly us: number }
  | { readonly kind: 'moreThan'; readonly us: number };

/**
 * The smallest duration at which `percent` of the cores' time is useful work. Between the shortest duration that reaches
 * it and the one below, the curve is taken as straight over the logarithm of the duration. Throws a `RangeError` when
 * there are no points.
 *
 * @example metg([{ us: 1, efficiency: 25 }, { us: 4, efficiency: 75 }], 50) // { kind: 'at', us: 2 }
 */
export function metg(points: readonly CurvePoint[], percent: number): Metg {
  const curve = points.toSorted((a, b) => a.us - b.us);
  const first = curve.findIndex(({ efficiency }) => efficiency >= percent);
  const reached = curve[first];
  const below = curve[first - 1];
  if (reached === undefined) {
    const longest = curve.at(-1);
    if (longest === undefined) throw new RangeError('An efficiency curve needs at least one point');
    return { kind: 'moreThan', us: longest.us };
  }
  if (below === undefined) return { kind: 'atMost', us: reached.us };
  const share = (percent - below.efficiency) / (reached.efficiency - below.efficiency);
  return { kind: 'at', us: below.us * (reached.us / below.us) ** share };
}

/** Name of the metric that holds the efficiency of tasks of `us` microseconds. */
export function efficiencyMetric(us: number): string {
  return `e_${us}us`;
}

/** The duration, µs, whose efficiency the metric of this name holds; `undefined` for other metrics. */
export function durationOf(metric: string): number | undefined {
  const match = /^e_(\d+(?:\.\d+)?)us$/.exec(metric);
  return match === null ? undefined : Number(match[1]);
}
