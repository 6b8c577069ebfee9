/**
 * Every error Millrace throws or rejects with, in one table: the `code` to test for, the class that carries it,
 * and what to do next. `docs/errors.md` is checked against this file.
 *
 * @module
 */

/** What each code means and what the reader of the message can do about it. */
export const ERROR_CODES = {
  ERR_INVALID_ARGUMENT: 'An option or argument has the wrong type or range. Nothing was queued.',
  ERR_UNKNOWN_FUNCTION: 'The task module has no own exported function of that name.',
  ERR_DUPLICATE_FUNCTION: 'Two task modules export the same function name. Rename one, or load one of them.',
  ERR_BAD_FUNCTION: 'A value given as a task is not a function whose source can be sent to a worker.',
  ERR_SERIALIZE: 'An argument cannot be sent to a worker. `path` says which one.',
  ERR_RESULT_SERIALIZE: 'A result cannot be sent back. `path` says which part of it. The worker was kept.',
  ERR_TRANSFER:
    'The transfer list is wrong, and nothing was detached; or a port in it has closed while the task waited.',
  ERR_QUEUE_FULL: 'The pool holds `maxQueue` waiting tasks. Slow down, raise it, or use `whenFull: "wait"`.',
  ERR_NO_MEMORY:
    'Shared memory, or address space for threads, could not be had; or shared memory has reached `maxMemory`.',
  ERR_UNSUPPORTED: 'This platform has no shared WebAssembly memory or no worker threads.',
  ERR_PERMISSION: 'The permission model forbids worker threads. Start Node with `--allow-worker`.',
  ERR_CLOSED: 'The pool is closing or closed and takes no new task.',
  ERR_TERMINATED: 'The pool was terminated before the task settled.',
  ERR_POOL_FAILED: 'The pool has given up; `cause` is the first fatal error.',
  ERR_TIMEOUT: 'The task ran longer than its `timeout`.',
  ERR_DEADLINE: 'The task had not finished when its `deadline` passed.',
  ERR_CANCELLED: 'The task was cancelled by the pool, not by a signal of the caller.',
  ERR_WORKER_CRASHED: 'The worker thread ended while the task was running. `cause` says how it ended.',
  ERR_WORKER_EXITED: 'A worker thread ended by `process.exit`, or without a reason it could give.',
  ERR_WORKER_OUT_OF_MEMORY: 'A worker thread reached its heap limit.',
  ERR_WORKER_STUCK: 'A worker thread does not end: a native call holds it. It was replaced.',
  ERR_POISONED: 'An idempotent task has ended every worker that tried it. It is not tried again.',
  ERR_GRAPH_CYCLE: 'Nodes of a task graph wait for each other. Nothing was run; `path` names them.',
  ERR_GRAPH_NODE: 'A node of a task graph failed. `node` names it, `cause` is its error.',
  ERR_GRAPH_SKIPPED:
    'A node of a task graph did not run: one that it depends on failed. `cause` is that failure.',
  ERR_TASK_THREW_NON_ERROR: 'The task threw a value that is not an error; it is in `thrown`.',
  ERR_MODULE_LOAD: 'A task module failed to load, or did not finish loading in `startupTimeout`.',
  ERR_NO_CONTEXT: '`context()` was called outside a running task.',
  ERR_BAD_HANDLE:
    "A handle was joined that is not an open child of the call that joins it: used, or another call's.",
  ERR_NOT_JOINED: 'A function returned with children it had forked and not joined. They were dropped.',
  ERR_CONTROL: 'A control call to a worker failed: the worker ended or did not answer in time.',
  ERR_CORRUPT: 'Shared memory holds a value the protocol cannot produce. The pool has stopped.',
  ERR_VERSION_MISMATCH: 'A worker was started by another version of Millrace.',
  ERR_WAIT_TIMEOUT: 'A lock, a permit or a message was not to be had within `timeout`.',
  ERR_LOCK_POISONED: 'A thread died while it held the lock: what it protects may be half changed.',
  ERR_DEADLOCK: 'The thread would wait for a lock for ever: it holds it itself, or threads wait in a circle.',
  ERR_LOCK_ORDER: 'Locks are taken in an order that can deadlock. Take them in one order everywhere.',
  ERR_BARRIER_BROKEN: 'Somebody called `break` on the barrier: not all will come.',
  ERR_CHANNEL_CLOSED: 'The channel is closed and takes no message.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Options common to all Millrace errors. */
export interface MillraceErrorOptions {
  readonly cause?: unknown;
}

/** The base of every error of this library. Test `error.code`, or `error instanceof MillraceError`. */
export class MillraceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    // Written out in each class: a bundler that minifies renames the classes.
    this.name = 'MillraceError';
    this.code = code;
  }
}

/** A value of the caller's is wrong: thrown or rejected at once, with nothing lost. */
export class InvalidArgumentError extends MillraceError {
  constructor(message: string, options?: MillraceErrorOptions) {
    super('ERR_INVALID_ARGUMENT', message, options);
    this.name = 'InvalidArgumentError';
  }
}

/** A value cannot cross between threads; `path` names the part that cannot, as in `args[0].cb`. */
export class SerializeError extends MillraceError {
  readonly path: string;

  constructor(
    code: 'ERR_SERIALIZE' | 'ERR_RESULT_SERIALIZE',
    path: string,
    message: string,
    options?: MillraceErrorOptions,
  ) {
    super(code, message, options);
    this.name = 'SerializeError';
    this.path = path;
  }
}

/** The task's time ran out: `timeout` counts running time, `deadline` counts from submission. */
export class TimeoutError extends MillraceError {
  /** The limit that passed, in milliseconds. */
  readonly limit: number;
  /** Whether the task's code had started. */
  readonly started: boolean;

  constructor(code: 'ERR_TIMEOUT' | 'ERR_DEADLINE', limit: number, started: boolean, message: string) {
    super(code, message);
    this.name = 'TimeoutError';
    this.limit = limit;
    this.started = started;
  }
}

/** A worker thread ended, or cannot be ended, under a task. */
export class WorkerError extends MillraceError {
  /** The worker number, from 0. */
  readonly worker: number;
  /** Whether the task's code had started; a task that had not is run elsewhere, so callers see `true`. */
  readonly started: boolean;
  /** How often the task was started. */
  readonly attempts: number;

  constructor(
    code: 'ERR_WORKER_CRASHED' | 'ERR_WORKER_STUCK' | 'ERR_POISONED',
    details: { readonly worker: number; readonly started: boolean; readonly attempts: number },
    message: string,
    options?: MillraceErrorOptions,
  ) {
    super(code, message, options);
    this.name = 'WorkerError';
    this.worker = details.worker;
    this.started = details.started;
    this.attempts = details.attempts;
  }
}

/** A task threw something that is not an error; `thrown` is its structured clone, or its text. */
export class NonErrorThrown extends MillraceError {
  readonly thrown: unknown;

  constructor(thrown: unknown, message: string) {
    super('ERR_TASK_THREW_NON_ERROR', message);
    this.name = 'NonErrorThrown';
    this.thrown = thrown;
  }
}

/** The nodes of a task graph wait for each other, so that none of them can start. Nothing was run. */
export class GraphCycleError extends MillraceError {
  /** The names of the nodes, each after one it depends on; the last is the first again. */
  readonly path: readonly string[];

  constructor(path: readonly string[], message: string) {
    super('ERR_GRAPH_CYCLE', message);
    this.name = 'GraphCycleError';
    this.path = path;
  }
}

/** A node of a task graph failed; `cause` is what its function threw, or why it could not run. */
export class GraphNodeError extends MillraceError {
  /** The name of the node. */
  readonly node: string;
  /** What else failed before the run was over, in the order in which it did. */
  readonly also: readonly GraphNodeError[];

  constructor(
    node: string,
    also: readonly GraphNodeError[],
    message: string,
    options?: MillraceErrorOptions,
  ) {
    super('ERR_GRAPH_NODE', message, options);
    this.name = 'GraphNodeError';
    this.node = node;
    this.also = also;
  }
}

/** A worker thread could not load a part of this package. @param cause what `import` said */
export function brokenInstall(cause: unknown): MillraceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const text = `A worker could not load a part of Millrace itself: ${why}. Install the package again, or, after bundling, let \`workerUrl\` point at a complete worker entry.`;
  return new MillraceError('ERR_MODULE_LOAD', text, { cause });
}

/** `Expected \`workers\` to be an integer from 1 to 1024, got \`0\` (number)`, as an error. */
export function expected(what: string, toBe: string, got: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`Expected \`${what}\` to be ${toBe}, got ${show(got)}`);
}

/**
 * Options say nothing that nobody reads: a misspelt one would be a default in silence.
 *
 * @throws InvalidArgumentError unless `options` is an object with no keys of its own but `known`
 */
export function checkKeys(name: string, options: unknown, known: readonly string[]): void {
  checkObject(name, options);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw expected(name, madeOf(known), key);
  }
  // An AbortSignal or a URL in the place of options has no key of its own that would be wrong.
  if (!isPlain(options) && !known.some((key) => key in options)) throw expected(name, madeOf(known), options);
}

/** @throws InvalidArgumentError unless it is an object, and no array */
export function checkObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(name, 'an object', value);
}

function madeOf(known: readonly string[]): string {
  return `made of ${known.map((key) => `\`${key}\``).join(', ')}`;
}

/** An object literal, of this realm or another. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** By its class, as far as it tells: a getter of the caller may throw. */
function named(value: object): string {
  try {
    const { name } = value.constructor;
    return isPlain(value) || typeof name !== 'string' || name === ''
      ? 'an object'
      : `an object of class \`${name}\``;
  } catch {
    return 'an object';
  }
}

function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `\`${JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)}\` (string)`;
    case 'function':
      return `a function${value.name ? ` \`${value.name}\`` : ''}`;
    case 'symbol':
      return 'a symbol';
    case 'object':
      return value === null ? '`null`' : Array.isArray(value) ? 'an array' : named(value);
    case 'bigint':
      return `\`${value}n\` (bigint)`;
    case 'undefined':
      return '`undefined`';
    default:
      return `\`${Object.is(value, -0) ? '-0' : String(value)}\` (${typeof value})`;
  }
}
