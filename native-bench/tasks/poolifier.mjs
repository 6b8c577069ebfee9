/** Worker file of poolifier: a named handler takes one value, the argument list. */
import { ThreadWorker } from 'poolifier';
import * as functions from './functions.mjs';

const handlers = Object.fromEntries(
  Object.entries(functions).map(([name, task]) => [name, (args) => task(...args)]),
);

export default new ThreadWorker(handlers);
