/**
 * How a command ends: exit codes, and the one failure type whose message is shown as a single line.
 *
 * @module
 */

import { getSystemErrorMap } from 'node:util';

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** Some items failed, or the run could not go on. */
  failed: 1,
  usage: 2,
  /** 128 + SIGINT. */
  interrupted: 130,
  /** 128 + SIGPIPE: the reader of stdout went away. */
  closedPipe: 141,
  /** 128 + SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command: `message` is printed as one line on stderr, `exit` is the exit code. */
export class CommandFailure extends Error {
  readonly exit: ExitCode;

  constructor(message: string, options: { readonly exit?: ExitCode; readonly cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'CommandFailure';
    this.exit = options.exit ?? EXIT.failed;
  }
}

/** Why a system call failed, in words: `no space left on device`. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  const { errno } = error as NodeJS.ErrnoException;
  const known = typeof errno === 'number' ? getSystemErrorMap().get(errno) : undefined;
  return known ? known[1] : oneLine(error.message);
}

/** The `code` of a system error, if it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Keeps a message on one line and within `limit` characters. */
export function oneLine(text: string, limit = 400): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters of foreign messages must not reach a terminal
  const flat = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat;
}
