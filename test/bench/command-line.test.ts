import { describe, expect, it } from 'vitest';
import { parseChoices } from '../../native-bench/arguments.ts';
import { commandLine } from '../../native-bench/bench/command-line.ts';
import { SUITES } from '../../native-bench/suites/index.ts';

/** What the measuring script makes of it. */
function run(...argv: string[]) {
  const command = commandLine(argv);
  if (command.kind !== 'run') throw new Error(`Expected a run, got ${JSON.stringify(command)}`);
  return { ...command, choices: parseChoices(command.argv) };
}

describe('bench', () => {
  it('measures all suites, one mode of each library, when nothing is said', () => {
    const { choices, out, measures } = run();
    expect(choices.figures).toEqual(SUITES.flatMap(({ figures }) => figures));
    expect(choices.effort).toBe('quick');
    expect(choices.contenders.map(({ family }) => family)).toEqual([
      ...new Set(choices.contenders.map(({ family }) => family)),
    ]);
    expect([out, measures]).toEqual([undefined, true]);
    expect(run('run').argv).toEqual(run().argv);
  });

  it('measures less, or everything', () => {
    expect(run('--quick').choices.rounds).toBe(1);
    expect(run('--full').choices.effort).toBe('full');
    expect(run('--full').choices.contenders.length).toBeGreaterThan(run().choices.contenders.length);
  });

  it('lets the caller choose otherwise', () => {
    const { choices, out } = run('--quick', '--only', 'idle', '--out', 'somewhere', '--rounds', '4');
    expect(choices.figures.map(({ name }) => name)).toEqual(['idle']);
    expect([choices.rounds, out]).toEqual([4, 'somewhere']);
    expect(run('--suite', 'mix').choices.figures.every(({ name }) => name.startsWith('mix'))).toBe(true);
    expect(run('--contenders', 'single').choices.contenders.map(({ name }) => name)).toEqual(['single']);
    expect(run('--quick', '--suite=mix', '--out=there', '--seed=1')).toMatchObject({
      out: 'there',
      choices: { effort: 'quick', seed: 1 },
    });
    expect(run('--smoke')).toMatchObject({ measures: false, choices: { effort: 'smoke' } });
  });

  it('calls the other scripts', () => {
    expect(commandLine(['compare', 'a', '--help'])).toEqual({
      kind: 'script',
      name: 'compare',
      argv: ['a', '--help'],
    });
    expect(commandLine(['--help'])).toEqual({ kind: 'help' });
    expect(commandLine(['run', '--help-all'])).toMatchObject({ argv: ['--help'], measures: false });
  });

  it.each([
    [['comprae', 'a', 'b'], /^Expected a command out of run, report, compare, check, profile, got `comprae`/],
    [['--quick', '--full'], /got both/],
    [['--out'], /followed by the name of a folder/],
    [['--out='], /followed by the name of a folder/],
    [['--json', 'x'], /in place of --json/],
    [['--json=x'], /in place of --json/],
  ])('says what is wrong with %j', (argv, message) => {
    expect(commandLine(argv)).toMatchObject({ kind: 'wrong', message: expect.stringMatching(message) });
  });
});

describe('--profile', () => {
  it.each([
    [
      ['--profile', 'load', '--minutes', '2'],
      ['load', '--minutes', '2'],
    ],
    [
      ['--minutes', '2', '--profile=stress'],
      ['stress', '--minutes', '2'],
    ],
    [['--profile'], []],
  ])('is the command profile: %j', (argv, rest) => {
    expect(commandLine(argv)).toEqual({ kind: 'script', name: 'profile', argv: rest });
  });
});
