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
forks.numbering = { numberFunctions, registeredNames };

/** `task` was called with this function. */
export function register(fn: AnyFunction): void {
  known.registered.push(fn);
}

/** What was registered and is not exported, as names for comparison between workers. */
export function registeredNames(): readonly string[] {
  return known.registered.map((fn) => fn.name);
}

/**
 * The functions registered here under these names, in this order. This thread may have loaded more modules than those that
 * registered them elsewhere, and others first. Undefined: it is not certain which are meant.
 */
export function registeredAs(names: readonly string[]): readonly AnyFunction[] | undefined {
  const found = known.registered.filter((fn) => names.includes(fn.name));
  if (found.length !== names.length) return undefined;
  if (found.every((fn, i) => fn.name === names[i])) return found;
  const byName = new Map(found.map((fn) => [fn.name, fn]));
  return byName.size === names.length ? names.map((name) => byName.get(name)!) : undefined;
}

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
