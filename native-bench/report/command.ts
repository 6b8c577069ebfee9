/**
 * What `report` does, once it is told what to do.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, MillraceError } from '../../src/errors.ts';
import { writeText } from '../files.ts';
import { INTERVAL } from '../interval.ts';
import { readResults } from '../results-file.ts';
import { blocksFor, document, type Plots, plotFiles } from './blocks.ts';
import { embed } from './embed.ts';
import { subjectName } from './facts.ts';
import { type Choices, parseChoices, USAGE } from './options.ts';
import { page } from './page/page.ts';
import { type ReportView, viewOf } from './view.ts';

export interface Surroundings {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly suiteTitles: ReadonlyMap<string, string>;
}

interface Output {
  readonly file: string;
  readonly text: string;
}

/** The exit code: 0, 1 when `--check` finds a difference, 2 when the arguments or a file cannot be used. */
export async function report(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    return await run(parseChoices(argv), surroundings);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    surroundings.stderr(`${error.message}\n`);
    return 2;
  }
}

async function run(choices: Choices, { stdout, stderr, suiteTitles }: Surroundings): Promise<number> {
  if (choices.action === 'help') {
    stdout(USAGE);
    return 0;
  }
  const results = await readResults(choices.results);
  const view = viewOf(results, { subject: subjectName(results), interval: INTERVAL, suiteTitles });
  const plots = choices.svgDir === undefined ? undefined : { folder: resolve(choices.svgDir) };
  const shared = [...plotOutputs(view, plots), ...(await embedded(choices.embed, view, plots))];

  if (choices.action === 'check') {
    const stale: string[] = [];
    for (const { file, text } of shared) if ((await existing(file)) !== text) stale.push(file);
    for (const file of stale)
      stderr(`${file} is not what ${choices.results} says: run again without --check\n`);
    return stale.length === 0 ? 0 : 1;
  }
  const { html, markdown } = choices;
  const outputs = [
    ...shared,
    ...(html === undefined ? [] : [{ file: resolve(html), text: page(view) }]),
    ...(markdown === undefined
      ? []
      : [{ file: resolve(markdown), text: document(resolve(markdown), view, plots) }]),
  ];
  if (outputs.length === 0) stdout(document(resolve('report.md'), view, undefined));
  for (const { file, text } of outputs) await writeText(file, text);
  for (const { file } of outputs.filter(({ file: name }) => !name.endsWith('.svg')))
    stderr(`Wrote ${file}\n`);
  return 0;
}

function plotOutputs(view: ReportView, plots: Plots | undefined): Output[] {
  if (plots === undefined) return [];
  return plotFiles(view).map(({ name, text }) => ({ file: join(plots.folder, name), text }));
}

/** All documents before any is written: an unknown marker in the last leaves the first as it was. */
function embedded(files: readonly string[], view: ReportView, plots: Plots | undefined): Promise<Output[]> {
  return Promise.all(
    files.map(async (name) => {
      const file = resolve(name);
      const before = await readFile(file, 'utf8').catch((cause: Error) => {
        throw new InvalidArgumentError(`Cannot read ${name}: ${cause.message}`, { cause });
      });
      return { file, text: embed(before, name, blocksFor(file, view, plots)) };
    }),
  );
}

async function existing(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new InvalidArgumentError(`Cannot read ${file}: ${error.message}`, { cause: error });
  });
}
