/**
 * What all copies of this package in a thread share: a bundler may have put one into the task module, beside the one
 * the worker itself runs.
 *
 * @module
 */

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
