/**
 * Errors on the control plane. Structured clone and Comlink drop `code`, `cause`, custom names and the errors of an
 * `AggregateError`, and a cyclic `cause` makes the whole message vanish; so errors cross as plain data.
 *
 * @module
 */
import { type ErrorCode, MillraceError, NonErrorThrown } from '../errors.ts';

/** Deeper causes are cut off: a cyclic chain has to end somewhere. */
const MAX_DEPTH = 8;
const MAX_ERRORS = 64;

/** An error, or a thrown value that is none, as data that structured clone keeps whole. */
export type CarriedError =
  | {
      readonly kind: 'error';
      readonly class: string;
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly code: string | number | undefined;
      readonly cause: CarriedError | undefined;
      readonly errors: readonly CarriedError[] | undefined;
    }
  | { readonly kind: 'value'; readonly value: string | number | bigint | boolean | null | undefined };

const { getBuiltinModule } = process;

// Taken when it is needed: `node:util` loads much that every thread that starts would pay for.
const inspect = (value: unknown): string => getBuiltinModule('node:util').inspect(value);

const BUILT_IN: ReadonlyMap<string, ErrorConstructor> = new Map<string, ErrorConstructor>(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((type) => [
    type.name,
    type,
  ]),
);

/** Never throws, whatever was thrown. */
export function carryError(thrown: unknown, depth = 0): CarriedError {
  try {
    return carried(thrown, depth);
  } catch {
    // As a revoked proxy, which does not even say whether it is an error.
    return { kind: 'value', value: plain(thrown) };
  }
}

function carried(thrown: unknown, depth: number): CarriedError {
  if (!(thrown instanceof Error)) return { kind: 'value', value: plain(thrown) };
  const code = read(thrown, 'code');
  const errors = thrown instanceof AggregateError ? read(thrown, 'errors') : undefined;
  const deeper = depth + 1 < MAX_DEPTH;
  return {
    kind: 'error',
    class: className(thrown),
    name: text(read(thrown, 'name'), 'Error'),
    message: text(read(thrown, 'message'), ''),
    stack: text(read(thrown, 'stack'), '') || undefined,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    cause: deeper && has(thrown, 'cause') ? carryError(read(thrown, 'cause'), depth + 1) : undefined,
    errors:
      deeper && Array.isArray(errors)
        ? errors.slice(0, MAX_ERRORS).map((error) => carryError(error, depth + 1))
        : undefined,
  };
}

/** The error again, of the same class where that is a class of JavaScript or of Millrace. */
export function restoreError(carried: CarriedError): Error {
  if (carried.kind === 'value') {
    return new NonErrorThrown(
      carried.value,
      `A value that is not an error was thrown: ${inspect(carried.value)}`,
    );
  }
  const options = carried.cause === undefined ? {} : { cause: restoreCause(carried.cause) };
  let error: Error;
  if (carried.class === 'MillraceError') {
    error = new MillraceError(carried.code as ErrorCode, carried.message, options);
  } else if (carried.errors !== undefined) {
    error = new AggregateError(carried.errors.map(restoreCause), carried.message, options);
  } else {
    error = new (BUILT_IN.get(carried.class) ?? Error)(carried.message, options);
  }
  if (error.name !== carried.name) define(error, 'name', carried.name);
  if (carried.stack !== undefined) define(error, 'stack', carried.stack);
  if (carried.code !== undefined && !('code' in error)) {
    Object.defineProperty(error, 'code', { value: carried.code, enumerable: true, writable: true });
  }
  return error;
}

/** The cause of an error may be any value, and stays one. */
function restoreCause(carried: CarriedError): unknown {
  return carried.kind === 'value' ? carried.value : restoreError(carried);
}

function define(error: Error, key: 'name' | 'stack', value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function className(error: Error): string {
  // Its name would not do: a bundler that minifies has renamed it. That of another copy is all there is to go by.
  if (error instanceof MillraceError) return 'MillraceError';
  try {
    for (let at = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
      const name: unknown = at.constructor?.name;
      if (name === 'MillraceError' || BUILT_IN.has(name as string)) return name as string;
    }
  } catch {
    // A hostile prototype: the plain class will do.
  }
  return 'Error';
}

function has(error: Error, key: string): boolean {
  try {
    return key in error;
  } catch {
    return false;
  }
}

/** A getter of user code may throw. */
function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function plain(value: unknown): string | number | bigint | boolean | null | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return value;
    default:
      try {
        return value === null ? null : inspect(value);
      } catch {
        return typeof value;
      }
  }
}
