/**
 * For task modules: options on functions, the running task's context, results that are moved.
 *
 * @module
 */
export type { Context } from './context.ts';
export { context } from './context.ts';
export type { Handle } from './fork/fork.ts';
export { fork, join, joinAll } from './fork/fork.ts';
export type { TaskOptions } from './task.ts';
export { task } from './task.ts';
export { transfer } from './transfer.ts';
