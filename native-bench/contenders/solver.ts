/**
 * What solves a whole problem and times itself, where a pool runs tasks: the fork/join figures measure these.
 *
 * @module
 */
import type { RunningPool } from './contender.ts';

/** A program of `native/`, of `tasks/forkjoin.mjs` and of `tasks/forking/`. */
export type Program =
  | 'fib'
  | 'nqueens'
  | 'uts'
  | 'skynet'
  | 'matmul'
  | 'sort'
  | 'mandelbrot'
  | 'reduce'
  | 'scan'
  | 'loop';

export interface Problem {
  readonly program: Program;
  /** Its arguments, as the programs document them. */
  readonly numbers: readonly number[];
  /**
   * Millrace forks at every node. Absent: where its program, if there are two, finds that a thief waits. The others have
   * one program.
   */
  readonly forks?: 'at every node';
}

export interface Solution {
  /** From the prepared input to the answer; the start of a process or a pool is not in it. */
  readonly ms: number;
  readonly answer: readonly number[];
}

/** A running contender that a fork/join figure can measure. It need not run single tasks: `NO_POOL`. */
export interface Solver extends RunningPool {
  /** `false`: it has one thread, whatever it is asked for. */
  readonly parallel: boolean;
  /** Its first run is as fast as any: it is compiled, and has a process of its own for each run. */
  readonly warm?: true;
  /** Solves one problem on `threads` threads. Rejects when the program fails. */
  readonly solve: (problem: Problem, threads: number) => Promise<Solution>;
}

/** Whether a running contender solves whole problems. */
export function isSolver(running: RunningPool): running is Solver {
  return 'solve' in running;
}

/** `run` and `close` of a solver that has no pool. */
export const NO_POOL: RunningPool = {
  run: () => Promise.reject(new Error('A solver solves whole problems and runs no single tasks')),
  close: async () => {},
};
