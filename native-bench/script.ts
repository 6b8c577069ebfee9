/**
 * What the scripts have in common: how one ends, and how it reads its command line.
 *
 * @module
 */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { expected, InvalidArgumentError, MillraceError } from '../src/errors.ts';

/**
 * Runs `main` with the arguments of this process and ends with the code it gives; with 2 and one line for an error that
 * the caller can mend. A signal ends it at once, and what stops with the process stops.
 *
 * @param beforeError - clears what stands on the terminal
 */
export async function runScript(
  main: (argv: readonly string[]) => Promise<number>,
  beforeError: () => void = () => {},
): Promise<void> {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    beforeError();
    if (!(error instanceof MillraceError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/**
 * `parseArgs` with errors of one line. A negative number after an option is its value, so that what is said about it is
 * said by whoever knows its range.
 *
 * @throws InvalidArgumentError when an option is unknown or lacks its value.
 */
export function parsedArgs<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs({ ...config, args: withNegatives(config) }) as ReturnType<typeof parseArgs<T>>;
  } catch (cause) {
    const [first] = (cause as Error).message.split('\n');
    throw new InvalidArgumentError(`${first!.replace(/\.$/, '')}. See --help.`, { cause });
  }
}

/** `--name -1` as `--name=-1`; node:util takes the two for options. */
function withNegatives({ args = [], options = {} }: ParseArgsConfig): string[] {
  const words: string[] = [];
  for (const word of args) {
    const before = words.at(-1);
    const takesValue = before?.startsWith('--') && options[before.slice(2)]?.type === 'string';
    if (takesValue && /^-\.?\d/.test(word)) words[words.length - 1] = `${before}=${word}`;
    else words.push(word);
  }
  return words;
}

/** @throws InvalidArgumentError unless `text` is an integer from `least` to `most` */
export function integer(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw expected(option, `an integer from ${least} to ${most}`, text);
  }
  return value;
}
