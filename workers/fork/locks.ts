/**
 * What fork and join know of the locks of `millrace/sync` that this thread holds. Each side finds the other by name, as
 * neither need be loaded.
 *
 * @module
 */
import { onePerThread } from '../one-per-thread.ts';

/** How many locks and permits this thread holds. */
export const held: { readonly count: number } = onePerThread('held', () => ({ count: 0 }));
