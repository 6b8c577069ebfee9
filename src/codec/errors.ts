/**
 * Errors to words and back. They keep their class on the way where it is one of the language's, DOMException or
 * Millrace's own; a subclass arrives as the nearest of these, under its own name. Nothing an error holds may keep it
 * from arriving: every property is read and written under guard, and what cannot be sent is replaced by its text.
 *
 * @module
 */
import {
  InvalidArgumentError,
  MillraceError,
  NonErrorThrown,
  SerializeError,
  TimeoutError,
  WorkerError,
} from '../errors.ts';
import { corrupt, ERROR_FLAGS, ERROR_LIMITS, T_END, T_ERROR, TAG_BITS } from './format.ts';
import {
  defineProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isNativeError,
  isProxy,
  keys,
  NewError,
  reflectSet,
  setPrototypeOf,
  substring,
  toText,
} from './primordials.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Their order is the wire format. */
const CLASSES = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
  DOMException,
  MillraceError,
  InvalidArgumentError,
  SerializeError,
  TimeoutError,
  WorkerError,
  NonErrorThrown,
] as const;

const CLASS_ERROR = 0;
const CLASS_AGGREGATE = 7;
const CLASS_DOM_EXCEPTION = 8;
/** From here on: made as an Error, then given the class's prototype. */
const FIRST_OWN = 9;

const prototypes: object[] = [];
const names: (string | undefined)[] = [];
for (let i = 0; i < CLASSES.length; i++) {
  prototypes[i] = CLASSES[i]!.prototype;
  // The names of other realms' classes are believed for the language's own only.
  names[i] = i < CLASS_DOM_EXCEPTION ? CLASSES[i]!.name : undefined;
}

const LONGEST_CHAIN = 100;

/** The number of the nearest known class, and -1 for what inherits from no Error. */
function errorClassOf(error: object): number {
  let at = getPrototypeOf(error) as object | null;
  for (let i = 0; at !== null && i < LONGEST_CHAIN && !isProxy(at); i++) {
    for (let c = 0; c < prototypes.length; c++) if (prototypes[c] === at) return c;
    at = getPrototypeOf(at) as object | null;
  }
  return -1;
}

/** For a native error of another realm (`node:vm`): its class by the name of its constructor. */
function foreignClassOf(error: object): number {
  let at = getPrototypeOf(error) as object | null;
  for (let i = 0; at !== null && i < LONGEST_CHAIN && !isProxy(at); i++) {
    const maker: unknown = getOwnPropertyDescriptor(at, 'constructor')?.value;
    const name: unknown =
      typeof maker === 'function' ? getOwnPropertyDescriptor(maker, 'name')?.value : undefined;
    for (let c = 0; c < names.length; c++) if (name !== undefined && names[c] === name) return c;
    at = getPrototypeOf(at) as object | null;
  }
  return CLASS_ERROR;
}

/** What an instance of the class is called when it has no name of its own. */
function defaultName(id: number): string {
  return id < FIRST_OWN ? (names[id] ?? '') : 'Error';
}

/** A fresh instance with no own property but a message, if there is one, and a stack to be overwritten. */
export function makeError(
  id: number,
  message: string | undefined,
  name: string | undefined,
): Error | undefined {
  if (id === CLASS_AGGREGATE) return new KNOWN.AggregateError([], message);
  if (id === CLASS_DOM_EXCEPTION) return new KNOWN.DOMException(message, name);
  const Class = CLASSES[id];
  if (Class === undefined) return undefined;
  if (id < FIRST_OWN) return new (Class as ErrorConstructor)(message);
  return setPrototypeOf(new KNOWN.Error(message), Class.prototype) as Error;
}
const KNOWN = { Error, AggregateError, DOMException } as const;

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
  const message = messageOf(error);
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

/** As `structuredClone` has it, what is no string becomes one; what was never said stays nothing. */
function messageOf(error: object): unknown {
  const message = read(error, 'message');
  if (typeof message === 'string' || message === undefined) return message;
  try {
    return toText(message);
  } catch {
    return previewOf(message);
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
