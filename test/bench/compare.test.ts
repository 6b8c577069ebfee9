import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseChoices } from '../../native-bench/compare/arguments.ts';
import { compareResults, isWorse } from '../../native-bench/compare/compare.ts';
import type { Change, Compared } from '../../native-bench/compare/compared.ts';
import { decide, roundsNeeded } from '../../native-bench/compare/decide.ts';
import { comparedTable } from '../../native-bench/compare/table.ts';
import type { Results } from '../../native-bench/results.ts';
import {
  contender,
  disturbed,
  figure,
  lognormal,
  RATE,
  results,
  TIME,
  twoResults,
  type World,
} from './series.ts';

const DEADLINE_MS = 60_000;
/** Intervals are not what many trials count, so they may be rough. */
const FEW = { resamples: 60 };
/** No interval to speak of: it never holds 1, so only test and minimum effect are left to keep an alarm from being false. */
const NO_INTERVAL = { resamples: 1 };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(await realpath(tmpdir()), 'bench-compare-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function changed({ comparisons }: Compared): string[] {
  return comparisons
    .filter(({ verdict }) => verdict === 'slower' || verdict === 'faster')
    .map((comparison) => `${comparison.figure} ${comparison.metric.name} ${comparison.verdict}`);
}

/** Over `trials` seeded worlds: how many comparisons satisfy. */
function share(
  trials: number,
  world: Omit<World, 'seed'>,
  compare: (base: Results, head: Results) => boolean,
): number {
  let count = 0;
  for (let seed = 1; seed <= trials; seed++) {
    const { base, head } = twoResults({ ...world, seed });
    if (compare(base, head)) count++;
  }
  return count / trials;
}

describe('planted changes, among 28 comparisons at alpha 0.01 and a minimum effect of 3 %', () => {
  // 5 % with 15 rounds of 1.5 % noise, and with 25 rounds of 2 % noise: the median of 15 values of 1.5 % is uncertain
  // by half a per cent, which must fit between 3 % and 5 %.
  it.each([
    [1.05, 15, 0.015, 'slower'],
    [1 / 1.05, 15, 0.015, 'faster'],
    [1.05, 25, 0.02, 'slower'],
    [1.1, 12, 0.03, 'slower'],
  ] as const)(
    'a factor of %d in %d rounds of %d noise is found: %s',
    (factor, rounds, deviation, verdict) => {
      const change = (index: number, metric: string): number =>
        index === 3 && metric === 'time' ? factor : 1;
      for (const paired of [false, true]) {
        const found = share(100, { rounds, noise: lognormal(deviation), change }, (base, head) =>
          changed(compareResults(base, head, { ...FEW, paired })).includes(`figure-3 time ${verdict}`),
        );
        expect(found).toBeGreaterThanOrEqual(0.95);
      }
    },
  );

  it('a rate that falls is slower, one that rises is faster', () => {
    const change = (index: number, metric: string): number =>
      metric === 'time' ? 1 : index === 0 ? 0.8 : index === 1 ? 1.25 : 1;
    const { base, head } = twoResults({ seed: 1, rounds: 15, noise: lognormal(0.01), change });
    expect(changed(compareResults(base, head))).toEqual(['figure-0 rate slower', 'figure-1 rate faster']);
  });

  it('most of what did not change is called the same, where noise allows', () => {
    const { base, head } = twoResults({ seed: 4, rounds: 15, noise: lognormal(0.01) });
    const { comparisons } = compareResults(base, head);
    expect(comparisons.filter(({ verdict }) => verdict === 'same').length).toBeGreaterThan(24);
  });

  it('what is smaller than the minimum effect is no change, however sure it is', () => {
    const { base, head } = twoResults({ seed: 4, rounds: 30, noise: lognormal(0.002), change: () => 1.02 });
    const compared = compareResults(base, head);
    expect(compared.comparisons.every(({ corrected }) => corrected < 0.001)).toBe(true);
    expect(new Set(compared.comparisons.map(({ verdict }) => verdict))).toEqual(new Set(['same']));
    expect(changed(compareResults(base, head, { minEffect: 0.01 }))).toHaveLength(28);
  });
});

describe('pure noise', () => {
  const TRIALS = 300;

  it.each([
    ['7 rounds of 5 % noise', 7, lognormal(0.05)],
    ['15 rounds of 10 % noise', 15, lognormal(0.1)],
    ['15 rounds with disturbances', 15, disturbed],
    ['10 rounds in steps, with many ties', 10, (random: () => number) => 1 + Math.floor(6 * random()) / 10],
    ['25 rounds of 10 % noise', 25, lognormal(0.1)],
  ])('raises an alarm in under one in a hundred runs of 28 comparisons: %s', (_name, rounds, noise) => {
    const alarms = share(
      TRIALS,
      { rounds, noise },
      (base, head) => changed(compareResults(base, head, NO_INTERVAL)).length > 0,
    );
    expect(alarms).toBeLessThan(0.01);
  });

  it('keeps to an alpha that is easier to count, with no minimum effect to help', () => {
    const options = { ...NO_INTERVAL, alpha: 0.2, minEffect: 1e-9 };
    const alarms = share(
      TRIALS,
      { rounds: 15, noise: lognormal(0.1) },
      (base, head) => changed(compareResults(base, head, options)).length > 0,
    );
    expect(alarms).toBeLessThan(0.2 + 3 * Math.sqrt((0.2 * 0.8) / TRIALS));
    expect(alarms).toBeGreaterThan(0.05);
  });

  it('is too noisy to say, not the same', () => {
    const { base, head } = twoResults({ seed: 2, rounds: 15, noise: lognormal(0.15) });
    const { comparisons } = compareResults(base, head);
    expect(comparisons.filter(({ verdict }) => verdict === 'too noisy').length).toBeGreaterThan(24);
    expect(comparisons[0]?.reason).toMatch(
      /^a change of up to [\d.]+ % fits these values, more than the 3 %/,
    );
  });

  it('says so when there are too few rounds to decide anything', () => {
    const { base, head } = twoResults({ seed: 1, rounds: 5, noise: lognormal(0.02), change: () => 2 });
    const { comparisons } = compareResults(base, head);
    expect(comparisons[0]).toMatchObject({
      verdict: 'too noisy',
      reason: '5 and 5 rounds cannot decide among 28 comparisons; 8 on each side could',
    });
    expect(roundsNeeded({ alpha: 0.01, comparisons: 28 })).toBe(8);
    expect(roundsNeeded({ alpha: 0.5, comparisons: 1 })).toBe(2);
  });
});

describe('a machine that is 8 % slower for the head, and wavers', () => {
  const machine = (side: 'base' | 'head', _round: number, random: () => number): number =>
    (side === 'head' ? 1.08 : 1) * (1 + 0.1 * random());
  const world = { rounds: 15, noise: lognormal(0.01), machine, figures: 7 };
  const peers = ['a', 'b', 'c'];

  it('does not make the program slower, if contenders that did not change show it', () => {
    const alarms = share(
      150,
      { ...world, peers },
      (base, head) => changed(compareResults(base, head, FEW)).length > 0,
    );
    expect(alarms).toBeLessThan(0.01);
  });

  it('does not hide what became slower', () => {
    const change = (index: number, metric: string): number => (index === 2 && metric === 'time' ? 1.06 : 1);
    const found = share(100, { ...world, peers, change }, (base, head) =>
      changed(compareResults(base, head, FEW)).includes('figure-2 time slower'),
    );
    expect(found).toBeGreaterThanOrEqual(0.95);
  });

  it('is taken for a change when nobody shows it, or nobody is asked', () => {
    const alarms = share(20, world, (base, head) => changed(compareResults(base, head, FEW)).length > 0);
    expect(alarms).toBeGreaterThan(0.9);
    const { base, head } = twoResults({ ...world, peers, seed: 1 });
    expect(changed(compareResults(base, head, { drift: 'none' })).length).toBeGreaterThan(0);
    expect(compareResults(base, head, { drift: 'none' }).comparisons[0]?.peers).toEqual([]);
  });

  it('is judged only by contenders of the same version with all rounds', () => {
    const { base, head } = twoResults({ ...world, peers, seed: 1 });
    const other = { ...head, versions: { ...head.versions, a: '2.0.0' } };
    expect(compareResults(base, other).comparisons[0]?.peers).toEqual(['b', 'c']);
    const short = {
      ...head,
      figures: head.figures.map((each) => ({
        ...each,
        contenders: each.contenders.map((one) =>
          one.name === 'b' ? { ...one, samples: one.samples.slice(1) } : one,
        ),
      })),
    };
    expect(compareResults(base, short).comparisons[0]?.peers).toEqual(['a', 'c']);
  });
});

describe('what cannot be compared', () => {
  const one = (values: readonly (number | null)[], more = {}): Results =>
    results([figure('f', [TIME], [contender('millrace', { time: values }, more)])]);
  const good = one([1, 2, 3]);

  it('is refused when it was measured in another way', () => {
    expect(() => compareResults(good, { ...good, effort: 'quick' })).toThrow(
      '`effort` is full in the base and quick in the head',
    );
    expect(() => compareResults(good, { ...good, workers: 4 })).toThrow('`workers` is 2');
    expect(() => compareResults({ ...good, effort: 'smoke' }, { ...good, effort: 'smoke' })).toThrow(
      'a smoke run measures nothing',
    );
    expect(() => compareResults(good, results([]))).toThrow('There is no figure of millrace in both');
    expect(() => compareResults(good, good, { only: ['g'] })).toThrow('There is no figure "g"');
  });

  it('is doubted when it comes from another machine', () => {
    const head = { ...good, machine: { ...good.machine, node: '22.0.0', doubts: ['noisy: a lot'] } };
    expect(compareResults(good, head).doubts).toEqual([
      '`node` of the machine is 20.20.0 in the base and 22.0.0 in the head',
      'head: noisy: a lot',
    ]);
  });

  it('is worse when the head has lost it, and told when it is new', () => {
    const failure = { round: 2, reason: 'hung' };
    const lost = results([
      good.figures[0]!,
      figure('g', [TIME], [contender('millrace', { time: [1] }, { status: 'failed', failure })]),
      figure('h', [TIME, RATE], [contender('millrace', { time: [1], rate: [null] })]),
    ]);
    const whole = results([
      good.figures[0]!,
      figure('g', [TIME], [contender('millrace', { time: [1] })]),
      figure('h', [TIME, RATE], [contender('millrace', { time: [1], rate: [3] })]),
      figure('i', [TIME], [contender('millrace', { time: [1] })]),
    ]);
    const worse = compareResults(whole, lost);
    expect(worse.missing).toEqual([
      { side: 'head', figure: 'g', reason: 'millrace failed in round 2: hung' },
      { side: 'head', figure: 'h', metric: 'rate', reason: 'it has no value' },
      { side: 'head', figure: 'i', reason: 'the figure is not there' },
    ]);
    expect(isWorse(worse)).toBe(true);
    expect(comparedTable(worse)).toContain('! not in the head: g: millrace failed in round 2: hung');
    const better = compareResults(lost, whole);
    expect(better.missing.map(({ side }) => side)).toEqual(['base', 'base', 'base']);
    expect(isWorse(better)).toBe(false);
  });

  it('has no ratio where values are zero, and is decided by ranks', () => {
    const zeros = Array.from({ length: 8 }, () => 0);
    const more = [1, 2, 3, 4, 5, 6, 7, 8];
    const verdict = (base: readonly number[], head: readonly number[]): Change =>
      compareResults(one(base), one(head)).comparisons[0]!.verdict;
    expect(verdict(zeros, more)).toBe('slower');
    expect(verdict(more, zeros)).toBe('faster');
    expect(verdict(zeros, zeros)).toBe('same');
    expect(verdict(zeros, [0, 0, 0, 0, 0, 0, 1, 1])).toBe('too noisy');
    expect(compareResults(one(zeros), one(more)).comparisons[0]).not.toHaveProperty('ratio');
  });

  it('leaves out rounds that were not measured, on both sides if they are pairs', () => {
    const { comparisons } = compareResults(one([1, null, 3]), one([2, 2, 6]), { paired: true });
    expect(comparisons[0]).toMatchObject({ base: { count: 2 }, head: { count: 3 }, ratio: { estimate: 2 } });
    const { missing } = compareResults(
      results([good.figures[0]!, figure('g', [TIME], [contender('millrace', { time: [1, null] })])]),
      results([good.figures[0]!, figure('g', [TIME], [contender('millrace', { time: [null, 1] })])]),
      { paired: true },
    );
    expect(missing).toMatchObject([{ figure: 'g', reason: 'no round has a value on both sides' }]);
  });
});

describe('the decision', () => {
  const bounds = { alpha: 0.01, minEffect: 0.03, comparisons: 1 };
  const rounds = { base: 15, head: 15 };
  const given = (estimate: number, low: number, high: number, corrected: number) =>
    decide({ better: 'lower', ratio: { estimate, low, high }, difference: 1, corrected, rounds }, bounds);

  it.each([
    ['slower', 1.05, 1.03, 1.07, 0.001],
    ['slower', 1.05, 1.01, 1.09, 0.001],
    ['faster', 0.95, 0.94, 0.96, 0.001],
    ['same', 1.01, 0.99, 1.02, 0.5],
    ['same', 1.02, 1.015, 1.025, 0.001],
    ['too noisy', 1.05, 1.01, 1.09, 0.02],
    ['too noisy', 1.05, 0.99, 1.09, 0.001],
    ['too noisy', 1.02, 1.01, 1.04, 0.001],
    ['too noisy', 1, 0.9, 1.1, 1],
  ] as const)('is %s for a ratio of %d (%d to %d), p %d', (verdict, estimate, low, high, corrected) => {
    expect(given(estimate, low, high, corrected).verdict).toBe(verdict);
  });

  it('is the same for a rate and for its reciprocal', () => {
    const least = 1.03;
    expect(given(least, 1.02, 1.04, 0.001).verdict).toBe('slower');
    expect(given(1 / least, 1 / 1.04, 1 / 1.02, 0.001).verdict).toBe('faster');
  });
});

describe('the arguments', () => {
  it('are two, with options', () => {
    expect(parseChoices(['a', 'b'])).toEqual({
      help: false,
      base: 'a',
      head: 'b',
      minEffect: 0.03,
      alpha: 0.01,
    });
    expect(
      parseChoices(['a', 'b', '--min-effect', '10', '--only', 'x, y', '--rounds', '9', '--quick']),
    ).toMatchObject({ minEffect: 0.1, only: ['x', 'y'], rounds: 9, effort: 'quick' });
    expect(parseChoices(['--help'])).toEqual({ help: true });
  });

  it.each([
    [['a'], /Expected two arguments, BASE and HEAD, got 1/],
    [['a', 'b', 'c'], /got 3/],
    [
      ['a', 'b', '--min-effect', 'x'],
      /Expected `--min-effect` to be a number above 0 and below 1000, got `"x"`/,
    ],
    [['a', 'b', '--alpha', '1'], /Expected `--alpha` to be a number above 0 and below 1/],
    [['a', 'b', '--alpha='], /`--alpha`/],
    [['a', 'b', '--alpha', '-0.1'], /^Expected `--alpha` to be a number above 0 and below 1, got `"-0.1"`/],
    [['a', 'b', '--rounds', '0'], /Expected `--rounds` to be an integer from 1 to 1000/],
    [['a', 'b', '--drift', 'some'], /Expected `--drift` to be "peers" or "none"/],
    [['a', 'b', '--json='], /Expected `--json`/],
    [['a', 'b', '--loud'], /--loud.*--help/s],
  ])('%j are refused', (argv, message) => {
    expect(() => parseChoices(argv)).toThrow(message);
  });
});

describe('the script', () => {
  const run = (argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const script = ['node_modules/tsx/dist/cli.mjs', 'native-bench/compare.ts', ...argv];
      execFile(process.execPath, script, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });
  const files = async (factor: number, rounds = 15): Promise<[string, string]> => {
    const change = (index: number): number => (index === 0 ? factor : 1);
    const world = { seed: 1, rounds, noise: lognormal(0.01), figures: 2, change };
    const { base, head } = twoResults(world);
    const [one, two] = ['base', 'head'].map((side) =>
      join(directory, `${side}-${factor}-${rounds}.json`),
    ) as [string, string];
    await writeFile(one, JSON.stringify(base));
    await writeFile(two, JSON.stringify(head));
    return [one, two];
  };

  it('exits with 1 when something is slower, and with 0 when not', { timeout: DEADLINE_MS }, async () => {
    const json = join(directory, 'made', 'compared.json');
    const [same, slower] = await Promise.all([
      files(1).then(run),
      files(1.2).then((given) => run([...given, '--json', json])),
    ]);
    expect(same).toMatchObject({ code: 0, stderr: '' });
    expect(same.stdout).toContain('0 slower, 0 faster, 4 same, 0 too noisy');
    expect(slower.code).toBe(1);
    expect(slower.stdout).toMatch(/\| figure-0 \| time, µs \| .* \| \*\*slower\*\* \|/);
    expect(slower.stdout).toContain('1 slower, 1 faster, 2 same, 0 too noisy');
    const compared = JSON.parse(await readFile(json, 'utf8')) as Compared;
    expect(compared.comparisons.map(({ verdict }) => verdict)).toEqual(['slower', 'faster', 'same', 'same']);
  });

  it('exits with 2 when there are too few rounds for anything to be found', {
    timeout: DEADLINE_MS,
  }, async () => {
    const { code, stdout, stderr } = await files(2, 5).then(run);
    expect(code).toBe(2);
    expect(stdout).toContain(
      '! Too few rounds in all 4 comparisons: no change can be found there, whatever changed. At alpha 0.01 it takes 6 rounds on each side; there are fewer in figure-0 (5), figure-1 (5).',
    );
    expect(stderr).toBe(
      'Nothing could be found to be slower: it takes 6 rounds on each side. Measure with --rounds 6 or more, or compare fewer figures (--only).\n',
    );
  });

  it('exits with 2 and one line when it cannot compare', { timeout: DEADLINE_MS }, async () => {
    const [good] = await files(1);
    const broken = join(directory, 'broken.json');
    await writeFile(broken, '{"schema"');
    const runs = await Promise.all([
      run(['no-such-file.json', good]),
      run([good, 'HEAD']),
      run([good, broken]),
    ]);
    expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual(runs.map(() => [2, '']));
    expect(runs.map(({ stderr }) => stderr)).toEqual([
      'Expected `BASE` to be a result file or a git revision, got `"no-such-file.json"` (string)\n',
      `Expected two result files or two git revisions, but of these only ${good} is a file\n`,
      `${broken} is no result file: it is cut short or empty\n`,
    ]);
  });
});
