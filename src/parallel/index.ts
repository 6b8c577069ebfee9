/**
 * Data-parallel algorithms for the synchronous code of a task: loops, map, reduce, scan, filter and sort over arrays in
 * shared memory. They fork pieces of themselves for workers that have nothing to do, and only for those: there is no
 * grain to tune. On the main thread, {@link on} runs them on a pool.
 *
 * @module
 */

export type { AnyFunction, Forker, Handle } from '../../workers/fork/forker.ts';
export type { Calls, Results } from '../../workers/fork/invoke.ts';
export { invoke } from '../../workers/fork/invoke.ts';
export { filter } from './filter.ts';
export { parallelFor, parallelRanges } from './for.ts';
export * from './graph/index.ts';
export type { MapViewOptions } from './map.ts';
export { forEach, map } from './map.ts';
export type { BodyName, ExtraArgs, ResultOf } from './names.ts';
export type { OnPool } from './on-pool.ts';
export { on, parallelForSync, parallelTasks } from './on-pool.ts';
export type { OptionsFor, ParallelOptions, Range } from './ranges.ts';
export { range } from './ranges.ts';
export type { ItemOf, ReduceOptions } from './reduce.ts';
export { reduce } from './reduce.ts';
export type { ScanOptions } from './scan.ts';
export { scan } from './scan.ts';
export type { SortOptions } from './sort/sort.ts';
export { sort } from './sort/sort.ts';
export type {
  Element,
  Kind,
  KindName,
  Shared,
  SharedArrayMaker,
  SharedArrays,
  SharedView,
  View,
} from './views.ts';
export { sharedArray } from './views.ts';
