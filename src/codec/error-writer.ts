/**
 * Errors to words. Nothing an error holds may keep it from arriving: every property is read and written under guard,
 * and what cannot be sent is replaced by its text.
 *
 * @module
 */
import {
  CLASS_AGGREGATE,
  CLASS_DOM_EXCEPTION,
  CLASS_ERROR,
  defaultName,
  errorClassOf,
  foreignClassOf,
} from './error-classes.ts';
import { ERROR_FLAGS, ERROR_LIMITS, T_END, T_ERROR, TAG_BITS } from './format.ts';
import {
  getOwnPropertyDescriptor,
  hasOwn,
  isNativeError,
  isProxy,
  keys,
  substring,
  toText,
} from './primordials.ts';
import type { Writer } from './writer.ts';

/** Whether a thrown value is treated as an error. A Proxy never is: asking it anything would run its traps. */
export function isErrorLike(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !isProxy(value) &&
    (isNativeError(value) || errorClassOf(value) >= 0)
  );
}

const HANDLED = ['name', 'message', 'stack', 'cause', 'errors'];

export function writeError(writer: Writer, error: object): void {
  const limited = writer.limited;
  const id = classOfError(error);
  const name = text(read(error, 'name'), limited, ERROR_LIMITS.shortText);
  const message = read(error, 'message');
  const spent = limited && writer.size > ERROR_LIMITS.bytes;
  const ownName = own(error, 'name');
  const ownMessage = own(error, 'message');
  const ownCause = own(error, 'cause');
  const ownErrors = own(error, 'errors');
  let flags = 0;
  if (id !== CLASS_DOM_EXCEPTION && name !== undefined && (ownName || name !== defaultName(id))) {
    flags |= ERROR_FLAGS.nameOwn;
    if (ownName === 'enumerable') flags |= ERROR_FLAGS.nameEnumerable;
  }
  if (ownMessage === 'enumerable') flags |= ERROR_FLAGS.messageEnumerable;
  if (ownCause) flags |= ERROR_FLAGS.cause;
  if (ownCause === 'enumerable') flags |= ERROR_FLAGS.causeEnumerable;
  if (ownErrors || id === CLASS_AGGREGATE) flags |= ERROR_FLAGS.errors;
  if (ownErrors === 'enumerable') flags |= ERROR_FLAGS.errorsEnumerable;

  if (writer.at + 8 > writer.capacity) writer.grow(8);
  writer.words[writer.at++] = (id << TAG_BITS) | T_ERROR;
  writer.words[writer.at++] = flags;
  writer.write(name);
  writer.write(
    ownMessage || message !== ''
      ? text(message, limited, spent ? ERROR_LIMITS.shortText : ERROR_LIMITS.text)
      : undefined,
  );
  writer.write(spent ? undefined : text(read(error, 'stack'), limited, ERROR_LIMITS.text));
  const limit = limited ? ERROR_LIMITS.property : Number.POSITIVE_INFINITY;
  if (flags & ERROR_FLAGS.cause) guarded(writer, error, 'cause', treeLimit(limited));
  if (flags & ERROR_FLAGS.errors) guarded(writer, error, 'errors', treeLimit(limited));
  writeProperties(writer, error, id, limit, spent);
  if (writer.at === writer.capacity) writer.grow(1);
  writer.words[writer.at++] = T_END;
}

/** Causes and aggregated errors are limited one by one, by number and by text; what else hangs there, by size. */
function treeLimit(limited: boolean): number {
  return limited ? ERROR_LIMITS.bytes * 8 : Number.POSITIVE_INFINITY;
}

function writeProperties(writer: Writer, error: object, id: number, limit: number, spent: boolean): void {
  let names: string[];
  try {
    names = keys(error);
  } catch {
    return;
  }
  let written = 0;
  const most = spent ? 8 : writer.limited ? ERROR_LIMITS.properties : names.length;
  for (let i = 0; i < names.length && written < most; i++) {
    const key = names[i]!;
    if (isHandled(key)) continue;
    writer.write(key);
    guarded(writer, error, key, limit);
    written++;
  }
  if (id === CLASS_DOM_EXCEPTION || own(error, 'code') === 'enumerable') return;
  const code = read(error, 'code');
  if (typeof code !== 'string' && typeof code !== 'number') return;
  writer.write('code');
  writer.write(typeof code === 'string' ? text(code, writer.limited, ERROR_LIMITS.shortText) : code);
}

function isHandled(key: string): boolean {
  for (let i = 0; i < HANDLED.length; i++) if (HANDLED[i] === key) return true;
  return false;
}

/** The number of the class it arrives as. */
export function classOfError(error: object): number {
  const known = errorClassOf(error);
  if (known >= 0) return known;
  return isNativeError(error) ? foreignClassOf(error) : CLASS_ERROR;
}

function guarded(writer: Writer, error: object, key: string, limit: number): void {
  writer.writeGuarded(() => (error as Record<string, unknown>)[key], limit, standInFor);
}

function own(error: object, key: string): 'enumerable' | 'hidden' | undefined {
  if (!hasOwn(error, key)) return undefined;
  return getOwnPropertyDescriptor(error, key)?.enumerable === true ? 'enumerable' : 'hidden';
}

function read(error: object, key: string): unknown {
  try {
    return (error as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function text(value: unknown, limited: boolean, limit: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  return limited ? cut(value, limit) : value;
}

function cut(value: string, limit: number): string {
  if (value.length <= limit) return value;
  return `${substring(value, 0, limit)}… [${value.length - limit} more characters]`;
}

/** `[not sent: function] () => 1`: what stands for a part that could not be sent. */
export function standInFor(value: unknown): string {
  return `[not sent: ${typeof value}] ${previewOf(value)}`;
}

/** `String(value)`, cut, and never throwing. */
export function previewOf(value: unknown): string {
  try {
    if (isErrorLike(value)) {
      const name = toText(read(value, 'name'));
      return cut(`${name}: ${toText(read(value, 'message'))}`, ERROR_LIMITS.standIn);
    }
    return cut(toText(value), ERROR_LIMITS.standIn);
  } catch {
    return 'a value without a text form';
  }
}
