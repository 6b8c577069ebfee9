/**
 * Files a run would destroy: its output and its summary must be none of its inputs, and not each other.
 *
 * @module
 */

import { fstatSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CommandFailure } from './exit.ts';
import type { OutputStream } from './host.ts';
import { SummaryRefused } from './run/summary.ts';

/** A file as the user named it. */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/** A glob finds the output of an earlier run, too. */
export async function refuseOutputAmong(files: readonly string[], out: NamedFile | undefined): Promise<void> {
  if (out === undefined || !(await isAmong(out, files))) return;
  throw new CommandFailure(
    `${out.name} is one of the inputs: name another file with --out, or leave it out with --ignore`,
  );
}

/** Writing to the file that is read would destroy it. */
export async function refuseSameFile(
  input: NamedFile | undefined,
  out: NamedFile | undefined,
): Promise<void> {
  if (input === undefined || out === undefined || !(await isSameFile(input, out))) return;
  throw new CommandFailure(`${out.name} is the input: name another file with --out`);
}

/** The summary takes the place of its file, without a question: so it must be no other file of the run. */
export async function refuseSummaryOver(
  summary: NamedFile | undefined,
  run: {
    readonly others: readonly { readonly is: string; readonly file: NamedFile | undefined }[];
    readonly stdout: OutputStream;
  },
): Promise<void> {
  if (summary === undefined) return;
  const refuse = (is: string) =>
    new SummaryRefused(`${summary.name} is ${is}: name another file with --summary`);
  for (const { is, file } of run.others) if (file && (await isSameFile(file, summary))) throw refuse(is);
  const { fd } = run.stdout;
  const there = await statOf(summary.path);
  if (fd !== undefined && there?.isFile() && isSame(fstatSync(fd), there)) throw refuse('where stdout goes');
}

/** As {@link refuseSummaryOver}, of inputs that are files. */
export async function refuseSummaryAmong(
  files: readonly string[],
  summary: NamedFile | undefined,
): Promise<void> {
  if (summary === undefined || !(await isAmong(summary, files))) return;
  throw new SummaryRefused(`${summary.name} is one of the inputs: name another file with --summary`);
}

const STATS_AT_ONCE = 256;

async function isAmong(file: NamedFile, files: readonly string[]): Promise<boolean> {
  const to = await statOf(file.path);
  if (!to?.isFile()) return false;
  // By what they are, not by their names: an input may be a link to it.
  for (let i = 0; i < files.length; i += STATS_AT_ONCE) {
    const some = await Promise.all(files.slice(i, i + STATS_AT_ONCE).map(statOf));
    if (some.some((from) => from !== undefined && isSame(from, to))) return true;
  }
  return false;
}

async function isSameFile(one: NamedFile, other: NamedFile): Promise<boolean> {
  const [a, b] = await Promise.all([statOf(one.path), statOf(other.path)]);
  // Neither is there yet: the same name makes them one.
  if (a === undefined || b === undefined) return a === b && one.path === other.path;
  return a.isFile() && isSame(a, b);
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
