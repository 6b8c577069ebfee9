import { bimodal, giant, pareto } from '../figures/mix.ts';
import { urgent } from '../figures/urgent.ts';
import type { Suite } from './suite.ts';

export const mix: Suite = {
  name: 'mix',
  title: 'Tasks of very different durations and urgencies',
  figures: [pareto, bimodal, giant, urgent],
};
