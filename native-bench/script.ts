/**
 * What the scripts have in common: how one ends, and how it reads a number from its command line.
 *
 * @module
 */

import { expected, MillraceError } from '../src/errors.ts';

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

/** @throws InvalidArgumentError unless `text` is an integer from `least` to `most` */
export function integer(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw expected(option, `an integer from ${least} to ${most}`, text);
  }
  return value;
}
