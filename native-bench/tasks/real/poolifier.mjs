/**
 * Worker file of poolifier: a named handler takes one value, the argument list. Poolifier awaits a result only when the
 * handler itself is an async function.
 */
import { ThreadWorker } from 'poolifier';
import * as functions from './functions.mjs';

export default new ThreadWorker({
  minify: async (args) => functions.minify(...args),
  compress: (args) => functions.compress(...args),
  render: (args) => functions.render(...args),
  hashPassword: (args) => functions.hashPassword(...args),
});
