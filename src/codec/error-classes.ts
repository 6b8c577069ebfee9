/**
 * The classes an error keeps on its way between threads: those of the language, DOMException, and Millrace's own.
 * Their order is the wire format. A subclass arrives as the nearest of these, under its own name.
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
import { getOwnPropertyDescriptor, getPrototypeOf, isProxy, setPrototypeOf } from './primordials.ts';

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

export const CLASS_ERROR: number = 0;
export const CLASS_AGGREGATE: number = 7;
export const CLASS_DOM_EXCEPTION: number = 8;
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
export function errorClassOf(error: object): number {
  let at = getPrototypeOf(error) as object | null;
  for (let i = 0; at !== null && i < LONGEST_CHAIN && !isProxy(at); i++) {
    for (let c = 0; c < prototypes.length; c++) if (prototypes[c] === at) return c;
    at = getPrototypeOf(at) as object | null;
  }
  return -1;
}

/** For a native error of another realm (`node:vm`): its class by the name of its constructor. */
export function foreignClassOf(error: object): number {
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
export function defaultName(id: number): string {
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
