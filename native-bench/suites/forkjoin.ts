/**
 * Fork and join beside native code and beside the plain sequential program.
 *
 * The ratio to `js-sequential` is what forking gains over not forking; that to `tbb-group` compares the same forks.
 *
 * @module
 */
import { FORK_JOIN_FIGURES } from '../figures/forkjoin.ts';
import type { Suite } from './suite.ts';

export const forkjoin: Suite = {
  name: 'forkjoin',
  title: 'Fork and join beside native code',
  figures: FORK_JOIN_FIGURES,
};
