/**
 * One interface before every pool that is measured.
 *
 * @module
 */

/** A function of `tasks/functions.mjs`. */
export type TaskName =
  | 'add'
  | 'addAsync'
  | 'echo'
  | 'checksum'
  | 'summarize'
  | 'crunch'
  | 'crunchWhere'
  | 'spin'
  | 'fail'
  | 'later'
  | 'hold'
  | 'meet'
  | RealTaskName;

/** A function of `tasks/real/functions.mjs`. */
export type RealTaskName = 'minify' | 'compress' | 'render' | 'hashPassword';

/**
 * Which task module the workers load: `tasks/functions.mjs`, or that of a folder of `tasks/`, which has its own worker
 * files. Apart, so that what a suite needs (a minifier, say) is not loaded by the workers of all the others. With
 * `forking` a contender starts as a `Solver`.
 */
export type TaskModule = 'functions' | 'real' | 'forking';

/**
 * What a contender is in the comparison: the `subject`; a `pool`, which the promises are measured against;
 * or a `yardstick`, shown beside them but no pool (no queue, no crash handling, no balancing).
 */
export type ContenderKind = 'subject' | 'pool' | 'yardstick';

/** What some figures need beyond a pool that runs tasks: threads of its own, moving buffers instead of copying them. */
export type Need = 'threads' | 'transfer';

export interface StartOptions {
  readonly workers: number;
  /**
   * The figure submits some tasks through `urgent`: a library with priorities of its own starts with them. Absent: it
   * starts as in every other figure, so that priorities cost nothing where none are asked for.
   */
  readonly priorities?: true;
  /** Default `functions`. */
  readonly tasks?: TaskModule;
}

export interface Contender {
  /** Unique; what `--contenders` takes. */
  readonly name: string;
  /** Several modes of one library share a family; the best mode stands for it in the tables. */
  readonly family: string;
  readonly kind: ContenderKind;
  /** The package measured, or `undefined` for programs of our own. */
  readonly packageName?: string;
  /**
   * What it cannot do, each with the reason. In a figure that needs it a pool is shown as unsupported with that reason;
   * a yardstick, which is no pool anyway, is left out.
   */
  readonly lacks?: Readonly<Partial<Record<Need, string>>>;
  /** Starts `workers` threads. Resolves when tasks may be submitted; threads may still be coming up. */
  readonly start: (options: StartOptions) => Promise<RunningPool>;
}

export interface RunningPool {
  /** Submits one task. Adds nothing to what the pool's own call costs, so it returns the pool's own promise. */
  readonly run: (
    task: TaskName,
    args: readonly unknown[],
    transfer?: readonly ArrayBuffer[],
  ) => PromiseLike<unknown>;
  /**
   * Submits one task before those that wait. Absent when the library has no priorities, or when it was not started with
   * `priorities`; then an urgent task is submitted like any other.
   */
  readonly urgent?: (task: TaskName, args: readonly unknown[]) => PromiseLike<unknown>;
  /** Every thread had loaded the task module when `start` resolved. Absent: nothing tells when that is so. */
  readonly loaded?: true;
  readonly close: () => Promise<void>;
}

/** A file of a task module: the functions themselves, or a pool's worker file, which registers them. */
export function taskFile(name: string, tasks: TaskModule = 'functions'): URL {
  return new URL(`../tasks/${tasks === 'functions' ? '' : `${tasks}/`}${name}`, import.meta.url);
}

/** Workers get no Node options of the measuring process, whatever those are. */
export const WORKER_EXEC_ARGV: readonly string[] = [];
