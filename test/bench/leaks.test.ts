import { describe, expect, it } from 'vitest';
import { judgeLeaks } from '../../native-bench/profiles/leaks.ts';
import {
  type Columns,
  QUANTITIES,
  type Quantity,
  type Sample,
  Series,
} from '../../native-bench/profiles/samples.ts';
import { findLeak } from '../../native-bench/statistics/leak.ts';
import { mulberry32 } from '../../native-bench/statistics/random.ts';

const MIB = 2 ** 20;
const NAMES = Object.keys(QUANTITIES) as Quantity[];

/** Every quantity at a level of its own, with noise, and what `planted` adds to it. */
function columns(
  length: number,
  seed: number,
  planted: Partial<Record<Quantity, (i: number) => number>> = {},
): Columns {
  const random = mulberry32(seed);
  const levels: Record<Quantity, readonly [level: number, noise: number]> = {
    heap: [40 * MIB, 0.3 * MIB],
    external: [5 * MIB, 0.01 * MIB],
    rss: [200 * MIB, 3 * MIB],
    handles: [4, 0],
    records: [0, 0],
    payload: [0, 0],
    shared: [8 * MIB, 0],
    workerHeap: [60 * MIB, 10 * MIB],
  };
  const column = (name: Quantity): number[] => {
    const [level, noise] = levels[name];
    return Array.from({ length }, (_, i) => level + noise * (random() - 0.5) + (planted[name]?.(i) ?? 0));
  };
  return Object.fromEntries(NAMES.map((name) => [name, column(name)])) as Record<Quantity, number[]>;
}

function leaking(seen: Columns): Quantity[] {
  return judgeLeaks(seen, findLeak).flatMap(({ quantity, status }) => (status === 'leak' ? [quantity] : []));
}

describe('the decision about leaks', () => {
  it('finds each planted leak, and only that', () => {
    const slopes: Record<Quantity, number> = {
      heap: 0.05 * MIB,
      external: 0.02 * MIB,
      rss: 0.5 * MIB,
      handles: 0.05,
      records: 0.05,
      payload: 64,
      shared: 0.2 * MIB,
      workerHeap: MIB,
    };
    for (const name of NAMES) {
      const seen = columns(120, 7, { [name]: (i: number) => Math.floor(i * slopes[name]) });
      expect([name, leaking(seen)]).toEqual([name, [name]]);
    }
  });

  it('raises fewer than one false alarm in a hundred runs', () => {
    const runs = 300;
    let alarms = 0;
    for (let seed = 0; seed < runs; seed++)
      alarms += leaking(columns(60 + (seed % 100), seed)).length > 0 ? 1 : 0;
    expect(alarms).toBeLessThan(runs / 100);
  });

  it('takes a start that levels off, a fall, a step and a sawtooth for no leak', () => {
    expect(leaking(columns(120, 1, { heap: (i) => 20 * MIB * (1 - Math.exp(-i / 6)) }))).toEqual([]);
    expect(leaking(columns(120, 2, { heap: (i) => -0.1 * MIB * i }))).toEqual([]);
    expect(leaking(columns(120, 3, { shared: (i) => (i < 40 ? 0 : 64 * MIB) }))).toEqual([]);
    expect(leaking(columns(240, 4, { workerHeap: (i) => 40 * MIB * ((i % 9) / 9) }))).toEqual([]);
  });

  it('says when there are too few samples', () => {
    const verdicts = judgeLeaks(columns(19, 5, { handles: (i) => i }), findLeak);
    expect(new Set(verdicts.map(({ status }) => status))).toEqual(new Set(['undecided']));
    expect(judgeLeaks(columns(0, 5), findLeak)).toHaveLength(NAMES.length);
    const some = judgeLeaks(columns(30, 5, { handles: (i) => i }), findLeak);
    const status = (name: Quantity): string => some.find(({ quantity }) => quantity === name)!.status;
    expect([status('handles'), status('heap'), status('rss')]).toEqual(['leak', 'steady', 'undecided']);
  });
});

describe('the series', () => {
  const sample = (at: number): Sample =>
    Object.fromEntries(NAMES.map((name, i) => [name, at * (i + 1)])) as Record<Quantity, number>;

  it('keeps samples as they are while there is room', () => {
    const series = new Series(8);
    for (let i = 0; i < 8; i++) series.push(sample(i));
    expect(series.stride).toBe(1);
    expect(series.columns().heap).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(series.columns().external).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  });

  it('makes one of two when it is full, again and again', () => {
    const series = new Series(8);
    for (let i = 0; i < 9; i++) series.push(sample(i));
    expect(series.stride).toBe(2);
    expect(series.columns().heap.slice(0, 4)).toEqual([0.5, 2.5, 4.5, 6.5]);
    for (let i = 9; i < 1000; i++) series.push(sample(i));
    const { heap } = series.columns();
    expect(heap.length).toBeGreaterThanOrEqual(4);
    expect(heap.length).toBeLessThanOrEqual(8);
    const steps = heap.slice(1).map((each, i) => each - heap[i]!);
    expect(new Set(steps)).toEqual(new Set([series.stride]));
  });
});
