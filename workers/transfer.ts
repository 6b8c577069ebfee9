/**
 * Results that are moved instead of copied.
 *
 * @module
 */
import { expected } from '../src/errors.ts';
import { onePerThread } from './one-per-thread.ts';

const MISPLACED =
  'what `transfer` returns, and not at the top of the result: write `return transfer({ bytes, n }, [bytes.buffer])`';

class TransferredValue<T> {
  readonly value: T;
  readonly list: readonly object[];
  /** Structured clone refuses a symbol, and says its text: where this is not at the top, nobody takes it apart. */
  readonly misplaced: symbol = Symbol(MISPLACED);

  constructor(value: T, list: readonly object[]) {
    this.value = value;
    this.list = list;
  }
}

// The codec asks the prototype for it.
Object.defineProperty(TransferredValue.prototype, Symbol.for('millrace.refused'), {
  value: MISPLACED,
});

/** What `transfer` returns; only the runtime looks inside. */
export type Transferred<T> = TransferredValue<T>;

export const Transferred: typeof TransferredValue = onePerThread('transferred', () => TransferredValue);

/**
 * Returns `value` from a task and moves the listed objects (`ArrayBuffer`, `MessagePort`, streams) with it, instead
 * of copying them. They are detached in the worker. The caller of the task sees the plain value. It has to be what the
 * task returns: inside another value it cannot be sent.
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
