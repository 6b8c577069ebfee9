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

/**
 * As `raise`, for what can end a hundred thousand tasks at a time: `make` makes the error, whose own stack would say
 * nothing but where in this package that was. Its stack is where the task was awaited, put into words when it is read.
 */
export function raiseBare(make: () => Error, submitted?: { readonly stack?: string }): Promise<never> {
  const error = withoutStack(make);
  return submitted === undefined ? known(error, failBare(error)) : raise(error, submitted);
}

async function failBare(error: Error): Promise<never> {
  // Subtle: as in `fail`.
  await null;
  await null;
  Error.captureStackTrace(error, failBare);
  throw error;
}

function withoutStack(make: () => Error): Error {
  const limit = Error.stackTraceLimit;
  // Returns false where intrinsics are frozen: then it costs what it costs.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}

/** Rejects with a value of the caller's own, such as an abort reason, untouched. */
export function raiseAsIs(reason: unknown): Promise<never> {
  return known(reason, failAsIs(reason));
}

class Itself {
  constructor(value: object) {
    // biome-ignore lint/correctness/noConstructorReturn: what a class derived from this one puts its private field on
    return value;
  }
}

/** A private field of a promise that is there already: cheaper than an entry in a WeakMap, and as hidden. */
class Reason extends Itself {
  readonly #reason: unknown;

  constructor(promise: Promise<never>, reason: unknown) {
    super(promise);
    this.#reason = reason;
  }

  static of(value: object): { readonly reason: unknown } | undefined {
    return #reason in value ? { reason: value.#reason } : undefined;
  }
}

/** Why this promise, of `raise`, `raiseBare` or `raiseAsIs`, is going to be rejected. */
export function reasonOf(value: unknown): { readonly reason: unknown } | undefined {
  return typeof value === 'object' && value !== null ? Reason.of(value) : undefined;
}

/** As `reasonOf`, of a promise that nobody will await: the caller sees to what it says. */
export function unheard(value: unknown): { readonly reason: unknown } | undefined {
  const known = reasonOf(value);
  if (known !== undefined) (value as Promise<unknown>).catch(() => {});
  return known;
}

function known(reason: unknown, promise: Promise<never>): Promise<never> {
  new Reason(promise, reason);
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
