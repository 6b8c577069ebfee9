/**
 * What fork and join know of the locks of `millrace/sync` that this thread holds. Each side finds the other by name, as
 * neither need be loaded.
 *
 * @module
 */
import { onePerThread } from '../one-per-thread.ts';

/** How many locks and permits this thread holds. */
export const held: { readonly count: number } = onePerThread('held', () => ({ count: 0 }));

/** How labels get about that tell of circles of threads (`src/sync/deadlock/cycle.ts`). */
interface Labels {
  /** The label with which this thread sleeps in a wait for a lock; 0: it does not. */
  tell(label: bigint): void;
  /** Shows a label in all locks that this thread holds. */
  show(label: bigint): void;
}
export const labels: Labels = onePerThread('labels', () => ({ tell: () => {}, show: () => {} }));
