/**
 * The command line as a whole: one sub-command a file, usage errors as exit code 2.
 *
 * @module
 */

import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { checkCommand } from './check.ts';
import { CommandFailure, EXIT, oneLine } from './exit.ts';
import type { Host } from './host.ts';
import { mapCommand } from './map.ts';
import { weighCommand } from './weigh.ts';

/** A sub-command: adds itself to the program and reports its exit code through `done`. */
export type AddCommand = (program: Command, host: Host, done: (exit: number) => void) => void;

const COMMANDS: readonly AddCommand[] = [mapCommand, weighCommand, checkCommand];

/** Runs one command line (without `node` and the script) and gives its exit code; never rejects for a user's mistake. */
export async function runCli(argv: readonly string[], host: Host): Promise<number> {
  let exit: number = EXIT.ok;
  const program = new Command('millrace')
    .description('Use every core from the command line.')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      outputError: (text, write) => write(`millrace: ${oneLine(text.replace(/^error: /, ''))}\n`),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
    })
    .version(version(), '-V, --version');
  for (const add of COMMANDS) {
    add(program, host, (code) => {
      exit = code;
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CommandFailure) {
      host.stderr.write(`millrace: ${oneLine(error.message)}\n`);
      return error.exit;
    }
    throw error;
  }
}

function version(): string {
  const { version } = createRequire(import.meta.url)('millrace/package.json') as { version: string };
  return version;
}
