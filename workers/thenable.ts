/**
 * What a task function may return instead of its result.
 *
 * @module
 */

/** Whether it is an object to be waited for. Looking at `then` may throw. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
