import { mannKendall, theilSen } from './trend.ts';

export interface LeakOptions {
  /** Chance of calling a steady series a leak. Default 0.001, since a run watches several series. */
  readonly alpha?: number;
  /** Growth over the judged part that does not matter, in the unit of the series. Default 0. */
  readonly tolerated?: number;
  /** Share of the series left out at its start, while caches and pools fill. Default 0.2. */
  readonly warmUp?: number;
  /** How many stretches the rest is cut into, at least 8. Default 12. */
  readonly stretches?: number;
}

export interface LeakFinding {
  readonly leaking: boolean;
  readonly p: number;
  /** Growth per value of the series, in its unit. */
  readonly slope: number;
  /** Growth over the part judged. */
  readonly growth: number;
}

const FEWEST_STRETCHES = 8;
/** A series that levels off grows less than this share of its mean pace in the later half. */
const KEPT_PACE = 0.5;

/**
 * Whether a series sampled at even intervals (heap, RSS, handles, slots) grows without end.
 *
 * The series is cut into stretches, and the lowest value of each stands for it: what is left after a collection. So a
 * sawtooth is no leak as long as one stretch holds a whole tooth, and the values tested hardly depend on each other. A
 * leak is a rising trend of these lows (Mann-Kendall) by more than `tolerated`, that goes on in their later half: a cache
 * that fills up rises and levels off. A sawtooth with fewer teeth than stretches cannot be told from a leak: collect
 * before each value, or watch for longer.
 *
 * @throws RangeError when less than one value per stretch is left after the warm-up, or an option is out of range.
 */
export function findLeak(series: readonly number[], options: LeakOptions = {}): LeakFinding {
  const { alpha = 0.001, tolerated = 0, warmUp = 0.2, stretches = 12 } = options;
  if (!(warmUp >= 0 && warmUp < 1)) throw new RangeError(`A share lies between 0 and 1, got ${warmUp}`);
  if (!(Number.isInteger(stretches) && stretches >= FEWEST_STRETCHES)) {
    throw new RangeError(`At least ${FEWEST_STRETCHES} stretches are needed, got ${stretches}`);
  }
  const judged = series.slice(Math.ceil(series.length * warmUp));
  if (judged.length < stretches) {
    throw new RangeError(
      `${stretches} stretches need as many values after the warm-up, got ${judged.length}`,
    );
  }
  const lows = lowsOf(judged, stretches);
  const { s, p } = mannKendall(lows);
  const pace = theilSen(lows);
  const later = theilSen(lows.slice(Math.floor(stretches / 2)));
  const growth = pace * stretches;
  return {
    leaking: s > 0 && p <= alpha && growth > tolerated && later >= KEPT_PACE * pace,
    p,
    slope: growth / judged.length,
    growth,
  };
}

function lowsOf(series: readonly number[], stretches: number): number[] {
  const at = (stretch: number): number => Math.round((stretch * series.length) / stretches);
  return Array.from({ length: stretches }, (_, stretch) =>
    series.slice(at(stretch), at(stretch + 1)).reduce((low, value) => Math.min(low, value)),
  );
}
