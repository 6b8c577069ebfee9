import type { ContenderKind } from '../../native-bench/contenders/contender.ts';
import type { Metric, Sample } from '../../native-bench/figures/figure.ts';
import { INTERVAL } from '../../native-bench/interval.ts';
import { spread } from '../../native-bench/measure.ts';
import { viewOf } from '../../native-bench/report/view.ts';
import { type ContenderResult, type FigureResult, type Results, SCHEMA } from '../../native-bench/results.ts';
import { best, judge, values } from '../../native-bench/verdicts.ts';

/** Made-up results of every form a report must show; nothing here was measured. */
export function madeUp(figures: readonly FigureResult[] = [rate(), latency(), curve()]): Results {
  return {
    schema: SCHEMA,
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 301_000,
    effort: 'full',
    workers: 2,
    pace: 4321,
    machine: {
      cpu: 'Example CPU <2 GHz>',
      cores: 4,
      usable: 2,
      memoryBytes: 8 * 2 ** 30,
      system: 'Linux 6 x64',
      node: '20.20.0',
      v8: '11.3',
      load: [1.5, 0.5],
      governor: 'powersave',
      quota: null,
      doubts: ['noisy: load average 1.50 on 2 cores before the start'],
    },
    versions: { millrace: '0.1.0', piscina: '5.3.2' },
    figures,
  };
}

const YARDSTICKS = ['raw-postmessage', 'single-threaded'];

export function contender(
  name: string,
  metrics: readonly Metric[],
  samples: readonly Sample[],
  more: Partial<ContenderResult> = {},
): ContenderResult {
  const kind: ContenderKind =
    name === 'millrace' ? 'subject' : YARDSTICKS.includes(name) ? 'yardstick' : 'pool';
  const plain: ContenderResult = { name, family: name, kind, status: 'measured', samples, summary: {} };
  const summary = Object.fromEntries(
    metrics.flatMap((metric) => {
      const seen = spread(values(plain, metric.name));
      return seen === undefined ? [] : [[metric.name, seen]];
    }),
  );
  return { ...plain, summary, ...more };
}

export function failed(name: string, reason: string): ContenderResult {
  return contender(name, [], [], { status: 'failed', failure: { round: 1, reason } });
}

function figure(
  about: Pick<FigureResult, 'name' | 'title' | 'metrics' | 'contenders'> & { readonly suite: string },
  claims: readonly Parameters<typeof judge>[0][],
): FigureResult {
  const pools = about.contenders.filter(({ kind }) => kind === 'pool');
  return {
    method: 'made up for a test',
    ...about,
    bestPool: best(pools, about.metrics[0]!)?.name ?? null,
    verdicts: claims.map((claim) => judge(claim, about.metrics, about.contenders, 'millrace')),
  };
}

/** Rates, two modes of one family, and one contender that failed with `reason`. */
export function rate(reason = 'hung: no answer in 3 s', name = 'throughput'): FigureResult {
  const metrics: Metric[] = [
    { name: 'rate', label: 'tasks/s', unit: '1/s', better: 'higher' },
    { name: 'mainCpu', label: 'main-thread CPU per task', unit: 'µs', better: 'lower' },
  ];
  const rounds = (rates: readonly number[], cpu: number | null): Sample[] =>
    rates.map((each) => ({ rate: each, mainCpu: cpu }));
  const mode = { family: 'piscina' };
  return figure(
    {
      name,
      title: 'Trivial tasks',
      suite: 'pool',
      metrics,
      contenders: [
        contender('millrace', metrics, rounds([1_000_000, 1_100_000, 900_000], 0.8)),
        contender('piscina-async-1', metrics, rounds([50_000, 52_000, 48_000], 13), mode),
        contender('piscina-sync-1', metrics, rounds([60_000, 66_000, 57_000], 12), mode),
        contender('slow-pool', metrics, rounds([20_000, 21_000, 19_000], null), { unclosed: 'still there' }),
        failed('broken-pool', reason),
      ],
    },
    [
      { kind: 'ratio', text: 'at least 20 times', metric: 'rate', to: 'best pool', atLeast: 20 },
      { kind: 'value', text: 'under 2 µs', metric: 'mainCpu', atMost: 2 },
    ],
  );
}

/** Percentiles of one latency. */
export function latency(): FigureResult {
  const metrics: Metric[] = ['p50', 'p99', 'p999'].map((name) => ({
    name,
    label: name === 'p999' ? 'p99.9' : name,
    unit: 'µs',
    better: 'lower',
  }));
  const rounds = (base: number): Sample[] =>
    [1, 1.2, 0.9, 1.1, 1.6].map((noise, round) => ({
      p50: base * noise,
      p99: base * 8 * noise ** 2,
      p999: base * (40 + round * 9) * noise,
    }));
  return figure(
    {
      name: 'round-trip',
      title: 'Awaited round trip',
      suite: 'pool',
      metrics,
      contenders: [
        contender('millrace', metrics, rounds(2.8)),
        contender('piscina', metrics, rounds(18)),
        contender('tinypool', metrics, rounds(22)),
      ],
    },
    [{ kind: 'ratio', text: 'at most half', metric: 'p50', to: 'best pool', atMost: 0.5 }],
  );
}

const DURATIONS = [
  '500ns',
  '1us',
  '2us',
  '5us',
  '10us',
  '20us',
  '50us',
  '100us',
  '500us',
  '1ms',
  '10ms',
  '100ms',
];
const MICROSECONDS = [0.5, 1, 2, 5, 10, 20, 50, 100, 500, 1000, 10_000, 100_000];

/** Curves that follow from a fixed cost for each task, which is then METG(50 %). */
export function curve(): FigureResult {
  const metrics: Metric[] = [
    { name: 'metg', label: 'METG(50 %)', unit: 'µs', better: 'lower' },
    { name: 'metgAtMost', label: 'METG not above', unit: 'µs', better: 'lower' },
    { name: 'metgMoreThan', label: 'METG above', unit: 'µs', better: 'lower' },
    ...DURATIONS.map((name): Metric => ({ name: `e_${name}`, label: name, unit: '%', better: 'higher' })),
  ];
  const rounds = (cost: number, ceiling = 99): Sample[] =>
    [1, 1.1, 0.92].map((noise) => ({
      metg: ceiling > 50 ? cost * noise : null,
      metgMoreThan: ceiling > 50 ? null : 100_000,
      ...Object.fromEntries(
        DURATIONS.map((name, at) => [
          `e_${name}`,
          (ceiling * MICROSECONDS[at]!) / (MICROSECONDS[at]! + cost * noise),
        ]),
      ),
    }));
  const entries: readonly [string, number][] = [
    ['piscina', 21],
    ['tinypool', 24],
    ['workerpool', 34],
    ['poolifier', 29],
    ['jest-worker', 72],
    ['raw-postmessage', 12],
  ];
  return figure(
    {
      name: 'metg',
      title: 'How small tasks may be',
      suite: 'granularity',
      metrics,
      contenders: [
        contender('millrace', metrics, rounds(1.6)),
        ...entries.map(([name, cost]) => contender(name, metrics, rounds(cost))),
        contender('single-threaded', metrics, rounds(0.01, 49.5)),
        failed('broken-pool', 'crashed'),
      ],
    },
    [{ kind: 'ratio', text: 'smaller than with the best pool', metric: 'metg', to: 'best pool', atMost: 1 }],
  );
}

/** A name that breaks whatever does not escape it. */
export const ODD: string = `</td><script>alert("1")</script> & '2'\n| <!-- /bench:throughput --> \u001b[31mred\u001b[0m \u0000 \ud800`;

export function viewed(results: Results): ReturnType<typeof viewOf> {
  return viewOf(results, {
    subject: 'millrace',
    interval: INTERVAL,
    suiteTitles: new Map([['pool', 'The pool']]),
  });
}
