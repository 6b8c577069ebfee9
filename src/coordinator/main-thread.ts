/**
 * The main thread as one more worker of fork/join: while it waits in `runSync`, it runs children of that task.
 *
 * @module
 */

import { registeredNames } from '../../workers/fork/functions.ts';
import { closeMainForks, currentForks, openMainForks } from '../../workers/fork/on-main.ts';
import { loadTaskModules } from '../../workers/modules/load.ts';
import { MillraceError } from '../errors.ts';
import type { Helper } from './blocking.ts';
import type { Engine } from './engine.ts';

/**
 * Loads the task modules here, too, and gives the main thread a block of shared memory, for the children it forks.
 *
 * @throws MillraceError `ERR_MODULE_LOAD`; `ERR_UNSUPPORTED` another pool has the main thread already
 */
export async function helpOnMain(engine: Engine, modules: readonly string[]): Promise<Helper> {
  if (currentForks() !== undefined) {
    throw new MillraceError(
      'ERR_UNSUPPORTED',
      "The main thread helps another pool already. Close that one, or leave out `mainThread: 'helps'`.",
    );
  }
  const functions = await loadTaskModules(modules);
  const report = Array.from(functions.values(), ({ name, module, options }) => ({ name, module, options }));
  engine.functions.accept(report, registeredNames());
  const { plant } = engine;
  const block = plant.addBlock();
  const calls = new Map(
    Array.from(functions.values(), ({ name, call }) => [name, call as (...args: unknown[]) => unknown]),
  );
  const view = { memory: plant.memory.memory, module: plant.module, block: plant.blocks[block]! };
  const runChild = openMainForks(view, block, calls, engine.name, () => {
    engine.mendUnheard();
    engine.look();
  });
  return {
    help(reference) {
      const record = plant.core.forkHelp(view.block, -1, reference);
      if (record !== 0) runChild(record);
      return record !== 0;
    },
    close: closeMainForks,
  };
}
