/**
 * Options that commands share, and the checks of their values.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { PROGRESS_MODES, type ProgressMode } from './progress/progress.ts';

/** An option value that must be a whole number of a range. */
export function integer(name: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      `Expected \`${name}\` to be an integer from ${least} to ${most}, got \`${text}\`.`,
    );
  };
}

/** Collects an option given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** An option that names one file: of two, one would be passed over. */
export function once(value: string, before: string | undefined): string {
  if (before === undefined) return value;
  throw new InvalidArgumentError(`Give it once; it is \`${before}\` already.`);
}

export interface RunFlags {
  readonly workers?: number;
  readonly progress: ProgressMode;
  readonly quiet?: true;
  readonly summary?: string;
}

/** `--workers`, `--progress`, `--quiet`, `--summary`. */
export function addRunOptions(command: Command): Command {
  return command
    .option(
      '-w, --workers <n>',
      'worker threads (default: the cores this process may use)',
      integer('workers', 1, 1024),
    )
    .addOption(
      new Option('--progress <mode>', 'progress on stderr; auto: a bar on a terminal, else lines')
        .choices(PROGRESS_MODES)
        .default('auto'),
    )
    .option('-q, --quiet', 'no progress and no summary on stderr; failures are still listed')
    .option('--summary <file>', 'write the summary as JSON, too', once);
}
