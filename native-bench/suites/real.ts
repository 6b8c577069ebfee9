import { REAL } from '../figures/real/lists.ts';
import type { Suite } from './suite.ts';

export const real: Suite = { name: 'real', title: 'Work nobody here wrote, on real input', figures: REAL };
