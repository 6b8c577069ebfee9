import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, numbers, TASKS } from './fake-host.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-check-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, content: unknown): string => {
  writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
};

/** What somebody else's load test may have written: nothing but what the documentation asks for. */
const RESULTS = {
  schema: 'millrace-bench/1',
  figures: [
    {
      name: 'checkout',
      metrics: [
        { name: 'p99', unit: 'ms', better: 'lower' },
        { name: 'rate', unit: '1/s', better: 'higher' },
      ],
      contenders: [
        {
          name: 'millrace',
          kind: 'subject',
          status: 'measured',
          samples: [
            { p99: 12, rate: 900 },
            { p99: 14, rate: null },
            { p99: 13, rate: 1000 },
          ],
        },
        {
          name: 'before',
          kind: 'pool',
          status: 'measured',
          samples: [{ p99: 26 }, { p99: 26 }, { p99: 20 }],
        },
      ],
    },
  ],
};

const check = (limits: unknown, results: unknown = RESULTS) =>
  cli(['check', '--slo', write('limits.json', { limits }), write('results.json', results)], { cwd: dir });

describe('millrace check', () => {
  it('exits with 0 when all limits hold, and shows each with what was seen', async () => {
    const { code, stdout, stderr } = await check([
      { figure: 'checkout', atMost: 13 },
      { figure: 'checkout', metric: 'rate', atLeast: 900, rounds: 'every' },
      { figure: 'checkout', ratioTo: 'best pool', atMost: 0.6 },
      { figure: '*', failures: 0 },
    ]);
    expect([code, stderr.text]).toEqual([0, '']);
    expect(stdout.text).toContain('| checkout | millrace | p99, ms | ≤ 13 | 13 (12–14) | holds |');
    expect(stdout.text).toContain(
      '| checkout | millrace | p99 / that of before | ≤ 0.6 | 0.538 (0.462–0.65) | holds |',
    );
    expect(stdout.text).toContain('4 holds, 0 broken, 0 missing');
  });

  it('exits with 1 when one is broken', async () => {
    const { code, stdout } = await check([
      { figure: 'checkout', atMost: 13, rounds: 'every' },
      { figure: 'checkout', metric: 'rate', atLeast: 900 },
    ]);
    expect(code).toBe(1);
    expect(stdout.text).toContain('≤ 13 in every round | 13 (12–14) | **broken** |');
    expect(stdout.text).toContain('1 holds, 1 broken, 0 missing');
  });

  it('exits with 2 when the results do not say, even where another is broken', async () => {
    const { code, stderr } = await check([
      { figure: 'checkout', atMost: 1 },
      { figure: 'login', atMost: 1 },
    ]);
    expect(code).toBe(2);
    expect(stderr.text).toBe(
      'millrace: The results do not say whether a limit on "login" holds: there is no figure "login" in the results, only checkout\n',
    );
  });

  it('exits with 2 and one line for files and arguments that cannot be used', async () => {
    const limits = write('limits.json', { limits: [{ figure: '*', failures: 0 }] });
    const results = write('results.json', RESULTS);
    const cases: readonly [string[], RegExp][] = [
      [[results], /--slo/],
      [['--slo', limits], /results/],
      [['--slo', 'none.json', results], /Expected a file of limits at .*none\.json: there is none/],
      [['--slo', limits, write('cut.json', '{"schema": ')], /cut\.json is no result file: it is cut short/],
      [
        ['--slo', limits, write('other.json', { schema: 'x/1' })],
        /Expected `schema` to be "millrace-bench\/1"/,
      ],
      [
        ['--slo', write('odd.json', { limits: [{ figure: 'a', atmost: 1 }] }), results],
        /Unknown field .*atmost/,
      ],
      [
        ['--slo', write('empty.json', ''), results],
        /empty\.json is no file of limits: it is cut short or empty/,
      ],
      [['--slo', write('nan.json', '{"limits":[{"figure":"a","atMost":NaN}]}'), results], /it is not JSON/],
      [
        ['--slo', write('huge.json', '{"limits":[{"figure":"a","atMost":1e999}]}'), results],
        /huge\.json: Expected `limits\[0\]\.atMost` to be a number, got `Infinity`/,
      ],
      [['--slo', dir, results], /Expected a file of limits at .*directory/],
      [
        [
          '--slo',
          limits,
          write('sign.json', {
            ...RESULTS,
            figures: [{ name: 'a', metrics: [{ name: 'b', unit: '', better: 'lower', signed: 1 }] }],
          }),
        ],
        /Expected `figures\[0\]\.metrics\[0\]\.signed` to be `true`, or absent/,
      ],
      [
        ['--slo', limits, write('bad.json', { ...RESULTS, figures: [{ name: 'a', metrics: [] }] })],
        /Expected `figures\[0\]\.metrics` to be one metric at least/,
      ],
    ];
    for (const [argv, message] of cases) {
      const { code, stdout, stderr } = await cli(['check', ...argv], { cwd: dir });
      expect([code, stdout.text], argv.join(' ')).toEqual([2, '']);
      expect(stderr.text).toMatch(/^millrace: [^\n]+\n$/);
      expect(stderr.text).toMatch(message);
    }
  });
});

describe('a limit below zero', () => {
  const drift = { name: 'drift', unit: 'ms', better: 'lower', signed: true };
  const [checkout] = RESULTS.figures;
  const [{ samples, ...ours }] = checkout!.contenders as [(typeof RESULTS.figures)[0]['contenders'][0]];
  const drifting = {
    ...RESULTS,
    figures: [
      {
        ...checkout,
        metrics: [...checkout!.metrics, drift],
        contenders: [{ ...ours, samples: samples.map((sample) => ({ ...sample, drift: -2 })) }],
      },
    ],
  };

  it.each([
    [{ figure: 'checkout', atMost: -1 }, 'atMost', '`p99` of `checkout` (ms)', -1],
    [
      { figure: 'checkout', metric: 'rate', atLeast: -5, atMost: 9 },
      'atLeast',
      '`rate` of `checkout` (1/s)',
      -5,
    ],
    [{ figure: '*', metric: 'rate', atLeast: -1e-9 }, 'atLeast', '`rate` of `checkout` (1/s)', -1e-9],
    [
      { figure: 'checkout', ratioTo: 'before', atLeast: -1 },
      'atLeast',
      'a ratio of two `p99` of `checkout`',
      -1,
    ],
  ])('%j is refused in one line, for what is never negative', async (limit, bound, what, got) => {
    const { code, stdout, stderr } = await check([{ figure: '*', failures: 0 }, limit]);
    expect([code, stdout.text]).toEqual([2, '']);
    expect(stderr.text).toBe(
      `millrace: ${join(dir, 'limits.json')}: Expected \`limits[1].${bound}\` to be from 0 on, as ${what} is never negative, got ${got}\n`,
    );
  });

  it('is refused for each metric of a run of millrace map', async () => {
    const run = { outcome: 'finished', items: 2, wallMs: 3, speedUp: 1, failures: 0, retries: 0, crashes: 0 };
    for (const metric of ['rate', 'p50', 'p99', 'speedUp', 'failures', 'retries', 'crashes']) {
      const { code, stderr } = await check([{ figure: 'map', metric, atLeast: -1 }], {
        ...run,
        latencyMs: { p50: 1, p99: 2 },
      });
      expect([code, stderr.text]).toEqual([
        2,
        expect.stringContaining('`limits[0].atLeast` to be from 0 on'),
      ]);
    }
  });

  it('stands where the metric may be negative', async () => {
    const { code, stdout } = await check([{ figure: 'checkout', metric: 'drift', atMost: -1 }], drifting);
    expect([code, stdout.text]).toEqual([0, expect.stringContaining('| ≤ -1 | -2 (-2–-2) | holds')]);
    expect((await check([{ figure: 'checkout', atLeast: 0 }], drifting)).code).toBe(0);
  });

  it('has no values to hold for: a result file with such a rate or time is refused', async () => {
    const signless = structuredClone(drifting) as { figures: { metrics: { signed?: boolean }[] }[] };
    delete signless.figures[0]!.metrics[2]!.signed;
    const { code, stderr } = await check([{ figure: 'checkout', atLeast: 0 }], signless);
    expect([code, stderr.text]).toEqual([
      2,
      expect.stringContaining('samples[0].drift` to be a number from 0 on, got `-2`'),
    ]);
  });
});

describe('the summary of a run of millrace map', () => {
  const run = async (onError: string, limits: unknown) => {
    const task = (_: string, args: readonly unknown[]) => {
      if (args[0] === 3) throw new RangeError('three');
      return args[0];
    };
    const summary = join(dir, 'run.json');
    await cli(['map', `${TASKS}#fn`, '--ndjson', '-', '--on-error', onError, '--summary', summary], {
      stdin: numbers(5),
      task,
      workers: 1,
    });
    return cli(['check', '--slo', write('limits.json', { limits }), 'run.json'], { cwd: dir });
  };

  it('is a figure of one round', async () => {
    const { code, stdout } = await run('skip', [
      { figure: 'map', metric: 'failures', atMost: 1 },
      { figure: 'map', metric: 'rate', atLeast: 0.001 },
      { figure: 'map', metric: 'p99', atMost: 1e9 },
      { figure: 'map', failures: 0 },
    ]);
    expect(stdout.text).toContain('| map | millrace | failures, items | ≤ 1 | 1 | holds |');
    expect(stdout.text).toContain('4 holds, 0 broken, 0 missing');
    expect(code).toBe(0);
    expect((await run('skip', [{ figure: 'map', metric: 'failures', atMost: 0 }])).code).toBe(1);
  });

  it('breaks every limit when the run did not come to its end', async () => {
    const { code, stdout } = await run('stop', [
      { figure: 'map', metric: 'p99', atMost: 1e9 },
      { figure: 'map', failures: 0 },
    ]);
    expect(code).toBe(1);
    expect(stdout.text).toContain('0 holds, 2 broken, 0 missing');
    expect(stdout.text).toContain('! map (millrace): millrace failed in round 1: the run was stopped');
  });

  it('says nothing about speed where no item ran', async () => {
    const summary = {
      outcome: 'finished',
      items: 0,
      wallMs: 3,
      speedUp: 0,
      failures: 0,
      retries: 0,
      crashes: 0,
      latencyMs: { p50: 0, p99: 0 },
    };
    expect((await check([{ figure: 'map', metric: 'p99', atMost: 5 }], summary)).code).toBe(2);
    expect((await check([{ figure: 'map', metric: 'failures', atMost: 0 }], summary)).code).toBe(0);
  });
});
