/**
 * Synthetic measurements with a known truth.
 *
 * @module
 */
import type { Metric } from '../../native-bench/figures/figure.ts';
import { spread } from '../../native-bench/measure.ts';
import type { ContenderResult, FigureResult, Results } from '../../native-bench/results.ts';
import { mulberry32, type Random } from '../../native-bench/statistics/random.ts';

/** A standard normal value (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export type Noise = (random: Random) => number;

/** Factors around 1 with a relative standard deviation of `deviation`. */
export function lognormal(deviation: number): Noise {
  return (random) => Math.exp(deviation * normal(random));
}

/** As timings are: mostly close together, one in seven disturbed by up to 60 %. */
export const disturbed: Noise = (random) =>
  lognormal(0.01)(random) * (random() < 1 / 7 ? 1 + 0.6 * random() : 1);

export const TIME: Metric = { name: 'time', label: 'time', unit: 'µs', better: 'lower' };
export const RATE: Metric = { name: 'rate', label: 'tasks/s', unit: '1/s', better: 'higher' };

export function contender(
  name: string,
  series: Readonly<Record<string, readonly (number | null)[]>>,
  more: Partial<ContenderResult> = {},
): ContenderResult {
  const rounds = Math.max(...Object.values(series).map(({ length }) => length));
  const summary = Object.entries(series).flatMap(([metric, values]) => {
    const known = spread(values.filter((value) => value !== null));
    return known === undefined ? [] : [[metric, known] as const];
  });
  return {
    name,
    family: name,
    kind: name === 'millrace' ? 'subject' : 'pool',
    status: 'measured',
    samples: Array.from({ length: rounds }, (_, round) =>
      Object.fromEntries(
        Object.entries(series).map(([metric, values]) => [metric, values[round] ?? null] as const),
      ),
    ),
    summary: Object.fromEntries(summary),
    ...more,
  };
}

export function figure(
  name: string,
  metrics: readonly Metric[],
  contenders: readonly ContenderResult[],
): FigureResult {
  return {
    name,
    title: `The ${name}`,
    method: 'made up',
    metrics,
    contenders,
    bestPool: null,
    verdicts: [],
  };
}

export function results(figures: readonly FigureResult[], more: Partial<Results> = {}): Results {
  return {
    schema: 'millrace-bench/1',
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 1,
    effort: 'full',
    workers: 2,
    machine: {
      cpu: 'a CPU',
      cores: 2,
      usable: 2,
      memoryBytes: 2 ** 30,
      system: 'Linux',
      node: '20.20.0',
      v8: '11',
      load: [0, 0],
      governor: null,
      quota: null,
      doubts: [],
    },
    versions: { millrace: '0.1.0', pool: '1.0.0' },
    figures,
    ...more,
  };
}

export interface World {
  readonly seed: number;
  readonly rounds: number;
  readonly noise: Noise;
  /** How many figures of two metrics. */
  readonly figures?: number;
  /** What the time of a metric is multiplied with in the head: by figure and metric. Default 1. */
  readonly change?: (figure: number, metric: string) => number;
  /** How fast the machine is in a round: multiplies the values of all. Default 1. */
  readonly machine?: (side: 'base' | 'head', round: number, random: Random) => number;
  /** Contenders that do not change. */
  readonly peers?: readonly string[];
}

/** Two results, of programs whose true difference is `change`. */
export function twoResults({
  seed,
  rounds,
  noise,
  figures = 14,
  change = () => 1,
  machine = () => 1,
  peers = [],
}: World): { base: Results; head: Results } {
  const random = mulberry32(seed);
  const side = (which: 'base' | 'head'): Results =>
    results(
      Array.from({ length: figures }, (_, index) => {
        const speed = Array.from({ length: rounds }, (_, round) => machine(which, round, random));
        const values = (metric: string, own: boolean): number[] =>
          speed.map(
            (factor) => 100 * factor * noise(random) * (own && which === 'head' ? change(index, metric) : 1),
          );
        return figure(
          `figure-${index}`,
          [TIME, RATE],
          [
            ...['millrace', ...peers].map((name) =>
              contender(name, {
                time: values('time', name === 'millrace'),
                rate: values('rate', name === 'millrace'),
              }),
            ),
          ],
        );
      }),
    );
  return { base: side('base'), head: side('head') };
}
