/**
 * `millrace weigh`: which packages weigh most compressed. `millrace map` with a task of our own, and a table.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { glob } from 'tinyglobby';
import { CommandFailure, reason } from './exit.ts';
import type { Host } from './host.ts';
import { sizedFileSource } from './inputs/files.ts';
import { addRunOptions, integer, type RunFlags } from './options.ts';
import { stdoutTarget } from './records/targets.ts';
import { type JobOutput, runJob } from './run/job.ts';
import { builtInTask } from './target.ts';
import {
  type PackageWeight,
  type Selection,
  selectPackages,
  type WeighedFile,
  weighPackages,
} from './weigh/packages.ts';
import { weighTable } from './weigh/table.ts';

interface WeighFlags extends RunFlags {
  readonly top: number;
  readonly maxMb: number;
  readonly quality: number;
}

/** Of brotli: half a minute for some 75 MB on two cores, where 11 takes more than twice as long. */
const QUALITY = 10;

export function weighCommand(program: Command, host: Host, done: (exit: number) => void): void {
  const command = program
    .command('weigh')
    .summary('show which packages weigh most compressed')
    .description(
      'Take sha-256, gzip and brotli sizes of all JavaScript files under a directory, on all cores,\n' +
        'and show which packages weigh most.',
    )
    .argument('[directory]', 'where to look', 'node_modules')
    .option('--top <n>', 'rows to show', integer('top', 1, 10_000), 15)
    .option(
      '--max-mb <n>',
      'weigh only the largest packages, up to so many MB',
      integer('max-mb', 1, 1_000_000),
      100,
    )
    .option('--quality <n>', 'of brotli, 0 to 11', integer('quality', 0, 11), QUALITY);
  addRunOptions(command).addHelpText(
    'after',
    '\nExamples:\n  $ millrace weigh\n  $ millrace weigh dist --quality 11 --top 5',
  );
  command.action(async (directory: string, flags: WeighFlags) => {
    done(await weigh(host, directory, flags));
  });
}

async function weigh(host: Host, directory: string, flags: WeighFlags): Promise<number> {
  const files: WeighedFile[] = [];
  let root = '';
  let selection: Selection | undefined;
  const { exit, outcome } = await runJob(host, {
    options: {
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      order: 'completed',
      onError: { kind: 'skip' },
      progress: flags.quiet ? 'none' : flags.progress,
      report: flags.quiet ? 'failures' : 'summary',
      ...(flags.summary === undefined
        ? {}
        : { summary: { name: flags.summary, path: resolve(host.cwd, flags.summary) } }),
    },
    async prepare() {
      root = await findRoot(host.cwd, directory);
      selection = await select(directory, root, flags.maxMb * 1e6);
      return {
        task: { tasks: builtInTask('weigh'), name: 'millrace:weigh', fn: 'weigh', args: [flags.quality] },
        source: sizedFileSource(selection.files),
      };
    },
    openOutput: async () => collector(files),
  });
  if ((outcome !== 'finished' && outcome !== 'stopped') || !selection || files.length === 0) return exit;
  const table = weighTable({
    packages: weighPackages(files, root),
    files,
    selection,
    quality: flags.quality,
    top: flags.top,
    label,
  });
  await stdoutTarget(host.stdout).write(Buffer.from(table));
  return exit;
}

async function findRoot(cwd: string, directory: string): Promise<string> {
  try {
    const root = await realpath(resolve(cwd, directory));
    if (!(await stat(root)).isDirectory())
      throw new CommandFailure(`cannot read ${directory}: not a directory`);
    return root;
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`cannot read ${directory}: ${reason(error)}`, { cause: error });
  }
}

async function select(directory: string, root: string, limit: number): Promise<Selection> {
  const paths = await glob('**/*.{js,mjs,cjs}', {
    cwd: root,
    absolute: true,
    dot: true,
    // A link leads to a package that is counted where it stands, or that belongs elsewhere.
    followSymbolicLinks: false,
  });
  if (paths.length === 0) throw new CommandFailure(`no JavaScript files under ${directory}`);
  const found = [];
  for (const path of paths) found.push({ path, bytes: (await stat(path)).size });
  return selectPackages(found, root, limit);
}

function collector(files: WeighedFile[]): JobOutput {
  return {
    async write(chunk) {
      for (const line of chunk.toString().trimEnd().split('\n')) {
        const record = JSON.parse(line) as { input: string; result?: Omit<WeighedFile, 'path'> };
        if (record.result) files.push({ path: record.input, ...record.result });
      }
    },
    async end() {},
  };
}

/** Versions tell two copies of a package apart. */
function label({ directory, name }: PackageWeight): string {
  try {
    const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      version?: unknown;
    };
    return typeof version === 'string' ? `${name}@${version}` : name;
  } catch {
    // A directory that is no package has no version: its name is all there is to show.
    return name;
  }
}
