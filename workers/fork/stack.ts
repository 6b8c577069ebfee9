/**
 * What a submitted task leaves behind when its code has returned, and what the code on top of the stack can learn of
 * itself.
 *
 * @module
 */

import { NativePromise, subscribe } from '../../src/codec/primordials.ts';
import type { Forkable } from './registry.ts';
import { forks } from './state.ts';

/** In W_CURRENT: a stolen child is on the stack, and no submitted task. */
export const STOLEN = 0x7fffffff;

/** The code of a submitted task that has forked has returned this; what it is the result of. @throws MillraceError `ERR_NOT_JOINED` */
export function endOfTask(fn: Forkable, value: unknown): unknown {
  try {
    if (forks.open !== 0) forks.slow!.notJoined(fn);
    return value;
  } catch (error) {
    if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') throw error;
    // An async function that fails leaves its children too, and why it failed is what its caller is to know.
    return new NativePromise((_, reject) =>
      subscribe(NativePromise.resolve(value), () => reject(error), reject),
    );
  } finally {
    reset();
  }
}

/** The code of a submitted task that has forked has thrown. */
export function failureOfTask(): void {
  if (!forks.active) return;
  forks.depth = 1;
  forks.slow!.endAll();
  reset();
}

function reset(): void {
  forks.active = false;
  forks.depth = 0;
  forks.open = 0;
  forks.root = 0;
  forks.shares!.forget();
}
