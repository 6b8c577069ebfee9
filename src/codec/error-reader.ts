/**
 * Words to errors.
 *
 * @module
 */

import { corrupt } from './corrupt.ts';
import { CLASS_DOM_EXCEPTION, makeError } from './error-classes.ts';
import { ERROR_FLAGS, T_END } from './format.ts';
import { defineProperty, NewError, reflectSet } from './primordials.ts';
import type { Reader } from './reader.ts';

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
  setStack(error, stack ?? `${name ?? 'Error'}${message ? `: ${message}` : ''}`);
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

function withoutStack(id: number, message: string | undefined, name: string | undefined): Error {
  const error = withoutFrames(() => makeError(id, message, name));
  if (error === undefined) throw corrupt('an error has no class');
  return error;
}

/** Runs `make` with no stack captured: that would cost more than all the rest, and it is overwritten. */
export function withoutFrames<T>(make: () => T): T {
  const limit = NewError.stackTraceLimit;
  reflectSet(NewError, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    reflectSet(NewError, 'stackTraceLimit', limit);
  }
}

/** Assigned, not defined: defining it formats the old one first, and so runs a user's `Error.prepareStackTrace`. */
export function setStack(error: Error, stack: string): void {
  if (!reflectSet(error, 'stack', stack)) define(error, 'stack', stack, false);
}

function define(error: object, key: string, value: unknown, enumerable: boolean): void {
  defineProperty(error, key, { value, writable: true, enumerable, configurable: true });
}
