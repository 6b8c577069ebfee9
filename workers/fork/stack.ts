/**
 * What a submitted task leaves behind when its code has returned, and what the code on top of the stack can learn of
 * itself.
 *
 * @module
 */

import type { Forkable } from './registry.ts';
import { forks } from './state.ts';

/** In W_CURRENT: a stolen child is on the stack, and no submitted task. */
export const STOLEN = 0x7fffffff;

/** The code of a submitted task that has forked has returned. @throws MillraceError `ERR_NOT_JOINED` */
export function endOfTask(fn: Forkable): void {
  try {
    if (forks.open !== 0) forks.slow!.notJoined(fn);
  } finally {
    reset();
  }
}

/** The code of a submitted task that has forked has thrown. */
export function failureOfTask(): void {
  if (!forks.active) return;
  forks.slow!.unwind(0);
  reset();
}

function reset(): void {
  forks.active = false;
  forks.depth = 0;
  forks.open = 0;
  forks.root = 0;
  forks.shares!.forget();
}
