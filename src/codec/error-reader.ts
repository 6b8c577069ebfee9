/**
 * Words to errors.
 *
 * @module
 */
import { CLASS_DOM_EXCEPTION, makeError } from './error-classes.ts';
import { ERROR_FLAGS, T_END } from './format.ts';
import { defineProperty, reflectSet } from './primordials.ts';
import { corrupt, type Reader } from './reader.ts';

/** `made` is the object to fill, when others already refer to it. */
export function readError(reader: Reader, id: number, made: Error | undefined): Error {
  const flags = reader.word();
  const name = reader.text();
  const message = reader.text();
  const stack = reader.text();
  const error = made ?? withoutStack(id, message, name);
  if (made === undefined) reader.number(error);
  else if (message !== undefined) define(error, 'message', message, false);
  if (name !== undefined && flags & ERROR_FLAGS.nameOwn) {
    define(error, 'name', name, (flags & ERROR_FLAGS.nameEnumerable) !== 0);
  }
  if (flags & ERROR_FLAGS.messageEnumerable) define(error, 'message', message ?? '', true);
  define(error, 'stack', stack ?? `${name ?? 'Error'}${message ? `: ${message}` : ''}`, false);
  if (made !== undefined && id === CLASS_DOM_EXCEPTION && name !== undefined) {
    // Made before its name was known, and a DOMException's own name cannot be set later.
    define(error, 'name', name, false);
    define(error, 'code', (withoutStack(id, undefined, name) as DOMException).code, false);
  }
  if (flags & ERROR_FLAGS.cause) {
    define(error, 'cause', reader.read(), (flags & ERROR_FLAGS.causeEnumerable) !== 0);
  }
  if (flags & ERROR_FLAGS.errors) {
    define(error, 'errors', reader.read(), (flags & ERROR_FLAGS.errorsEnumerable) !== 0);
  }
  for (;;) {
    const at = reader.at;
    if (at < reader.end && reader.words[at] === T_END) {
      reader.at = at + 1;
      return error;
    }
    const key = reader.read();
    if (typeof key !== 'string') throw corrupt('a key of an error is no string');
    define(error, key, reader.read(), true);
  }
}

/** Capturing this thread's stack would cost more than all the rest, and it is thrown away. */
function withoutStack(id: number, message: string | undefined, name: string | undefined): Error {
  const limit = Error.stackTraceLimit;
  reflectSet(Error, 'stackTraceLimit', 0);
  const error = makeError(id, message, name);
  reflectSet(Error, 'stackTraceLimit', limit);
  if (error === undefined) throw corrupt('an error has no class');
  return error;
}

function define(error: object, key: string, value: unknown, enumerable: boolean): void {
  defineProperty(error, key, { value, writable: true, enumerable, configurable: true });
}
