/**
 * Which functions can be forked, and their numbers, which mean the same in every worker.
 *
 * @module
 */
import { NewWeakMap, weakGet, weakSet } from '../../src/codec/primordials.ts';
import { expected } from '../../src/errors.ts';
import { onePerThread } from '../one-per-thread.ts';
import { forks } from './state.ts';

type AnyFunction = (...args: never[]) => unknown;
/** A function that can be called with what was read from shared memory. */
export type Forkable = (...args: unknown[]) => unknown;

const NUMBER: unique symbol = Symbol.for('millrace.function-number') as never;

interface Known {
  /** What `task(fn)` was called with, in this order. */
  readonly registered: AnyFunction[];
  /** By number. */
  functions: readonly Forkable[];
  /** Numbers of functions that take no property. */
  readonly sealed: WeakMap<object, number>;
}

const known: Known = onePerThread('functions', () => ({
  registered: [],
  functions: [],
  sealed: new NewWeakMap(),
}));
forks.numbering = { numberFunctions, registeredLabels };

/** `task` was called with this function. */
export function register(fn: AnyFunction): void {
  known.registered.push(fn);
}

/** What was registered, for comparison between threads: its name, and which text it has, as many have no name. */
export function registeredLabels(): readonly string[] {
  return known.registered.map(labelOf);
}

/**
 * The functions registered here under these labels, in this order. This thread may have loaded more modules than those
 * that registered them elsewhere, and others first. Where their texts differ (this thread may have got TypeScript from
 * another loader), names will do if they leave no doubt. Undefined: it is not certain which are meant.
 */
export function registeredAs(labels: readonly string[]): readonly AnyFunction[] | undefined {
  return among(labelOf, labels) ?? among(({ name }) => name, labels.map(nameIn));
}

function among(
  called: (fn: AnyFunction) => string,
  wanted: readonly string[],
): readonly AnyFunction[] | undefined {
  const found = known.registered.filter((fn) => wanted.includes(called(fn)));
  if (found.length !== wanted.length) return undefined;
  if (found.every((fn, i) => called(fn) === wanted[i])) return found;
  const unique = new Map(found.map((fn) => [called(fn), fn]));
  return unique.size === wanted.length ? wanted.map((one) => unique.get(one)!) : undefined;
}

/** The text is hashed (FNV-1a), as labels are sent by every thread that starts. */
function labelOf(fn: AnyFunction): string {
  const text = Function.prototype.toString.call(fn);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return `${fn.name} ${(hash >>> 0).toString(16)}`;
}

const nameIn = (label: string): string => label.slice(0, label.lastIndexOf(' '));

/**
 * Numbers the functions: the pool's own table first, then what was registered and is not in it.
 *
 * @returns functions by number
 */
export function numberFunctions(
  table: readonly Forkable[],
  registered: readonly AnyFunction[] = known.registered,
): readonly Forkable[] {
  const all = [...table];
  for (const fn of registered) if (!all.includes(fn as Forkable)) all.push(fn as Forkable);
  known.functions = all;
  for (let number = all.length - 1; number > 0; number--) {
    const fn = all[number]!;
    if (Object.isExtensible(fn)) Object.defineProperty(fn, NUMBER, { value: number, configurable: true });
    else weakSet(known.sealed, fn, number);
  }
  return all;
}

/**
 * A forkable function's number: the same in every worker of the pool, and free to hand on as an argument.
 *
 * @throws {InvalidArgumentError} it is neither exported by a task module nor registered with `task`.
 */
export function functionNumber(fn: AnyFunction): number {
  return knownNumber(fn) ?? slowNumber(fn);
}

/** As `functionNumber`, of most functions that can be forked; else undefined. */
export function knownNumber(fn: AnyFunction): number | undefined {
  return (fn as { readonly [NUMBER]?: number } | undefined)?.[NUMBER];
}

function slowNumber(fn: AnyFunction): number {
  const number = typeof fn === 'function' ? weakGet(known.sealed, fn) : undefined;
  if (number !== undefined) return number;
  throw expected(
    'fn',
    'a function that a task module exports, or that was registered with `task(fn)` when its module was loaded',
    fn,
  );
}

/** The function with this number. */
export function functionAt(number: number): Forkable {
  const fn = known.functions[number];
  if (fn === undefined || number < 1) throw expected('number', 'the number of a function', number);
  return fn;
}
