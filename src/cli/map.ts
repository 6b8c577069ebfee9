/**
 * `millrace map`: one exported function over many inputs, on all cores.
 *
 * @module
 */

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Host } from './host.ts';
import { csvSource } from './inputs/csv.ts';
import { fileSource, selectFiles } from './inputs/files.ts';
import { ndjsonSource } from './inputs/ndjson.ts';
import { remainingInputs } from './inputs/remaining.ts';
import { type InputSource, openInput } from './inputs/source.ts';
import { addRunOptions, collect, integer, once, type RunFlags } from './options.ts';
import { type DoneItems, readDone } from './records/resume.ts';
import { FileTarget, type OutputMode, stdoutTarget } from './records/targets.ts';
import type { Order } from './run/emitter.ts';
import { type Job, runJob } from './run/job.ts';
import type { OnError } from './run/policy.ts';
import {
  type NamedFile,
  refuseOutputAmong,
  refuseSameFile,
  refuseSummaryAmong,
  refuseSummaryOver,
} from './same-file.ts';
import { locateModule, parseTarget, type Target } from './target.ts';

interface MapFlags extends RunFlags {
  readonly ndjson?: string;
  readonly csv?: string;
  readonly delimiter?: string;
  readonly ignore?: readonly string[];
  readonly args?: readonly unknown[];
  readonly out?: string;
  readonly resume?: true;
  readonly overwrite?: true;
  readonly order: Order;
  readonly onError: OnError['kind'];
  readonly retries?: number;
  readonly timeout?: number;
}

const EXAMPLES = `
The function gets one input, then the values of --args. An input is the absolute path
of a file, the value of an NDJSON line, or a CSV row as an object of strings. Each item
becomes one line of output:
  {"index":0,"input":"/data/a.png","result":…}
  {"index":1,"input":"/data/b.png","error":{"name":"…","message":"…","code":"…"}}

Examples:
  $ millrace map ./thumbnail.ts#make 'photos/**/*.jpg' --args '[200]' --out made.ndjson
  $ millrace map ./thumbnail.ts#make 'photos/**/*.jpg' --args '[200]' --out made.ndjson --resume
  $ zcat events.ndjson.gz | millrace map ./parse.js#enrich --ndjson - --order completed | jq .result
  $ millrace map ./score.mjs#score --csv customers.csv --on-error retry --retries 5 --out scores.ndjson
  $ millrace map millrace:weigh#weigh 'src/**/*.js'

Exit codes: 0 all items succeeded; 1 an item failed, or bad input or output; 2 wrong usage;
130 Ctrl-C; 141 the reader of stdout went away; 143 SIGTERM.`;

export function mapCommand(program: Command, host: Host, done: (exit: number) => void): void {
  const command = program
    .command('map')
    .summary('run an exported function over many inputs')
    .description('Run one exported function over many inputs on all cores; results as NDJSON.')
    .argument('<module#fn>', 'a task module and its function, as in ./module.ts#fn', parseTarget)
    .argument('[inputs...]', 'files, by path or glob')
    .option('--ndjson <file>', 'inputs: the lines of an NDJSON file; - is stdin', once)
    .option('--csv <file>', 'inputs: the rows of a CSV file with a header; - is stdin', once)
    .option('--delimiter <char>', 'between CSV fields (default: ",")', oneCharacter)
    .option('--ignore <glob>', 'leave files out; may be repeated', collect)
    .option('--args <json>', 'more arguments for the function, as a JSON array', jsonArray)
    .option('-o, --out <file>', 'write records to a file; - is stdout, as without it', once)
    .option('--resume', 'continue the interrupted run whose output is in --out')
    .option('--overwrite', 'replace an --out file that is not empty')
    .addOption(
      new Option('--order <order>', 'records in the order of the inputs, or as completed')
        .choices(['input', 'completed'])
        .default('input'),
    )
    .addOption(
      new Option(
        '--on-error <what>',
        'when an item fails: stop the run, skip the item, or retry it, then skip',
      )
        .choices(['stop', 'skip', 'retry'])
        .default('stop'),
    )
    .option(
      '--retries <n>',
      'tries after the first, for --on-error retry (default: 3)',
      integer('retries', 1, 1000),
    )
    .option('--timeout <ms>', 'running time allowed an item', integer('timeout', 1, 2_147_483_647));
  addRunOptions(command).addHelpText('after', EXAMPLES);
  command.action(async (target: Target, inputs: readonly string[], given: MapFlags) => {
    const { out, ...toStdout } = given;
    const flags: MapFlags = out === '-' ? toStdout : given;
    const wrong = conflict(inputs, flags);
    if (wrong) command.error(wrong, { exitCode: 2 });
    done((await runJob(host, mapJob(host, target, inputs, flags))).exit);
  });
}

function conflict(inputs: readonly string[], flags: MapFlags): string | undefined {
  const sources = [inputs.length > 0, flags.ndjson !== undefined, flags.csv !== undefined].filter(Boolean);
  if (sources.length === 0) return "no inputs: name files, as in 'data/**/*.txt', or give --ndjson or --csv";
  if (sources.length > 1) return 'give inputs one way: files, --ndjson or --csv';
  if (flags.delimiter !== undefined && flags.csv === undefined) return '--delimiter needs --csv';
  if (flags.ignore && inputs.length === 0) return '--ignore needs files as inputs';
  if (flags.retries !== undefined && flags.onError !== 'retry') return '--retries needs --on-error retry';
  if (flags.resume && flags.out === undefined)
    return '--resume needs --out, the output of the interrupted run';
  if (flags.overwrite && flags.out === undefined) return '--overwrite needs --out';
  if (flags.resume && flags.overwrite) return 'give --resume or --overwrite, not both';
  return undefined;
}

function mapJob(host: Host, target: Target, inputs: readonly string[], flags: MapFlags): Job {
  const { out } = flags;
  const named = (name: string | undefined): NamedFile | undefined =>
    name === undefined ? undefined : { name, path: resolve(host.cwd, name) };
  const outFile = named(out);
  const path = outFile?.path;
  const summary = named(flags.summary);
  let items: DoneItems | undefined;
  return {
    options: {
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
      order: flags.order,
      onError:
        flags.onError === 'retry' ? { kind: 'retry', retries: flags.retries ?? 3 } : { kind: flags.onError },
      progress: flags.quiet ? 'none' : flags.progress,
      report: flags.quiet ? 'failures' : 'summary',
      ...(summary ? { summary } : {}),
    },
    ...(out === undefined ? {} : { goOn: 'continue with --resume' }),
    async prepare() {
      const input = flags.ndjson ?? flags.csv;
      const read = input === '-' ? undefined : named(input);
      await refuseSummaryOver(summary, {
        others: [
          { is: 'the input', file: read },
          { is: 'the output', file: outFile },
        ],
        stdout: host.stdout,
      });
      const tasks = await locateModule(target, host.cwd);
      await refuseSummaryOver(summary, {
        others: [{ is: 'the task module', file: { name: target.module, path: fileURLToPath(tasks) } }],
        stdout: host.stdout,
      });
      if (flags.resume && out !== undefined && path !== undefined) items = await readDone(out, path);
      await refuseSameFile(read, outFile);
      const source = await openSource(host, inputs, flags, async (files) => {
        await refuseSummaryAmong(files, summary);
        await refuseOutputAmong(files, outFile);
      });
      return {
        task: { tasks, name: target.module, fn: target.fn, args: flags.args ?? [] },
        source: items && out !== undefined ? remainingInputs(source, items, out) : source,
        ...(items ? { done: items } : {}),
      };
    },
    async openOutput() {
      if (out === undefined || path === undefined) return stdoutTarget(host.stdout);
      return FileTarget.open(out, path, outputMode(flags, items));
    },
  };
}

function outputMode(flags: MapFlags, items: DoneItems | undefined): OutputMode {
  if (items) return { kind: 'resume', keep: items.bytes };
  return { kind: flags.overwrite ? 'overwrite' : 'create' };
}

async function openSource(
  host: Host,
  inputs: readonly string[],
  flags: MapFlags,
  check: (files: readonly string[]) => Promise<void>,
): Promise<InputSource> {
  if (flags.ndjson !== undefined) return ndjsonSource(await openInput(flags.ndjson, host));
  if (flags.csv !== undefined) {
    const { delimiter } = flags;
    return csvSource(await openInput(flags.csv, host), delimiter === undefined ? {} : { delimiter });
  }
  const { cwd } = host;
  const files = await selectFiles(inputs, flags.ignore ? { cwd, ignore: flags.ignore } : { cwd });
  await check(files);
  return fileSource(files);
}

function oneCharacter(text: string): string {
  const character = text === '\\t' ? '\t' : text;
  if ([...character].length === 1 && !/["\r\n]/.test(character)) return character;
  throw new InvalidArgumentError(`Expected one character, or \\t, got \`${text}\`.`);
}

function jsonArray(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below: what was expected is the same.
  }
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new InvalidArgumentError(`Expected a JSON array, as in '[200, "webp"]', got \`${text}\`.`);
}
