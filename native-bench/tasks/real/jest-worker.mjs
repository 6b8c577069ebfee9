/** Worker file of jest-worker, which calls exports by name and spreads the argument list itself. */
export * from './functions.mjs';
