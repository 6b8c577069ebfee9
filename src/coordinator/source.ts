/**
 * Functions that are sent as source text.
 *
 * @module
 */
import { MillraceError } from '../errors.ts';

/** The source of a function, or why it cannot be sent. */
export function sourceOf(fn: (...args: never[]) => unknown): string | MillraceError {
  const source = Function.prototype.toString.call(fn);
  const isClass = /^class\b/.test(source);
  if (!isClass && !/\{\s*\[native code\]\s*\}\s*$/.test(source)) return source;
  return new MillraceError(
    'ERR_BAD_FUNCTION',
    `The function given to \`exec\` is ${isClass ? 'a class' : 'built in or bound'}; its source cannot be sent. Wrap it: \`(...args) => …\`.`,
  );
}
