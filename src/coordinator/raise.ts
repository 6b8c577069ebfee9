/**
 * Rejections that say where they were awaited.
 *
 * Keeping a stack for each submitted task costs 2 to 3 µs, more than the task itself. V8 can name the awaiting
 * functions afterwards for nothing: an error made in a microtask that will settle a promise gets the async frames of
 * whoever awaits that promise. So a failed task's promise is resolved with a promise that fails a moment later.
 *
 * @module
 */

/**
 * Rejects with `error`, its stack extended by where the task was awaited (and submitted, when that was kept).
 *
 * @param submitted - an object `Error.captureStackTrace` was called on at submission, if one was
 */
export function raise(error: unknown, submitted?: { readonly stack?: string }): Promise<never> {
  return known(error, fail(error, submitted));
}

async function fail(error: unknown, submitted: { readonly stack?: string } | undefined): Promise<never> {
  // Subtle: two turns. In the first, the task's promise subscribes to this one; only then can V8 walk from here to
  // the awaiting functions. Before the process looks for unhandled rejections, both are over.
  await null;
  await null;
  if (error instanceof Error) extendStack(error, new Error('here').stack ?? '', submitted?.stack);
  throw error;
}

/** Rejects with a value of the caller's own, such as an abort reason, untouched. */
export function raiseAsIs(reason: unknown): Promise<never> {
  return known(reason, failAsIs(reason));
}

const reasons = new WeakMap<object, { readonly reason: unknown }>();

/** Why this promise, of `raise` or `raiseAsIs`, is going to be rejected. */
export function reasonOf(value: unknown): { readonly reason: unknown } | undefined {
  return typeof value === 'object' && value !== null ? reasons.get(value) : undefined;
}

/** As `reasonOf`, of a promise that nobody will await: the caller sees to what it says. */
export function unheard(value: unknown): { readonly reason: unknown } | undefined {
  const known = reasonOf(value);
  if (known !== undefined) (value as Promise<unknown>).catch(() => {});
  return known;
}

function known(reason: unknown, promise: Promise<never>): Promise<never> {
  reasons.set(promise, { reason });
  return promise;
}

async function failAsIs(reason: unknown): Promise<never> {
  await null;
  await null;
  throw reason;
}

function extendStack(error: Error, here: string, submitted: string | undefined): void {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  let stack = own;
  if (submitted !== undefined) stack += `\n    --- submitted at ---${frames(submitted, () => true)}`;
  const awaited = frames(here, (line) => /^\s+at async /.test(line));
  if (awaited !== '') stack += `\n    --- awaited at ---${awaited}`;
  if (stack === own) return;
  try {
    Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
  } catch {
    // A frozen error keeps the stack it has.
  }
}

function frames(stack: string, keep: (line: string) => boolean): string {
  return stack
    .split('\n')
    .slice(1)
    .filter(keep)
    .map((line) => `\n${line}`)
    .join('');
}
