/** As `poolifier.mjs`, and `urgent`: poolifier gives priorities to task functions, not to single tasks. */
import { ThreadWorker } from 'poolifier';
import { handlers } from './poolifier-handlers.mjs';

const HIGHEST = -20;

export default new ThreadWorker({
  ...handlers,
  urgent: { taskFunction: ([task, ...args]) => handlers[task](args), priority: HIGHEST },
});
