import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RealTaskName, RunningPool } from '../../native-bench/contenders/contender.ts';
import { CONTENDERS } from '../../native-bench/contenders/index.ts';
import type { Stage } from '../../native-bench/figures/figure.ts';
import {
  evenly,
  filesOf,
  javascript,
  markdown,
  passwords,
  repeated,
} from '../../native-bench/figures/real/inputs.ts';
import { ENTRANTS, listFigure } from '../../native-bench/figures/real/list.ts';
import { REAL } from '../../native-bench/figures/real/lists.ts';
import { digest, onceForAll } from '../../native-bench/figures/real/reference.ts';
import * as functions from '../../native-bench/tasks/real/functions.mjs';

const DEADLINE_MS = 60_000;
const WORKERS = 2;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-real-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the inputs', () => {
  it('are files of the right kind and size, sorted, without those of dependencies', async () => {
    const folder = join(directory, 'package');
    await mkdir(join(folder, 'node_modules'), { recursive: true });
    const files = ['b.js', 'a.mjs', 'c.min.js', 'd.txt', 'node_modules/e.js', 'large.js', 'small.js'];
    for (const file of files) await writeFile(join(folder, file), 'x'.repeat(20));
    await writeFile(join(folder, 'large.js'), 'x'.repeat(31));
    await writeFile(join(folder, 'small.js'), 'x'.repeat(9));
    const kind = { extension: /(?<!\.min)\.[cm]?js$/, least: 10, most: 30 };
    expect(filesOf([folder], kind)).toEqual([join(folder, 'a.mjs'), join(folder, 'b.js')]);
  });

  it('are spread evenly over a list, or the list over and over', () => {
    expect(evenly([0, 1, 2, 3, 4, 5], 3)).toEqual([0, 2, 4]);
    expect(evenly([0, 1], 5)).toEqual([0, 1]);
    expect(repeated([0, 1, 2], 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(repeated([], 3)).toEqual([]);
  });

  it('are there, as many as a full round needs, and the same each time', () => {
    for (const inputs of [javascript, markdown]) {
      const texts = inputs(300);
      expect(texts).toHaveLength(300);
      expect(inputs(300)).toEqual(texts);
      for (const text of texts) expect(text.length).toBeGreaterThan(1_000);
    }
    expect(new Set(javascript(300)).size).toBeGreaterThan(250);
    expect(new Set(passwords(90).map(([, salt]) => salt)).size).toBe(90);
  });
});

describe('the reference', () => {
  it('changes with each output, its kind and its place', () => {
    const digests = [
      digest(['a', 'b']),
      digest(['b', 'a']),
      digest(['ab']),
      digest(['ab', '']),
      digest([new Uint8Array([97]), 'b']),
      digest(['a', 'c']),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(digest([Buffer.from('a')])).toBe(digest([new Uint8Array([97])]));
    expect(() => digest(['a', undefined])).toThrow('Wrong result: task 1 gave undefined');
  });

  it('is computed once, whoever asks', async () => {
    const folder = join(directory, 'once');
    let computed = 0;
    const compute = async (): Promise<string> => {
      computed++;
      await new Promise((resolve) => setImmediate(resolve));
      return `answer ${computed}`;
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => onceForAll(folder, 'list', compute)));
    expect(new Set(answers)).toEqual(new Set(['answer 1']));
    expect(await onceForAll(folder, 'other', compute)).toBe('answer 2');
    expect((await readdir(folder)).sort()).toEqual(['list', 'other']);
  });

  it('is computed by another when the first one failed', async () => {
    const folder = join(directory, 'failing');
    const failing = onceForAll(folder, 'list', () => Promise.reject(new Error('no input')));
    await expect(failing).rejects.toThrow('no input');
    expect(await onceForAll(folder, 'list', async () => 'found')).toBe('found');
  });
});

const [source] = javascript(1);
const [text] = markdown(1);
const TASKS: readonly (readonly [RealTaskName, readonly unknown[]])[] = [
  ['minify', [source]],
  ['compress', [source]],
  ['render', [text]],
  ['hashPassword', ['correct horse', 'salt']],
];

const here: Readonly<Record<RealTaskName, (...args: never[]) => unknown>> = { ...functions };

describe('the tasks', () => {
  it('do what they are called', async () => {
    const minified = await functions.minify('export function twice(number) { return number + number; }');
    expect(minified).toMatch(/^export function twice\((\w)\)\{return \1\+\1\}$/);
    expect(brotliDecompressSync(functions.compress(source!)).toString()).toBe(source);
    expect(functions.render('# One *two*')).toBe('<h1>One <em>two</em></h1>\n');
    expect(functions.hashPassword('correct horse', 'salt')).toMatch(/^[0-9a-f]{128}$/);
  });
});

const entered = CONTENDERS.filter(({ name, family }) => ENTRANTS.includes(name) || ENTRANTS.includes(family));

describe.each(entered)('$name', ({ start }) => {
  it('gives the outputs of the single-threaded program', { timeout: DEADLINE_MS }, async () => {
    const pool = await start({ workers: 1, tasks: 'real' });
    const outputs = await Promise.all(TASKS.map(([task, args]) => pool.run(task, args)));
    const patience = new Promise((resolve) => setTimeout(resolve, 2_000).unref());
    await Promise.race([pool.close(), patience]);
    const wanted = await Promise.all(TASKS.map(([task, args]) => here[task](...(args as never[]))));
    expect(digest(outputs)).toBe(digest(wanted));
  });
});

describe('a list', () => {
  const stage = (pool: RunningPool): Stage => ({
    effort: 'smoke',
    workers: WORKERS,
    pace: 1_000,
    runsTasks: true,
    start: async () => pool,
  });
  const figure = (name: string) =>
    listFigure(
      {
        name,
        title: name,
        task: 'compress',
        does: '',
        count: { full: 4, quick: 4, smoke: 4 },
        inputs: (count) => Array.from({ length: count }, (_, i) => [`text ${i}`.repeat(100)]),
      },
      join(directory, 'references'),
    );
  const answering = (compress: (text: string) => unknown): RunningPool => ({
    run: (_task, [text]) => Promise.resolve(compress(text as string)),
    close: async () => {},
  });

  it('is timed when all outputs are right', async () => {
    const trial = await figure('right').open(stage(answering(functions.compress)));
    expect((await trial.sample())['wall']).toBeGreaterThan(0);
    await trial.end();
  });

  it('counts for nothing when one output is wrong', async () => {
    const wrong = answering((text) => functions.compress(text.replace('text 3', 'text 4')));
    const trial = await figure('wrong').open(stage(wrong));
    await expect(trial.sample()).rejects.toThrow('Wrong results: the outputs of compress are not those');
  });

  it('says so when there are not enough inputs', async () => {
    const short = listFigure(
      {
        name: 'short',
        title: '',
        task: 'compress',
        does: '',
        count: { full: 2, quick: 2, smoke: 2 },
        inputs: () => [],
      },
      directory,
    );
    await expect(short.open(stage(answering(functions.compress)))).rejects.toThrow('run npm ci');
  });

  it('has a name of its own and asks for a pool of its own', () => {
    expect(new Set(REAL.map(({ name }) => name)).size).toBe(REAL.length);
    for (const { newPool } of REAL) expect(newPool).toBe(true);
  });
});
