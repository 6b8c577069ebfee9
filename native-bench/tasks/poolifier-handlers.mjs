/**
 * The task functions as poolifier calls them: a named handler takes one value, the argument list. Poolifier awaits a
 * result only when the handler itself is an async function.
 */
import * as functions from './functions.mjs';

export const handlers = Object.fromEntries(
  Object.entries(functions).map(([name, task]) => [
    name,
    task.constructor.name === 'AsyncFunction' ? async (args) => task(...args) : (args) => task(...args),
  ]),
);
