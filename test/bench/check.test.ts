import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measuring } from '../../native-bench/check/measured.ts';
import { checkResults } from '../../src/cli/check/judge.ts';
import { limitsOf, readLimits } from '../../src/cli/check/limits.ts';
import { checkedTable } from '../../src/cli/check/table.ts';
import { contender, figure, RATE, results, TIME } from './series.ts';

const DEADLINE_MS = 60_000;

const failure = { round: 2, reason: 'hung' };
const SEEN = results([
  figure(
    'throughput',
    [RATE, TIME],
    [
      contender('millrace', { rate: [900, 1000, 1100], time: [3, 1, 2] }),
      contender('quick', { rate: [100, 50, 110], time: [1, 1, 1] }),
      contender('slow', { rate: [10, 10, 10], time: [9, 9, 9] }),
      contender('dead', { rate: [null] }, { status: 'failed', failure }),
      contender('bare', { rate: [9999, 9999, 9999] }, { kind: 'yardstick' }),
    ],
  ),
  figure(
    'round-trip',
    [TIME],
    [
      contender('millrace', { time: [5, 6, 50] }, { unclosed: 'hung' }),
      contender('dead', { time: [1, 2] }, { status: 'failed', failure }),
    ],
  ),
]);

const check = (...limits: object[]) =>
  checkResults(SEEN, limitsOf({ limits })).map(({ status, reason, value, figure: name }) => ({
    figure: name,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(value === undefined ? {} : { seen: value.median }),
  }));

describe('a limit', () => {
  it.each([
    ['the first metric', { figure: 'throughput', atLeast: 1000 }, 'holds', 1000],
    ['a metric by name', { figure: 'throughput', metric: 'time', atMost: 1.9 }, 'broken', 2],
    ['both bounds', { figure: 'throughput', atLeast: 500, atMost: 999 }, 'broken', 1000],
    ['the median', { figure: 'round-trip', atMost: 6 }, 'holds', 6],
    ['every round', { figure: 'round-trip', atMost: 6, rounds: 'every' }, 'broken', 6],
    ['another contender', { figure: 'throughput', contender: 'slow', atLeast: 11 }, 'broken', 10],
    ['a ratio to the best pool', { figure: 'throughput', ratioTo: 'best pool', atLeast: 10 }, 'holds', 10],
    [
      'a ratio in every round',
      { figure: 'throughput', ratioTo: 'best pool', atLeast: 10, rounds: 'every' },
      'broken',
      10,
    ],
    ['a ratio to a contender', { figure: 'throughput', ratioTo: 'slow', atMost: 99 }, 'broken', 100],
  ])('on %s is held against the rounds', (_name, limit, status, seen) => {
    expect(check(limit)).toEqual([{ figure: limit.figure, status, seen }]);
  });

  it('on all figures is one for each that has the metric', () => {
    expect(check({ figure: '*', metric: 'time', atMost: 5 })).toEqual([
      { figure: 'throughput', status: 'holds', seen: 2 },
      { figure: 'round-trip', status: 'broken', seen: 6 },
    ]);
    expect(check({ figure: '*', metric: 'rate', atLeast: 1 })).toMatchObject([{ figure: 'throughput' }]);
  });

  it('on failures counts those that failed or did not close', () => {
    expect(check({ figure: '*', failures: 0 })).toEqual([
      { figure: '*', status: 'broken', seen: 1, reason: 'round-trip: did not close: hung' },
    ]);
    expect(check({ figure: '*', failures: 1 })).toMatchObject([{ status: 'holds', seen: 1 }]);
    expect(check({ figure: 'throughput', failures: 0 })).toEqual([
      { figure: 'throughput', status: 'holds', seen: 0 },
    ]);
    expect(check({ figure: '*', contender: 'dead', failures: 1 })).toMatchObject([
      {
        status: 'broken',
        seen: 2,
        reason: 'throughput: failed in round 2: hung; round-trip: failed in round 2: hung',
      },
    ]);
  });

  it('is broken by a contender that failed, whatever its rounds before were', () => {
    expect(check({ figure: 'round-trip', contender: 'dead', atMost: 5 })).toEqual([
      { figure: 'round-trip', status: 'broken', reason: 'dead failed in round 2: hung' },
    ]);
  });

  it.each([
    [
      'a figure',
      { figure: 'thruput', atLeast: 1 },
      'there is no figure "thruput" in the results, only throughput, round-trip',
    ],
    [
      'a figure to fail in',
      { figure: 'thruput', failures: 0 },
      'there is no figure "thruput" in the results, only throughput, round-trip',
    ],
    [
      'a metric',
      { figure: 'throughput', metric: 'p99', atMost: 1 },
      'it has no metric "p99", only rate, time',
    ],
    ['a metric anywhere', { figure: '*', metric: 'p99', atMost: 1 }, 'no figure has a metric "p99"'],
    ['a contender', { figure: 'throughput', contender: 'x', atMost: 1 }, 'x did not take part'],
    ['a contender to fail', { figure: '*', contender: 'x', failures: 0 }, 'x did not take part'],
    [
      'a contender to compare with',
      { figure: 'throughput', ratioTo: 'x', atMost: 1 },
      'x has no value to compare with',
    ],
    [
      'a value to compare with',
      { figure: 'throughput', ratioTo: 'dead', atMost: 1 },
      'dead has no value to compare with',
    ],
    [
      'a pool',
      { figure: 'round-trip', contender: 'dead', ratioTo: 'best pool', atMost: 1 },
      'dead failed in round 2: hung',
    ],
    [
      'values',
      { figure: 'throughput', metric: 'time', contender: 'bare', atMost: 1 },
      'no round has a value',
    ],
  ])('never holds for want of %s', (_name, limit, reason) => {
    const [found] = check(limit);
    expect(found).toMatchObject({ reason });
    expect(found?.status).toBe(reason.includes('failed') ? 'broken' : 'missing');
  });
});

describe('the file of limits', () => {
  it.each([
    [[], 'Expected `the file` to be an object, got an array'],
    [{}, 'Expected `limits` to be an array, got `undefined`'],
    [{ limits: [] }, 'Expected `limits` to have at least one limit'],
    [{ limits: [1] }, 'Expected `limits[0]` to be an object, got `1`'],
    [{ limits: [], limit: [] }, 'Unknown field `limit`; known are limits'],
    [{ limits: [{ atLeast: 1 }] }, 'Expected `limits[0].figure` to be a string'],
    [
      { limits: [{ figure: 'a', failures: 0 }, { figure: 'a' }] },
      'Expected `limits[1]` to have `atLeast`, `atMost` or `failures`',
    ],
    [{ limits: [{ figure: 'a', atLeast: 'x' }] }, 'Expected `limits[0].atLeast` to be a number, got `"x"`'],
    [{ limits: [{ figure: 'a', atMost: null }] }, 'Expected `limits[0].atMost` to be a number, got `null`'],
    [
      { limits: [{ figure: 'a', atLeast: 2, atMost: 1 }] },
      'Expected `limits[0].atLeast` not to exceed `atMost`, got 2 and 1',
    ],
    [
      { limits: [{ figure: 'a', atleast: 2 }] },
      'Unknown field `limits[0].atleast`; known are figure, metric,',
    ],
    [{ limits: [{ figure: 'a', metric: 1, atMost: 1 }] }, 'Expected `limits[0].metric` to be a string'],
    [{ limits: [{ figure: 'a', contender: 1, atMost: 1 }] }, 'Expected `limits[0].contender` to be a string'],
    [{ limits: [{ figure: 'a', ratioTo: 1, atMost: 1 }] }, 'Expected `limits[0].ratioTo` to be a string'],
    [{ limits: [{ figure: '*', atMost: 1 }] }, 'Expected `limits[0].metric` beside the figure "*"'],
    [
      { limits: [{ figure: 'a', atMost: 1, rounds: 'all' }] },
      'Expected `limits[0].rounds` to be one of "median", "every", got `"all"`',
    ],
    [
      { limits: [{ figure: 'a', contender: 'b', ratioTo: 'b', atMost: 1 }] },
      'Expected `limits[0].ratioTo` to be another than the contender, got "b" for both',
    ],
    [
      { limits: [{ figure: 'a', failures: -1 }] },
      'Expected `limits[0].failures` to be an integer of at least 0, got `-1`',
    ],
    [
      { limits: [{ figure: 'a', failures: 0, atMost: 1 }] },
      'Expected `limits[0]` to have either `failures` or `atMost`, got both',
    ],
  ])('that says %j is refused', (file, message) => {
    expect(() => limitsOf(file)).toThrow(message);
  });

  it('says what to measure', () => {
    const of = (...limits: object[]): string[] => measuring(limitsOf({ limits }));
    expect(
      of({ figure: 'idle', atMost: 1 }, { figure: 'throughput', ratioTo: 'tinypool', atLeast: 2 }),
    ).toEqual(['--only', 'idle,throughput', '--contenders', 'millrace,tinypool']);
    expect(of({ figure: 'throughput', ratioTo: 'best pool', atLeast: 2 })).toEqual(['--only', 'throughput']);
    expect(of({ figure: '*', failures: 0 })).toEqual(['--contenders', 'millrace']);
  });
});

describe('the table', () => {
  it('shows value, limit and spread of each', () => {
    const limits = limitsOf({
      limits: [
        { figure: 'throughput', atLeast: 500, atMost: 5000 },
        { figure: 'throughput', ratioTo: 'best pool', atLeast: 15, rounds: 'every' },
        { figure: 'throughput', metric: 'p99', atMost: 1 },
        { figure: '*', failures: 0 },
      ],
    });
    expect(checkedTable(checkResults(SEEN, limits)).split('\n')).toEqual([
      '| figure | contender | of | limit | median (min–max) | result |',
      '| --- | --- | --- | ---: | ---: | --- |',
      '| throughput | millrace | rate, 1/s | ≥ 500 and ≤ 5,000 | 1,000 (900–1,100) | holds |',
      '| throughput | millrace | rate / that of quick | ≥ 15 in every round | 10 (9–20) | **broken** |',
      '| throughput | millrace | p99 | ≤ 1 | n/a | **missing** |',
      '| * | millrace | failures | ≤ 0 | 1 | **broken** |',
      '',
      '! throughput (millrace): it has no metric "p99", only rate, time',
      '! * (millrace): round-trip: did not close: hung',
      '',
      '1 holds, 2 broken, 1 missing',
      '',
    ]);
  });
});

describe('the script', () => {
  let directory: string;
  let seen: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bench-check-'));
    seen = await write('seen.json', SEEN);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function write(name: string, content: object): Promise<string> {
    const file = join(directory, name);
    await writeFile(file, JSON.stringify(content));
    return file;
  }
  const limit = (name: string, ...limits: object[]): Promise<string> => write(name, { limits });
  const run = (...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const script = ['node_modules/tsx/dist/cli.mjs', 'native-bench/check.ts', ...argv];
      execFile(process.execPath, script, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });

  it('exits with 0 when all hold, 1 when one is broken', { timeout: DEADLINE_MS }, async () => {
    const good = await limit('good.json', { figure: 'throughput', atLeast: 500 });
    const bad = await limit('bad.json', { figure: 'throughput', atLeast: 500 }, { figure: '*', failures: 0 });
    const [holds, broken] = await Promise.all([run('--slo', good, seen), run('--slo', bad, seen)]);
    expect(holds).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('1 holds, 0 broken'),
    });
    expect(broken).toMatchObject({
      code: 1,
      stderr: '',
      stdout: expect.stringContaining('1 holds, 1 broken'),
    });
  });

  it('exits with 2 and says why when it cannot tell', { timeout: DEADLINE_MS }, async () => {
    const lacking = await limit('lacking.json', { figure: 'throughput', metric: 'p99', atMost: 1 });
    const wrong = await limit('wrong.json', { figure: 'throughput', atLeast: 'x' });
    const runs = await Promise.all([run('--slo', lacking, seen), run('--slo', wrong, seen), run(seen)]);
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(runs.map(({ stderr }) => stderr)).toEqual([
      'The results do not say whether a limit on "throughput" holds: it has no metric "p99", only rate, time\n',
      `${wrong}: Expected \`limits[0].atLeast\` to be a number, got \`"x"\` (string)\n`,
      'Expected --slo and a file of limits. See --help.\n',
    ]);
    const none = join(directory, 'none.json');
    await expect(readLimits(none)).rejects.toThrow(`Expected a file of limits at ${none}: there is none`);
  });

  it('refuses a limit below zero, before anything is measured', { timeout: DEADLINE_MS }, async () => {
    const below = await limit('below.json', { figure: 'round-trip', metric: 'p99', atMost: -1 });
    const { code, stdout, stderr } = await run('--slo', below);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `${below}: Expected \`limits[0].atMost\` to be from 0 on, as \`p99\` of \`round-trip\` (µs) is never negative, got -1\n`,
    );
  });

  it('measures what the limits name when there is no result file', { timeout: DEADLINE_MS }, async () => {
    // One that is quick to refuse: that the measuring script was asked is seen from what it says.
    const unknown = await limit('unknown.json', { figure: 'thruput', atLeast: 1 });
    const { code, stderr } = await run('--slo', unknown, '--quick');
    expect(code).toBe(2);
    expect(stderr).toContain('Expected `--only` to be names out of throughput');
    expect(stderr).toContain('The figures could not be measured (exit code 2)');
  });
});
