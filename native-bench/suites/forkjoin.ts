/**
 * Fork and join beside native code and beside the plain sequential program.
 *
 * Millrace has no fork and join yet, so it does not take part: the suite holds only what it will be compared with, and
 * its ratios are those of the sequential JavaScript program. When it has, its contender becomes a `Solver`, the figures
 * name it in `entrants`, get their claims, and `subject` goes.
 *
 * @module
 */
import { FORK_JOIN_FIGURES } from '../figures/forkjoin.ts';
import type { Suite } from './suite.ts';

export const forkjoin: Suite = {
  name: 'forkjoin',
  title: 'Fork and join beside native code',
  subject: 'js-sequential',
  figures: FORK_JOIN_FIGURES,
};
