/**
 * What the pool knows of a task module at compile time.
 *
 * @module
 */
import type { RunOptions, RunSyncOptions } from './options.ts';

/** Any function a task module may export. */
// biome-ignore lint/suspicious/noExplicitAny: the bound must accept functions of any parameters; it is never called through
type AnyFunction = (...args: any[]) => unknown;

/** The names of a module's functions. */
export type TaskName<M> = { [K in keyof M]: M[K] extends AnyFunction ? K : never }[keyof M] & string;

/** A function's parameters. */
export type TaskArgs<M, K extends keyof M> = M[K] extends (
  ...args: infer A extends readonly unknown[]
) => unknown
  ? Readonly<A>
  : never;

/** The names of a module's functions that one argument is enough for: those `map` can call. */
export type MapName<M> = { [K in keyof M]: M[K] extends (arg: never) => unknown ? K : never }[keyof M] &
  string;

/** What follows a function's name: its arguments, which may be left out when none is required, and options. */
export type CallWith<A extends readonly unknown[]> = [] extends A
  ? [args?: A, options?: RunOptions]
  : [args: A, options?: RunOptions];

/** As `CallWith`, for `runSync`. */
export type CallSyncWith<A extends readonly unknown[]> = [] extends A
  ? [args?: A, options?: RunSyncOptions]
  : [args: A, options?: RunSyncOptions];

/** What the caller awaits. */
export type TaskResult<M, K extends keyof M> = M[K] extends (...args: never[]) => infer R
  ? Awaited<R>
  : never;

/** The module's functions as methods that return promises. */
export type TaskProxy<M> = {
  readonly [K in TaskName<M>]: M[K] extends (...args: infer A extends readonly unknown[]) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** The type of a pool whose task module is not known to the compiler: any name, any arguments. */
export type AnyTasks = Record<string, (...args: unknown[]) => unknown>;
