import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResults } from '../../native-bench/results-file.ts';
import { lognormal, TIME, twoResults } from './series.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(await realpath(tmpdir()), 'bench-results-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('a result file', () => {
  const write = async (name: string, text: string): Promise<string> => {
    const file = join(directory, name);
    await writeFile(file, text);
    return file;
  };
  const good = twoResults({ seed: 1, rounds: 2, noise: lognormal(0.01), figures: 1 }).base;

  it('is read as it was written, by this version and by one that adds fields', async () => {
    const file = await write('good.json', JSON.stringify(good));
    expect(await readResults(file)).toEqual(good);
    const drawn = {
      ...good,
      seed: 5,
      figures: good.figures.map((each) => ({ ...each, order: [['a', 'b'], ['b']] })),
    };
    expect(await readResults(await write('drawn.json', JSON.stringify(drawn)))).toEqual(drawn);
    const newer = { ...good, weather: 'fine' };
    expect(await readResults(await write('newer.json', JSON.stringify(newer)))).toEqual(newer);
  });

  const text = JSON.stringify(good, null, 2);
  const first = good.figures[0]!;
  const changedFigure = (change: object): string =>
    JSON.stringify({ ...good, figures: [{ ...first, ...change }] });
  const changedContender = (change: object): string =>
    changedFigure({ contenders: [{ ...first.contenders[0]!, ...change }] });

  it.each([
    ['empty', '', /no result file: it is cut short or empty$/],
    ['cut short', text.slice(0, text.length / 2), /no result file: it is cut short or empty$/],
    ['cut short after a brace', text.slice(0, text.indexOf('}') + 1), /cut short/],
    ['an order that is none', changedFigure({ order: ['a'] }), /`figures\[0\]\.order\[0\]` to be an array/],
    ['not JSON', 'hello', /no result file: it is not JSON: .*hello/],
    ['another thing', '[]', /Expected `the file` to be an object, got an array/],
    [
      'of another schema',
      '{"schema":"millrace-bench/9"}',
      /Expected `schema` to be "millrace-bench\/1", got `"millrace-bench\/9"`/,
    ],
    [
      'without figures',
      JSON.stringify({ ...good, figures: undefined }),
      /Expected `figures` to be an array, got `undefined`/,
    ],
    [
      'with a broken machine',
      JSON.stringify({ ...good, machine: { cpu: 1 } }),
      /Expected `machine.cpu` to be a string, got `1`/,
    ],
    [
      'with a broken metric',
      changedFigure({ metrics: [{ ...TIME, better: 'up' }] }),
      /Expected `figures\[0\].metrics\[0\].better` to be one of "higher", "lower", got `"up"`/,
    ],
    [
      'with a broken sample',
      changedContender({ samples: [{ time: '1' }] }),
      /Expected `figures\[0\].contenders\[0\].samples\[0\].time` to be a number, got `"1"`/,
    ],
    [
      'with a failure without a reason',
      changedContender({ status: 'failed' }),
      /Expected `figures\[0\].contenders\[0\].failure` to be an object, got `undefined`/,
    ],
    [
      'with a broken summary',
      changedContender({ summary: { time: { median: 1 } } }),
      /summary.time.min` to be a number/,
    ],
    [
      'of a negative duration',
      JSON.stringify({ ...good, durationMs: -1 }),
      /`durationMs` to be a number from 0 on/,
    ],
    ['of no workers', JSON.stringify({ ...good, workers: 0 }), /`workers` to be a number from 1 on, got `0`/],
    ['with a broken suite', changedFigure({ suite: 5 }), /`figures\[0\].suite` to be a string, got `5`/],
    [
      'with a verdict on a metric that is not there',
      changedFigure({
        verdicts: [{ claim: { kind: 'value', text: 'fast', metric: 'gone' }, status: 'kept' }],
      }),
      /`figures\[0\].verdicts\[0\].claim.metric` to be one of .*got `"gone"`/,
    ],
    [
      'with a ratio to nobody',
      changedFigure({
        verdicts: [{ claim: { kind: 'ratio', text: 'fast', metric: TIME.name }, status: 'kept' }],
      }),
      /`figures\[0\].verdicts\[0\].claim.to` to be a string, got `undefined`/,
    ],
  ])('that is %s is refused in one line', async (name, content, message) => {
    const file = await write(`${name}.json`, content);
    const failure = await readResults(file).then(
      () => 'read',
      (error: Error) => error.message,
    );
    expect(failure).toMatch(message);
    expect(failure).toContain(file);
    expect(failure).not.toContain('\n');
  });

  it('that is not there, or is a folder, is refused', async () => {
    const file = join(directory, 'none.json');
    await expect(readResults(file)).rejects.toThrow(`Expected a result file at ${file}: there is none`);
    await expect(readResults(directory)).rejects.toThrow('EISDIR');
  });
});
