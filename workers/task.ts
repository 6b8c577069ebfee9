/**
 * Options a task module attaches to the functions it exports.
 *
 * @module
 */
import { checkKeys, expected } from '../src/errors.ts';
import { register } from './fork/functions.ts';
import { TASK_OPTIONS } from './one-per-thread.ts';

/** Defaults of one function; what the caller gives to `run` comes first. */
export interface TaskOptions {
  /** Default `'normal'`. */
  readonly priority?: 'critical' | 'high' | 'normal' | 'low';
  /** Running time allowed, ms, above 0 and at most 2147483647; the clock starts when the task's code starts. Default: none. */
  readonly timeout?: number;
  /** Time allowed from submission, ms, above 0 and at most 2147483647; includes waiting. Default: none. */
  readonly deadline?: number;
  /** The task may be started again elsewhere when its worker dies, except with `transfer`. Default `false`. */
  readonly idempotent?: boolean;
}

/** Node fires a longer timer after 1 ms. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Marks a function with options and returns the same function, which can then be forked even if no module exports it.
 * Call it while the module loads, always in the same order: that is how the workers of a pool know it.
 *
 * @throws {InvalidArgumentError} `ERR_INVALID_ARGUMENT`: not a function, an unknown option, or a value out of range.
 * @example
 * ```ts
 * import { task } from 'millrace/worker';
 *
 * export const shout = task((text: string) => text.toUpperCase(), { timeout: 2_000, idempotent: true });
 * ```
 */
export function task<F extends (...args: never[]) => unknown>(fn: F, options: TaskOptions = {}): F {
  if (typeof fn !== 'function') throw expected('fn', 'a function', fn);
  register(fn);
  Object.defineProperty(fn, TASK_OPTIONS, { value: Object.freeze(checked(options)), configurable: true });
  return fn;
}

function checked(options: TaskOptions): TaskOptions {
  checkKeys('options', options, ['priority', 'timeout', 'deadline', 'idempotent']);
  const { priority, timeout, deadline, idempotent } = options;
  if (priority !== undefined && !['critical', 'high', 'normal', 'low'].includes(priority)) {
    throw expected('priority', '"critical", "high", "normal" or "low"', priority);
  }
  for (const [name, value] of Object.entries({ timeout, deadline })) {
    if (value !== undefined && !(typeof value === 'number' && value > 0 && value <= MAX_TIMER_MS)) {
      throw expected(name, `a number above 0 and at most ${MAX_TIMER_MS}`, value);
    }
  }
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    throw expected('idempotent', 'true or false', idempotent);
  }
  return { ...options };
}
