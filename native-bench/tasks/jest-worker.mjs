/** Worker file of jest-worker, which calls exports by name and spreads the argument list itself. */
import * as functions from './functions.mjs';

export * from './functions.mjs';

const tasks = { ...functions };

/** The queue tells urgent calls by the name of the method. */
export const urgent = (task, ...args) => tasks[task](...args);
