/**
 * What a failed item means: for the item, for the run, and whether it is the item's fault at all.
 *
 * @module
 */

import { type ErrorCode, MillraceError } from '../../errors.ts';
import { NotJsonError } from '../records/json.ts';

export type OnError =
  /** The first failure ends the run; it is not recorded, so that a resumed run tries the item again. */
  | { readonly kind: 'stop' }
  /** A failure is recorded, and the run goes on. */
  | { readonly kind: 'skip' }
  /** A failed item is tried again up to `retries` times, then as `skip`. */
  | { readonly kind: 'retry'; readonly retries: number };

/** The pool is at fault, not the item: no other item can do better. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_UNKNOWN_FUNCTION',
  'ERR_DUPLICATE_FUNCTION',
  'ERR_MODULE_LOAD',
  'ERR_POOL_FAILED',
  'ERR_CLOSED',
  'ERR_TERMINATED',
  'ERR_CORRUPT',
  'ERR_VERSION_MISMATCH',
  'ERR_UNSUPPORTED',
  'ERR_PERMISSION',
]);

export function isFatal(error: unknown): error is MillraceError {
  return error instanceof MillraceError && FATAL.has(error.code);
}

/** Milliseconds to wait before attempt `attempt` + 1, or `undefined` to give the item up. */
export function retryDelay(onError: OnError, error: unknown, attempt: number): number | undefined {
  if (onError.kind !== 'retry' || attempt > onError.retries) return undefined;
  // The same function gives the same kind of result.
  if (error instanceof NotJsonError) return undefined;
  return Math.min(2000, 50 * 2 ** (attempt - 1));
}
