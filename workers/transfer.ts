/**
 * Results that are moved instead of copied.
 *
 * @module
 */
import { expected } from '../src/errors.ts';
import { onePerThread } from './one-per-thread.ts';

class TransferredValue<T> {
  readonly value: T;
  readonly list: readonly object[];

  constructor(value: T, list: readonly object[]) {
    this.value = value;
    this.list = list;
  }
}

/** What `transfer` returns; only the runtime looks inside. */
export type Transferred<T> = TransferredValue<T>;

export const Transferred: typeof TransferredValue = onePerThread('transferred', () => TransferredValue);

/**
 * Returns `value` from a task and moves the listed objects (`ArrayBuffer`, `MessagePort`, streams) with it, instead
 * of copying them. They are detached in the worker. The caller of the task sees the plain value.
 *
 * @throws InvalidArgumentError when `list` is not an array of objects
 * @example
 * ```ts
 * // file: tasks.ts
 * import { transfer } from 'millrace/worker';
 *
 * export function noise(bytes: number): Uint8Array {
 *   const out = new Uint8Array(bytes);
 *   return transfer(out, [out.buffer]);
 * }
 * ```
 */
export function transfer<T>(value: T, list: readonly object[]): T {
  if (!Array.isArray(list) || list.some((item) => typeof item !== 'object' || item === null)) {
    throw expected('list', 'an array of transferable objects', list);
  }
  return new Transferred(value, list) as unknown as T;
}
