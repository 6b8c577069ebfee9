/** What is said of bytes that no encoder can have written. */
import { MillraceError } from '../errors.ts';

export function corrupt(what: string): MillraceError {
  return new MillraceError(
    'ERR_CORRUPT',
    `A message between threads is damaged: ${what}. The memory it lay in was overwritten; report this with the task that ran.`,
  );
}
