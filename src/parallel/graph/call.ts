/**
 * A node on the main thread: whatever its function does, the run goes on.
 *
 * @module
 */

export type Called =
  | { readonly threw: false; readonly result: unknown; readonly thenable: boolean }
  | { readonly threw: true; readonly error: unknown };

export function call(fn: (...args: never) => unknown, args: readonly unknown[]): Called {
  try {
    const result = fn(...(args as never));
    return { threw: false, result, thenable: isThenable(result) };
  } catch (error) {
    return { threw: true, error };
  }
}

/** What `await` would wait for. Looking at `then` may throw. */
function isThenable(value: unknown): boolean {
  const mayBe = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayBe && typeof (value as { then?: unknown }).then === 'function';
}
