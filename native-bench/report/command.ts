/**
 * What `report` does, once it is told what to do.
 *
 * @module
 */

import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { InvalidArgumentError, MillraceError } from '../../src/errors.ts';
import { writeText } from '../files.ts';
import { INTERVAL } from '../interval.ts';
import { joined, type Run } from '../joined.ts';
import { readResults } from '../results-file.ts';
import { blocksFor, document, type Plots, plotFiles } from './blocks.ts';
import { embed } from './embed.ts';
import { subjectName } from './facts.ts';
import { type Choices, type Files, parseChoices, USAGE } from './options.ts';
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
  const results = joined(await runsOf(choices.results));
  const view = viewOf(results, { subject: subjectName(results), interval: INTERVAL, suiteTitles });
  const plots =
    choices.svgDir === undefined ? undefined : { folder: resolve(choices.svgDir), linked: new Set<string>() };
  const documents = await embedded(choices.embed, view, plots);

  if (choices.action === 'check') {
    const outputs = [...documents, ...plotOutputs(view, plots)];
    const faults = [
      ...(await differences(outputs, choices.results.join(' and '))),
      ...(await unlinked(plots)),
    ];
    for (const fault of faults) stderr(`${fault}\n`);
    return faults.length === 0 ? 0 : 1;
  }
  const { html, markdown } = choices;
  if (markdown !== undefined) {
    documents.push({ file: resolve(markdown), text: document(resolve(markdown), view, plots) });
  }
  const outputs = [
    ...documents,
    ...plotOutputs(view, plots),
    ...(html === undefined ? [] : [{ file: resolve(html), text: page(view) }]),
  ];
  if (outputs.length === 0) stdout(document(resolve('report.md'), view, undefined));
  for (const { file, text } of outputs) await writeText(file, text);
  for (const { file } of outputs.filter(({ file: name }) => !name.endsWith('.svg')))
    stderr(`Wrote ${file}\n`);
  return 0;
}

async function runsOf([first, ...more]: Files): Promise<[Run, ...Run[]]> {
  const read = async (path: string): Promise<Run> => ({ path, results: await readResults(path) });
  return [await read(first), ...(await Promise.all(more.map(read)))];
}

/** The plots that the documents link to; all where no document does. Documents come first: writing them is linking. */
function plotOutputs(view: ReportView, plots: Plots | undefined): Output[] {
  if (plots === undefined) return [];
  const { folder, linked } = plots;
  return plotFiles(view)
    .filter(({ name }) => linked.size === 0 || linked.has(name))
    .map(({ name, text }) => ({ file: join(folder, name), text }));
}

/** What is not as it would be written, and from which line on. */
async function differences(outputs: readonly Output[], results: string): Promise<string[]> {
  const found: string[] = [];
  for (const { file, text } of outputs) {
    const name = relative(process.cwd(), file);
    const before = await existing(file);
    if (before === undefined) found.push(`${name} is not there: run again without --check`);
    else if (before !== text) {
      const line = firstDifference(before, text);
      found.push(`${name} is not what ${results} says, from line ${line} on: run again without --check`);
    }
  }
  return found;
}

function firstDifference(before: string, after: string): number {
  const lines = after.split('\n');
  const at = before.split('\n').findIndex((line, index) => line !== lines[index]);
  return 1 + (at < 0 ? before.split('\n').length : at);
}

/** Plots of other results, or of a block that is no more: nobody would notice that they grow old. */
async function unlinked(plots: Plots | undefined): Promise<string[]> {
  if (plots === undefined || plots.linked.size === 0) return [];
  const names = await readdir(plots.folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.svg') && !plots.linked.has(name))
    .map(
      (name) => `${relative(process.cwd(), join(plots.folder, name))} is linked to by no document: delete it`,
    );
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
