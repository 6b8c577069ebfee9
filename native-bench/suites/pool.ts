import { FIGURES } from '../figures/index.ts';
import type { Suite } from './suite.ts';

export const pool: Suite = { name: 'pool', title: 'The pool beside other pools', figures: FIGURES };
