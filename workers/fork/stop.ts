/**
 * Where a loop may be stopped.
 *
 * @module
 */
import { askedToStop } from '../context.ts';
import { forks } from './state.ts';

/**
 * Throws when what is on top of the stack was asked to stop: the task was cancelled or is out of time, or a sibling has
 * failed. Two plain reads: a loop calls it between two pieces of some microseconds.
 *
 * @throws MillraceError `ERR_CANCELLED`
 */
export function stopIfAsked(): void {
  const { slow, view } = forks;
  if (slow === undefined || view === undefined) return;
  if (forks.active) {
    slow.stopIfAsked();
    return;
  }
  // It has not forked yet, so nobody has looked up where it is told to stop. Outside a synchronous task nobody tells.
  const slot = forks.i32[view.currentAt]! - 1;
  if (slot >= 0 && forks.i32[view.cancelAt(slot)] !== 0) throw askedToStop();
}
