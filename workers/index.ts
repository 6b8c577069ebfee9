/**
 * For task modules: options on functions, the running task's context, results that are moved.
 *
 * @module
 */

export type { Context } from './context.ts';
export { context } from './context.ts';
export type { Handle } from './fork/fork.ts';
export { fork, join } from './fork/fork.ts';
export { forkAsync } from './fork/fork-async.ts';
export { hungry } from './fork/hungry.ts';
export type { Calls, Results } from './fork/invoke.ts';
export { invoke } from './fork/invoke.ts';
export { joinAll } from './fork/join-all.ts';
export type { TaskOptions } from './task.ts';
export { task } from './task.ts';
export { transfer } from './transfer.ts';
