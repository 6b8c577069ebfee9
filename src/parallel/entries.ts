/**
 * A built-in task module: what the main thread asks for with `on(pool)`. Its functions are named so that no function of
 * a user's module has the same name, and take the names of the user's functions in place of the functions.
 *
 * @module
 */

import { type AnyFunction, forker } from '../../workers/fork/forker.ts';
import { type Calls, invoke } from '../../workers/fork/invoke.ts';
import { filter } from './filter.ts';
import { parallelFor, parallelRanges } from './for.ts';
import { forEach, map } from './map.ts';
import type { ParallelOptions, Range } from './ranges.ts';
import { reduce } from './reduce.ts';
import { type ScanOptions, scan } from './scan.ts';
import { sort } from './sort/sort.ts';
import type { View } from './views.ts';

// Types were checked where the names were given; here they are functions of any kind.
const named = (name: string): never => forker().functionNamed(name) as never;

function forEntry(lo: number, hi: number, body: string, options: ParallelOptions): void {
  parallelFor(lo, hi, named(body), options);
}

function rangesEntry(lo: number, hi: number, body: string, options: ParallelOptions): void {
  parallelRanges(lo, hi, named(body), options);
}

function mapEntry(over: View | Range, fn: string, options: ParallelOptions & { readonly out: View }): View {
  return map(over, named(fn), options);
}

function forEachEntry(view: View, fn: string, options: ParallelOptions): void {
  forEach(view, named(fn), options);
}

function reduceEntry(
  over: View | Range,
  combine: string,
  identity: unknown,
  options: ParallelOptions & { readonly map?: string },
): unknown {
  const { map, ...rest } = options;
  return reduce(over, named(combine), identity, {
    ...rest,
    ...(map !== undefined && { map: named(map) }),
  } as never);
}

function scanEntry(view: View, combine: string, identity: unknown, options: ScanOptions): View {
  return scan(view, named(combine), identity as never, options);
}

function filterEntry(view: View, predicate: string, options: ParallelOptions): View {
  return filter(view, named(predicate), options);
}

function sortEntry(
  view: View,
  options: { readonly args?: readonly unknown[]; readonly by?: string; readonly compare?: string },
): void {
  const { by, compare, ...rest } = options;
  sort(view, {
    ...rest,
    ...(by !== undefined && { by: named(by) }),
    ...(compare !== undefined && { compare: named(compare) }),
  } as never);
}

function invokeEntry(calls: readonly (readonly [string, ...unknown[]])[]): readonly unknown[] {
  return invoke(...(calls.map(([fn, ...args]) => [named(fn), ...args]) as unknown as Calls<AnyFunction[]>));
}

export {
  filterEntry as 'millrace:filter',
  forEachEntry as 'millrace:forEach',
  forEntry as 'millrace:parallelFor',
  invokeEntry as 'millrace:invoke',
  mapEntry as 'millrace:map',
  rangesEntry as 'millrace:parallelRanges',
  reduceEntry as 'millrace:reduce',
  scanEntry as 'millrace:scan',
  sortEntry as 'millrace:sort',
};
