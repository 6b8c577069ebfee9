/**
 * What a lock or a permit is held by.
 *
 * @module
 */

/** What made the guard; `token` says which of its holds ends. */
export interface Releasable {
  release(token: number): void;
}

/**
 * Proof that a lock, or a permit, is held. It ends with {@link Guard.release}, or with the block, if declared by
 * `using`. Belongs to the thread that got it; a guard that is only dropped keeps the lock until the thread ends.
 *
 * @example
 * ```ts
 * import { Mutex } from 'millrace/sync';
 *
 * const mutex = new Mutex();
 * {
 *   using guard = mutex.lock();
 *   console.log(guard.released); // false
 * }
 * const guard = mutex.lock(); // free again
 * guard.release();
 * console.log(guard.released); // true
 * ```
 */
export class Guard implements Disposable {
  #owner: Releasable | undefined;
  readonly #token: number;

  /** Locks make guards. */
  constructor(owner: Releasable, token: number) {
    this.#owner = owner;
    this.#token = token;
  }

  get released(): boolean {
    return this.#owner === undefined;
  }

  /** Gives it back. The second call does nothing. */
  release(): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    owner.release(this.#token);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Runs `fn` with the guard held: until it returns, or until what it returns has settled. */
export function runWith<R>(guard: Guard, fn: () => R): R {
  let result: R;
  try {
    result = fn();
  } catch (thrown) {
    guard.release();
    throw thrown;
  }
  if (result instanceof Promise) return result.finally(() => guard.release()) as R;
  guard.release();
  return result;
}
