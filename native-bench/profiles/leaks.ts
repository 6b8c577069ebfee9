/**
 * Whether what was sampled grows without end.
 *
 * @module
 */
import type { LeakFinding, LeakOptions } from '../statistics/leak.ts';
import { type Columns, QUANTITIES, type Quantity } from './samples.ts';

/** The test for a leak, as `statistics/leak.ts` has it. */
export type LeakTest = (series: readonly number[], options: LeakOptions) => LeakFinding;

/**
 * - `steady`: no growth that goes on.
 * - `leak`: growth that goes on.
 * - `undecided`: too few samples to say.
 */
export interface LeakVerdict {
  readonly quantity: Quantity;
  readonly status: 'steady' | 'leak' | 'undecided';
  /** Medians of the first and the last quarter of what was judged. */
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  /** Growth over the part judged, and the chance of such a trend without a leak; absent when undecided. */
  readonly growth?: number;
  readonly p?: number;
}

interface Tolerance {
  /** Growth over the run that does not matter: the larger of an amount and a share of the median. */
  readonly amount: number;
  readonly share: number;
  /** Samples needed before anything is said. */
  readonly samples: number;
}

const MIB = 2 ** 20;

/** Of a run, of whatever length: who wants to see slower leaks runs it for longer. */
const TOLERANCES: Readonly<Record<Quantity, Tolerance>> = {
  heap: { amount: 1 * MIB, share: 0.05, samples: 20 },
  external: { amount: 1 * MIB, share: 0.05, samples: 20 },
  // The allocator keeps what it once had, and takes its time; the heaps of the workers are in it, uncollected.
  rss: { amount: 32 * MIB, share: 0.1, samples: 60 },
  handles: { amount: 1, share: 0, samples: 20 },
  records: { amount: 1, share: 0, samples: 20 },
  payload: { amount: 4096, share: 0, samples: 20 },
  shared: { amount: 16 * MIB, share: 0.1, samples: 60 },
  workerHeap: { amount: 32 * MIB, share: 0.25, samples: 60 },
};

/** Share of the samples that is left out at the start: code is compiled, caches and pools fill. */
const WARM_UP = 0.25;

/** A verdict for each quantity. */
export function judgeLeaks(columns: Columns, test: LeakTest): LeakVerdict[] {
  return (Object.keys(QUANTITIES) as Quantity[]).map((quantity) => judge(quantity, columns[quantity], test));
}

function judge(quantity: Quantity, series: readonly number[], test: LeakTest): LeakVerdict {
  const { amount, share, samples } = TOLERANCES[quantity];
  const judged = series.slice(Math.ceil(series.length * WARM_UP));
  const quarter = Math.max(1, Math.floor(judged.length / 4));
  const seen = {
    quantity,
    from: middle(judged.slice(0, quarter)),
    to: middle(judged.slice(-quarter)),
    samples: series.length,
  };
  if (series.length < samples) return { ...seen, status: 'undecided' };
  const tolerated = Math.max(amount, share * middle(judged));
  const { leaking, growth, p } = test(judged, { tolerated, warmUp: 0 });
  return { ...seen, status: leaking ? 'leak' : 'steady', growth, p };
}

/** 0 of nothing. */
function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
