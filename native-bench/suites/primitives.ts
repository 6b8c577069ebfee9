import { atomics } from '../figures/primitives/atomics.ts';
import { codecByShape } from '../figures/primitives/codec.ts';
import { queueSteps } from '../figures/primitives/queues.ts';
import { taskLife } from '../figures/primitives/task-life.ts';
import { wake } from '../figures/primitives/wake.ts';
import type { Suite } from './suite.ts';

export const primitives: Suite = {
  name: 'primitives',
  title: 'What the pool is made of',
  figures: [atomics, queueSteps, taskLife, wake, codecByShape],
};
