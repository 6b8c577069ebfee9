import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../native-bench/build.ts';
import { parseProfileChoices } from '../../native-bench/profiles/arguments.ts';
import type { Observations } from '../../native-bench/profiles/conduct.ts';
import { killer, MILD_FAULTS } from '../../native-bench/profiles/faults.ts';
import type { LeakVerdict } from '../../native-bench/profiles/leaks.ts';
import { either, error, Ledger, value } from '../../native-bench/profiles/ledger.ts';
import { mixOf, submitOne } from '../../native-bench/profiles/mix.ts';
import { observe, profileProgram } from '../../native-bench/profiles/observe.ts';
import type { Stage } from '../../native-bench/profiles/profile.ts';
import { clean, type ProfileReport, reportText } from '../../native-bench/profiles/report.ts';
import { QUANTITIES } from '../../native-bench/profiles/samples.ts';
import { mulberry32 } from '../../native-bench/statistics/random.ts';
import * as functions from '../../native-bench/tasks/functions.mjs';
import * as extra from '../../native-bench/tasks/profiles.mjs';

const DEADLINE_MS = 60_000;
const MIB = 2 ** 20;
const NAMES = Object.keys(QUANTITIES);

describe('the ledger', () => {
  const coded = (code: string): Error => Object.assign(new Error('x'), { code });

  it('counts what settles and says what is wrong', async () => {
    const ledger = new Ledger();
    await ledger.enter(
      'a',
      Promise.resolve(1),
      value((given) => given === 1),
    );
    await ledger.enter(
      'a',
      Promise.resolve(2),
      value((given) => given === 1),
    );
    await ledger.enter('b', Promise.reject(coded('ERR_X')), error('ERR_X'));
    await ledger.enter('b', Promise.reject(coded('ERR_Y')), error('ERR_X'));
    await ledger.enter('c', Promise.resolve(0), value(Number.isFinite), 100);
    expect(ledger.summary()).toEqual({
      submitted: 104,
      settled: 104,
      wrong: 2,
      examples: ['a: unexpectedly gave the value 2', 'b: expected ERR_X, got ERR_Y: x'],
      outcomes: { a: { value: 2 }, b: { ERR_X: 1, ERR_Y: 1 }, c: { value: 100 } },
    });
    expect(await ledger.idle(0)).toBe(true);
  });

  it('sees a task that never settles, and waits for one that does', async () => {
    const ledger = new Ledger();
    let settle = (_given: number): void => {};
    void ledger.enter('slow', new Promise<number>((resolve) => (settle = resolve)), value(Number.isFinite));
    expect(await ledger.idle(5)).toBe(false);
    expect(ledger.outstanding).toBe(1);
    const idle = ledger.idle(DEADLINE_MS);
    settle(1);
    expect(await idle).toBe(true);
  });

  it('lets a task have either of two outcomes', async () => {
    const ledger = new Ledger();
    const judge = either(
      value((given) => given === 1),
      error('ERR_X'),
    );
    await ledger.enter('a', Promise.resolve(1), judge);
    await ledger.enter('a', Promise.reject(coded('ERR_X')), judge);
    expect(ledger.summary().wrong).toBe(0);
    await ledger.enter('a', Promise.resolve(2), judge);
    await ledger.enter('a', Promise.reject(coded('ERR_Y')), judge);
    expect(ledger.summary().wrong).toBe(2);
  });
});

describe('the tasks of the profiles', () => {
  type Answer = (name: string, args: readonly unknown[]) => Promise<unknown>;
  const tasks = { ...functions, ...extra } as Readonly<Record<string, (...args: unknown[]) => unknown>>;
  const honest: Answer = async (name, args) => tasks[name]!(...args);

  function stageWith(answer: Answer): Stage {
    const pool = { run: answer } as unknown as Stage['pool'];
    return {
      pool,
      workers: 2,
      ledger: new Ledger(),
      random: mulberry32(3),
      pace: 10,
      volume: 'quick',
      cycleMs: 50,
      marks: new SharedArrayBuffer(4),
      look: () => {},
    };
  }

  it('accept right answers and notice a wrong one, each kind', async () => {
    const truthful = stageWith(honest);
    for (const kind of [...mixOf(truthful), ...MILD_FAULTS]) kind.submit(truthful);
    expect(await truthful.ledger.idle(DEADLINE_MS)).toBe(true);
    expect(truthful.ledger.summary()).toMatchObject({ wrong: 0, examples: [] });

    for (const answer of [
      async () => undefined,
      async () => -1,
      async () => {
        throw new Error('unexpected');
      },
    ]) {
      const lying = stageWith(answer);
      const kinds = [...mixOf(lying), ...MILD_FAULTS];
      for (const kind of kinds) kind.submit(lying);
      await lying.ledger.idle(DEADLINE_MS);
      expect(lying.ledger.summary().wrong).toBe(kinds.length);
    }
  });

  it('take the loss of a thread only from what may share one', async () => {
    const crashing = stageWith(() =>
      Promise.reject(Object.assign(new Error('gone'), { code: 'ERR_WORKER_CRASHED' })),
    );
    const kinds = [...mixOf(crashing), ...MILD_FAULTS];
    for (const kind of kinds) kind.submit(crashing);
    await crashing.ledger.idle(DEADLINE_MS);
    const accused = new Set(crashing.ledger.summary().examples.map((example) => example.split(':')[0]));
    const blameless = kinds.map(({ name }) => name).filter((name) => !accused.has(name));
    expect(blameless).toEqual(['async', 'cancelled', 'deadline']);
  });

  it('are chosen by weight', async () => {
    const stage = stageWith(async () => undefined);
    const seen = { often: 0, rarely: 0 };
    const kind = (name: 'often' | 'rarely', weight: number) => ({
      name,
      weight,
      ms: 1,
      submit: () => void seen[name]++,
    });
    for (let i = 0; i < 10_000; i++) submitOne([kind('often', 9), kind('rarely', 1)], stage);
    expect(seen.often + seen.rarely).toBe(10_000);
    expect(seen.rarely).toBeGreaterThan(800);
    expect(seen.rarely).toBeLessThan(1_200);
  });

  it('end threads in turns, and not more often than they should', async () => {
    let now = 0;
    const asked: string[] = [];
    const stage = stageWith((name) => {
      asked.push(name);
      return new Promise(() => {});
    });
    const kill = killer(100, () => now);
    for (now = 0; now < 350; now += 10) kill(stage);
    expect(asked).toEqual(['exit', 'loop', 'exit', 'loop']);
  });
});

describe('the report', () => {
  const verdict: LeakVerdict = {
    quantity: 'heap',
    status: 'steady',
    from: MIB,
    to: 2 * MIB,
    samples: 100,
    growth: 1024,
    p: 0.5,
  };
  const ledger = { submitted: 10, settled: 10, wrong: 0, examples: [], outcomes: { add: { value: 10 } } };

  it('is clean when nothing was lost or wrong and nothing leaks', () => {
    expect(clean({ ledger, verdicts: [verdict] })).toBe(true);
    expect(clean({ ledger, verdicts: [{ ...verdict, status: 'undecided' }] })).toBe(true);
    expect(clean({ ledger, verdicts: [{ ...verdict, status: 'leak' }] })).toBe(false);
    expect(clean({ ledger: { ...ledger, wrong: 1 }, verdicts: [] })).toBe(false);
    expect(clean({ ledger: { ...ledger, settled: 9 }, verdicts: [] })).toBe(false);
  });

  it('says what was seen', () => {
    const report = {
      ledger: { ...ledger, wrong: 2, examples: ['add: unexpectedly gave the value 3'] },
      verdicts: [verdict, { quantity: 'rss', status: 'undecided', from: 0, to: 0, samples: 3 }],
      peaks: { waiting: 7, records: 5, payload: 2048, rss: 100 * MIB },
      cycles: 3,
      crashes: 1,
      durationMs: 2_000,
      stride: 1,
      collected: false,
    } as unknown as ProfileReport;
    const text = reportText(report);
    expect(text).toContain('STEADY: heap: 1 MiB → 2 MiB (trend +1 KiB, p 0.50)');
    expect(text).toContain('UNDECIDED: rss: 0 B → 0 B (3 samples are too few; run for longer)');
    expect(text).toContain('! add: unexpectedly gave the value 3\n! … 1 more\n');
    expect(text).toContain('! heaps were not collected');
    expect(text).toContain('NOT CLEAN: 0 tasks lost, 2 wrong, 0 leaks');
    const without = { ...report, ledger };
    expect(reportText(without)).toContain('as it had to; 1 of 2 series too short to say whether they grow\n');
    expect(reportText({ ...without, verdicts: [verdict] })).toContain('as it had to; nothing grew\n');
    const leak = { ...without, verdicts: [{ ...verdict, status: 'leak' }] } as const;
    expect(reportText(leak)).toContain('NOT CLEAN: 0 tasks lost, 0 wrong, 1 leaks');
  });
});

describe('the arguments', () => {
  it('have defaults of the profile', () => {
    expect(parseProfileChoices(['stress'])).toMatchObject({
      kind: 'run',
      profile: { name: 'stress' },
      minutes: 2,
      workers: 2,
      seed: 1,
      volume: 'full',
    });
    expect(parseProfileChoices(['volume', '--minutes', '.5', '--quick', '--json', 'a.json'])).toMatchObject({
      minutes: 0.5,
      volume: 'quick',
      json: 'a.json',
    });
    expect(parseProfileChoices(['--help'])).toEqual({ kind: 'help' });
  });

  it.each([
    [[], 'Expected `PROFILE` to be one of load, stress, volume, endurance, got `undefined`'],
    [['smoke'], 'Expected `PROFILE` to be one of'],
    [['load', 'stress'], 'Expected one profile, got also stress'],
    [['load', '--minutes', '0'], 'Expected `--minutes` to be a number above 0'],
    [['load', '--minutes', '1e3'], 'Expected `--minutes` to be'],
    [['load', '--minutes', '10081'], 'Expected `--minutes` to be'],
    [['load', '--workers', '65'], 'Expected `--workers` to be an integer from 1 to 64'],
    [['load', '--seed', '-1'], 'Expected `--seed` to be an integer from 0 to 4294967295'],
    [['load', '--json', ''], 'Expected `--json` to be the name of a file'],
    [['load', '--fast'], "Unknown option '--fast'"],
  ])('%j are refused', (argv, message) => {
    expect(() => parseProfileChoices(argv)).toThrow(message);
  });
});

describe('the script', () => {
  const script = ['node_modules/tsx/dist/cli.mjs', 'native-bench/profile.ts'];
  const run = (argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [...script, ...argv], (failure, stdout, stderr) => {
        resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, stdout, stderr });
      });
    });
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'profiles-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('runs a profile and finds it clean', { timeout: DEADLINE_MS }, async () => {
    const file = join(directory, 'new', 'load.json');
    const { code, stdout, stderr } = await run(['load', '--quick', '--minutes', '0.02', '--json', file]);
    expect([stderr, stdout]).toEqual(['', expect.stringContaining('CLEAN: every task settled once')]);
    expect(code).toBe(0);
    const report = JSON.parse(await readFile(file, 'utf8')) as ProfileReport;
    expect(report).toMatchObject({
      schema: 'millrace-profile/1',
      profile: 'load',
      volume: 'quick',
      collected: true,
    });
    expect(report.columns.heap).toHaveLength(report.cycles);
    expect(report.verdicts.map(({ quantity }) => quantity)).toEqual(NAMES);
  });

  it('says what is wrong with its arguments and exits with 2', { timeout: DEADLINE_MS }, async () => {
    const { code, stderr, stdout } = await run(['load', '--workers', 'many']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('Expected `--workers` to be an integer from 1 to 64, got `"many"` (string)\n');
  });
});

describe('a profile in a process', () => {
  let program: string;
  beforeAll(async () => {
    program = profileProgram(await build());
  });
  // What a process removes when it ends is left behind by one that is ended.
  afterAll(() => rm(dirname(dirname(program)), { recursive: true, force: true }));
  const profile = (name: string): Promise<Observations> =>
    observe(program, { profile: name, durationMs: 800, workers: 2, volume: 'quick', seed: 5 });

  it.each(['stress', 'volume', 'endurance'])('loses nothing: %s', { timeout: DEADLINE_MS }, async (name) => {
    const { ledger, columns: seen, cycles, peaks, crashes } = await profile(name);
    expect(ledger).toMatchObject({ wrong: 0, examples: [], settled: ledger.submitted });
    expect(ledger.submitted).toBeGreaterThan(0);
    expect(seen.heap).toHaveLength(cycles);
    expect(new Set(seen.records)).toEqual(new Set([0]));
    if (name === 'volume') expect(peaks.waiting).toBeGreaterThanOrEqual(10_000);
    if (name === 'stress') expect(crashes).toBeGreaterThan(0);
  });

  it('says why it has nothing to say', { timeout: DEADLINE_MS }, async () => {
    await expect(profile('siesta')).rejects.toThrow('No profile siesta');
  });
});
