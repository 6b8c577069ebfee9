import { describe, expect, it } from 'vitest';
import type { Claim, Metric } from '../../native-bench/figures/figure.ts';
import { spread } from '../../native-bench/measure.ts';
import type { ContenderResult } from '../../native-bench/results.ts';
import { best, judge } from '../../native-bench/verdicts.ts';

const RATE: Metric = { name: 'rate', label: 'rate', unit: '1/s', better: 'higher' };
const TIME: Metric = { name: 'time', label: 'time', unit: 'µs', better: 'lower' };

function measured(
  name: string,
  kind: ContenderResult['kind'],
  metric: Metric,
  values: readonly (number | null)[],
): ContenderResult {
  const known = values.filter((value) => value !== null);
  const summary = spread(known);
  return {
    name,
    family: name,
    kind,
    status: 'measured',
    samples: values.map((value) => ({ [metric.name]: value })),
    summary: summary === undefined ? {} : { [metric.name]: summary },
  };
}

function verdict(claim: Claim, metric: Metric, results: readonly ContenderResult[]) {
  return judge(claim, [metric], results, 'millrace');
}

describe('best', () => {
  it('is the highest rate or the lowest time', () => {
    const fast = measured('fast', 'pool', RATE, [9, 10, 11]);
    const slow = measured('slow', 'pool', RATE, [1, 2, 100]);
    expect(best([slow, fast], RATE)?.name).toBe('fast');
    const short = measured('short', 'pool', TIME, [5]);
    const long = measured('long', 'pool', TIME, [6]);
    expect(best([long, short], TIME)?.name).toBe('short');
    expect(best([], RATE)).toBeUndefined();
  });
});

describe('a ratio to the best pool', () => {
  const claim: Claim = {
    kind: 'ratio',
    text: 'at least 20 times, never under 10',
    metric: 'rate',
    to: 'best pool',
    atLeast: 20,
    everyRoundAtLeast: 10,
  };
  const pool = measured('pool', 'pool', RATE, [10, 10, 10]);
  const faster = measured('bare', 'yardstick', RATE, [50, 50, 50]);

  it('is taken against pools only, and names the one', () => {
    const ours = measured('millrace', 'subject', RATE, [210, 220, 230]);
    const seen = verdict(claim, RATE, [ours, pool, faster]);
    expect(seen.status).toBe('kept');
    expect(seen.against).toBe('pool');
    expect(seen.value).toEqual({ median: 22, min: 21, max: 23, count: 3 });
  });

  it('is missed when the median falls short', () => {
    const ours = measured('millrace', 'subject', RATE, [190, 199, 300]);
    expect(verdict(claim, RATE, [ours, pool]).status).toBe('missed');
  });

  it('is missed when one round falls under the floor', () => {
    const ours = measured('millrace', 'subject', RATE, [300, 300, 99]);
    expect(verdict(claim, RATE, [ours, pool])).toMatchObject({
      status: 'missed',
      reason: 'the least of a round is 9.9, under 10',
    });
  });

  it('compares only rounds that both have', () => {
    const ours = measured('millrace', 'subject', RATE, [3_000, null, 3_000, 6_000]);
    const gappy = measured('pool', 'pool', RATE, [null, 1, 100, 200]);
    expect(verdict(claim, RATE, [ours, gappy])).toMatchObject({
      status: 'kept',
      value: { median: 30, min: 30, max: 30, count: 2 },
    });
    const elsewhere = measured('pool', 'pool', RATE, [null, 1, null, null]);
    expect(verdict(claim, RATE, [ours, elsewhere])).toMatchObject({ status: 'unmeasured' });
  });

  it('says whether Millrace was not measured or has no such value', () => {
    const none = measured('millrace', 'subject', RATE, [null, null]);
    expect(verdict(claim, RATE, [none, pool]).reason).toBe(`millrace has no value of ${RATE.name}`);
    expect(verdict(claim, RATE, [pool]).reason).toBe('millrace was not measured');
  });

  it('is unmeasured without Millrace or without a pool, never kept', () => {
    const ours = measured('millrace', 'subject', RATE, [300]);
    expect(verdict(claim, RATE, [pool]).status).toBe('unmeasured');
    expect(verdict(claim, RATE, [ours, faster]).status).toBe('unmeasured');
    const failed: ContenderResult = { ...ours, status: 'failed', failure: { round: 2, reason: 'gone' } };
    expect(verdict(claim, RATE, [failed, pool])).toMatchObject({ status: 'unmeasured', reason: 'gone' });
  });
});

describe('a claim of no more than the other gives', () => {
  const slower: Claim = { kind: 'ratio', text: 'never slower', metric: 'time', to: 'best pool', atMost: 1 };
  const faster: Claim = { ...slower, metric: 'rate', atLeast: 1, atMost: 2 };
  const rounds = Array.from({ length: 9 }, () => 100);
  const times = measured('pool', 'pool', TIME, rounds);
  const rates = measured('pool', 'pool', RATE, rounds);
  const time = (values: readonly number[]) =>
    verdict(slower, TIME, [measured('millrace', 'subject', TIME, values), times]);
  const rate = (values: readonly number[]) =>
    verdict(faster, RATE, [measured('millrace', 'subject', RATE, values), rates]);

  it('is even when the interval of the ratio holds 1, on whichever side the median is', () => {
    const around = [90, 94, 97, 99, 101, 102, 104, 108, 111];
    const above = time(around);
    expect(above).toMatchObject({ status: 'even', value: { median: 1.01 } });
    expect(above.interval!.low).toBeLessThan(1);
    expect(above.interval!.high).toBeGreaterThan(1);
    expect(time(around.map((value) => value - 2))).toMatchObject({ status: 'even', value: { median: 0.99 } });
    expect(rate(around).status).toBe('even');
    expect(time(rounds)).toMatchObject({ status: 'even', interval: { low: 1, high: 1 } });
  });

  it('is kept or missed when all of the interval is on one side, by however little', () => {
    const under = [97, 98, 98, 99, 99, 99, 99, 99, 99];
    expect(time(under).status).toBe('kept');
    expect(rate(under).status).toBe('missed');
    const over = under.map((value) => 200 - value);
    expect(time(over).status).toBe('missed');
    expect(rate(over).status).toBe('kept');
  });

  it('goes by the median where there is no ratio', () => {
    const zeros = verdict(slower, TIME, [measured('millrace', 'subject', TIME, [0, 0, 0]), times]);
    expect(zeros.status).toBe('kept');
    expect(zeros.interval).toBeUndefined();
  });

  it('is the only kind that can be even', () => {
    const half: Claim = { ...slower, text: 'at most half', atMost: 0.5 };
    const seen = verdict(half, TIME, [
      measured('millrace', 'subject', TIME, [40, 45, 51, 55, 60]),
      measured('pool', 'pool', TIME, [100, 100, 100, 100, 100]),
    ]);
    expect(seen).toMatchObject({ status: 'missed', interval: { low: 0.4, high: 0.6 } });
  });
});

describe('one round', () => {
  it('carries no verdict, of whatever kind of claim, and says so', () => {
    const ours = measured('millrace', 'subject', TIME, [10]);
    const pool = measured('pool', 'pool', TIME, [100, 100]);
    const claims: Claim[] = [
      { kind: 'ratio', text: 'never slower', metric: 'time', to: 'best pool', atMost: 1 },
      { kind: 'value', text: 'under 20', metric: 'time', atMost: 20 },
      { kind: 'excess', text: 'under', metric: 'time', over: 'pool', atMost: 0 },
    ];
    for (const claim of claims) {
      expect(verdict(claim, TIME, [ours, pool])).toMatchObject({
        status: 'undecided',
        reason: 'one round cannot carry a verdict',
        value: { count: 1 },
      });
    }
  });

  it('is not enough either when only one of several has a value', () => {
    const claim: Claim = { kind: 'value', text: 'under 20', metric: 'time', atMost: 20 };
    const gappy = measured('millrace', 'subject', TIME, [null, 10, null]);
    expect(verdict(claim, TIME, [gappy]).status).toBe('undecided');
  });
});

describe('values and excesses', () => {
  it('judges a value by itself and leaves out what could not be measured', () => {
    const claim: Claim = { kind: 'value', text: 'under 2 µs', metric: 'time', atMost: 2 };
    const ours = measured('millrace', 'subject', TIME, [1.5, null, 1.9]);
    expect(verdict(claim, TIME, [ours])).toMatchObject({ status: 'kept', value: { count: 2 } });
    const unknown = measured('millrace', 'subject', TIME, [null]);
    expect(verdict(claim, TIME, [unknown]).status).toBe('unmeasured');
  });

  it('judges a difference to a named contender', () => {
    const claim: Claim = { kind: 'excess', text: '10 over bare', metric: 'time', over: 'bare', atMost: 10 };
    const bare = measured('bare', 'yardstick', TIME, [1, 2]);
    const calm = measured('millrace', 'subject', TIME, [9, 11]);
    const busy = measured('millrace', 'subject', TIME, [19, 22]);
    expect(verdict(claim, TIME, [calm, bare]).status).toBe('kept');
    expect(verdict(claim, TIME, [busy, bare]).status).toBe('missed');
  });
});
