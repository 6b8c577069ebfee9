/**
 * Fork/join on the main thread, which runs children while it waits for their task.
 *
 * @module
 */
import { provideContext } from '../context.ts';
import { WorkerView } from '../view.ts';
import { keepLabels } from './circles.ts';
import { type Forkable, numberFunctions } from './functions.ts';
import { openForks } from './open.ts';
import { Shares } from './shares.ts';
import { forks } from './state.ts';

/** The coordinator cannot be told of a thread's end while it waits: it looks for itself, after so many ms. */
const LOOK_MS = 20;

/** Undefined while the main thread helps no pool. */
export function currentForks(): object | undefined {
  return forks.slow;
}

/** What children may call, numbered as in the workers. */
export interface MainFunctions {
  /** Exports of the task modules, in their order. */
  readonly functions: ReadonlyMap<string, Forkable>;
  /** What the task modules have called `task` with. */
  readonly registered: readonly ((...args: never[]) => unknown)[];
}

const notCalled: Forkable = () => undefined;

/**
 * @param block the number of the block
 * @param look called while this thread waits for a child
 * @returns runs a child that this thread has claimed
 */
export function openMainForks(
  { memory, module, block }: { readonly memory: object; readonly module: object; readonly block: number },
  worker: number,
  { functions, registered }: MainFunctions,
  pool: string,
  look: () => void,
): (record: number) => void {
  const view = new WorkerView(memory, module, block);
  forks.attach(view, worker, numberFunctions([notCalled, ...functions.values()], registered));
  forks.shares = new Shares(pool);
  openForks(forks, view, functions);
  forks.patience = { ms: LOOK_MS, look };
  provideContext(() => (forks.up === 0 ? undefined : forks.slow?.context(forks.up)));
  return (record) => forks.slow!.runStolen(record);
}

/** The pool is over. */
export function closeMainForks(): void {
  forks.shares?.close();
  forks.close();
  keepLabels();
  forks.view = undefined;
}
