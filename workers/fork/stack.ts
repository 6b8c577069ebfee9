/**
 * What a submitted task leaves behind when its code has returned, and what the code on top of the stack can learn of
 * itself.
 *
 * @module
 */
import { isThenable, NativePromise, subscribe } from '../../src/codec/primordials.ts';
import { MillraceError } from '../../src/errors.ts';
import type { Context } from '../context.ts';
import type { Forkable } from './functions.ts';
import { forks } from './state.ts';

/** In W_CURRENT: a stolen child is on the stack, and no submitted task. */
export const STOLEN = 0x7fffffff;

/**
 * The code of a submitted task, of a module that forks, has returned.
 *
 * @returns `value`, or, when children are left that it has not awaited, a promise that is rejected when they have ended
 * @throws MillraceError `ERR_NOT_JOINED`
 */
export function endOfTask(fn: Forkable, context: Context | undefined, value: unknown): unknown {
  if (forks.active) {
    try {
      if (forks.hasChildren) forks.slow!.returned(fn);
    } catch (error) {
      if (!isThenable(value)) throw error;
      // An async function that fails leaves its children too, and why it failed is what its caller is to know.
      return new NativePromise((_, reject) =>
        subscribe(NativePromise.resolve(value), () => reject(error), reject),
      );
    } finally {
      reset();
    }
  }
  if (context === undefined || forks.slow!.awaited.openOf(context) === 0 || isThenable(value)) return value;
  return forks.slow!.awaited.end(context).then(() => {
    throw notAwaited();
  });
}

/** An async task has ended before the children it had forked. */
export function notAwaited(): MillraceError {
  return new MillraceError(
    'ERR_NOT_JOINED',
    'A task ended before children that it had forked with `forkAsync`. They were dropped. Await every promise that `forkAsync` returns.',
  );
}

/** The code of a submitted task that has forked has thrown. */
export function failureOfTask(): void {
  if (!forks.active) return;
  forks.hot.base = 0;
  forks.slow!.endAll();
  reset();
}

function reset(): void {
  forks.active = false;
  forks.root = 0;
  forks.slow!.children.forgetLists();
  forks.shares!.forget();
}
