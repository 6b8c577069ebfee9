/**
 * What all copies of this package in a thread share: a bundler may have put one into the task module, beside the one
 * the worker itself runs.
 *
 * @module
 */
import type { TaskOptions } from './task.ts';

/** The value kept under `name` in this thread; made by the first copy that asks. */
export function onePerThread<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`millrace.${name}`);
  const kept = globalThis as unknown as Record<symbol, T | undefined>;
  const found = kept[key];
  if (found !== undefined) return found;
  const value = make();
  Object.defineProperty(globalThis, key, { value });
  return value;
}

/** What locks of `millrace/sync` ask about the thread that holds them, by Node's number + 1. Undefined: not known. */
export const liveness: { isAlive: (id: number) => boolean | undefined } = onePerThread('liveness', () => ({
  isAlive: () => undefined,
}));

/** A registered symbol, so that a bundled copy of this module reads what another copy wrote. */
export const TASK_OPTIONS: unique symbol = Symbol.for('millrace.task-options') as never;

const NONE: TaskOptions = Object.freeze({});

/** The options `task` attached to this very function, or none. */
export function taskOptions(fn: object): TaskOptions {
  return Object.hasOwn(fn, TASK_OPTIONS) ? (fn as { [TASK_OPTIONS]: TaskOptions })[TASK_OPTIONS] : NONE;
}
