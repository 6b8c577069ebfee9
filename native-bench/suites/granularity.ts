import { granularity as metg } from '../figures/granularity.ts';
import type { Suite } from './suite.ts';

export const granularity: Suite = {
  name: 'granularity',
  title: 'How small tasks may be',
  figures: [metg],
};
