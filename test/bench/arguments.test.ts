import { describe, expect, it } from 'vitest';
import { parseChoices, USAGE } from '../../native-bench/arguments.ts';
import { CONTENDERS } from '../../native-bench/contenders/index.ts';
import { FIGURES } from '../../native-bench/figures/index.ts';
import { figureNamed, figuresOf, SUITES, suiteOf } from '../../native-bench/suites/index.ts';
import { InvalidArgumentError } from '../../src/errors.ts';

describe('the command line', () => {
  it('measures the suite of the pool in full with two workers unless told otherwise', () => {
    const choices = parseChoices([]);
    expect(choices).toMatchObject({ effort: 'full', workers: 2, check: false, help: false });
    expect(choices.figures).toEqual(FIGURES);
    expect(choices.contenders).toEqual(CONTENDERS);
  });

  it('takes a family for all its modes, and keeps the order of the tables', () => {
    const names = parseChoices(['--contenders', 'raw-postmessage,piscina,millrace']).contenders.map(
      ({ name }) => name,
    );
    expect(names).toEqual([
      'millrace',
      'piscina-sync-1',
      'piscina-sync-64',
      'piscina-async-1',
      'piscina-async-64',
      'piscina-disabled-1',
      'piscina-disabled-64',
      'raw-postmessage',
    ]);
    expect(parseChoices(['--contenders', 'poolifier']).contenders).toHaveLength(2);
  });

  it('reads the other options', () => {
    const argv = [
      '--quick',
      '--only',
      'round-trip,idle',
      '--workers',
      '4',
      '--seed',
      '9',
      '--rounds',
      '3',
      '--json',
      'a.json',
    ];
    const choices = parseChoices([...argv, '--check']);
    expect(choices).toMatchObject({
      effort: 'quick',
      workers: 4,
      rounds: 3,
      seed: 9,
      json: 'a.json',
      check: true,
    });
    expect(choices.figures.map(({ name }) => name)).toEqual(['round-trip', 'idle']);
  });

  it('takes suites, and figures of any suite by name', () => {
    const figures = (...argv: string[]): string[] => parseChoices(argv).figures.map(({ name }) => name);
    expect(figures('--suite', 'granularity')).toEqual(['metg']);
    expect(figures('--suite', 'mix,pool').length).toBeGreaterThan(FIGURES.length);
    expect(figures('--only', 'metg,idle')).toEqual(['idle', 'metg']);
    expect(figures('--suite', 'granularity', '--only', 'metg')).toEqual(['metg']);
  });

  it('knows each figure by one name and one suite', () => {
    for (const figure of figuresOf(SUITES)) {
      expect(figureNamed(figure.name)).toBe(figure);
      expect(suiteOf(figure)?.figures).toContain(figure);
    }
    expect(figureNamed('no such figure')).toBeUndefined();
  });

  it.each([
    [['--only', 'thruput'], /Expected `--only` to be names out of throughput, .*got `"thruput"`/],
    [['--suite', 'all'], /Expected `--suite` to be names out of pool, .*got `"all"`/],
    [
      ['--suite', 'pool', '--only', 'metg'],
      /Expected `--only` to be names out of throughput, .*got `"metg"`/,
    ],
    [['--contenders', 'threads'], /Expected `--contenders` to be names out of millrace, .*got `"threads"`/],
    [['--contenders', ''], /Expected `--contenders`/],
    [['--workers', '1'], /Expected `--workers` to be an integer from 2 to 64, got `"1"`/],
    [['--workers', '2.5'], /`--workers`/],
    [['--workers', '1e1'], /`--workers`/],
    [['--workers', '-2'], /Expected `--workers` to be an integer from 2 to 64, got `"-2"`/],
    [['--seed', '-.5'], /Expected `--seed`/],
    [['--seed', '4294967296'], /Expected `--seed` to be an integer from 0 to 4294967295/],
    [['--rounds', '0'], /Expected `--rounds` to be an integer from 1 to 1000/],
    [['--json='], /Expected `--json` to be the name of a file/],
    [['--quick', '--smoke'], /one of --quick and --smoke/],
    [['--smoke', '--check'], /--check without --smoke/],
    [['--fast'], /--fast.*--help/s],
    [['--workers'], /--workers.*--help/s],
    [['throughput'], /throughput.*--help/s],
  ])('refuses %j', (argv, message) => {
    expect(() => parseChoices(argv)).toThrow(InvalidArgumentError);
    expect(() => parseChoices(argv)).toThrow(message);
    expect(() => parseChoices(argv)).not.toThrow(/\n|\.\./);
  });

  it('lists every figure and every contender in its help', () => {
    for (const { name } of [...SUITES, ...figuresOf(SUITES), ...CONTENDERS]) expect(USAGE).toContain(name);
  });
});
