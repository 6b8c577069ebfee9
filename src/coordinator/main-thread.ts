/**
 * The main thread as one more worker of fork/join: while it waits in `runSync`, it runs children of that task.
 *
 * @module
 */

import { registeredAs, registeredLabels } from '../../workers/fork/functions.ts';
import { closeMainForks, currentForks, openMainForks } from '../../workers/fork/on-main.ts';
import { loadTaskModules } from '../../workers/modules/load.ts';
import { isTypeScript } from '../../workers/modules/typescript-files.ts';
import type { LoadedFunctions } from '../../workers/start.ts';
import { MillraceError } from '../errors.ts';
import type { Helper } from './blocking.ts';
import type { Engine } from './engine.ts';
import { TypeStripper } from './threads/type-stripper.ts';

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
  const functions = await loadHere(modules);
  const report = Array.from(functions.values(), ({ name, module, options }) => ({ name, module, options }));
  const registered = registeredAs(engine.functions.registered);
  // When it is not certain which are meant, the labels here are not those of the workers, and the table says so.
  engine.functions.accept(
    report,
    registered === undefined ? registeredLabels() : engine.functions.registered,
  );
  const { plant } = engine;
  const block = plant.addBlock();
  const calls = new Map(
    Array.from(functions.values(), ({ name, call }) => [name, call as (...args: unknown[]) => unknown]),
  );
  const view = { memory: plant.memory.memory, module: plant.module, block: plant.blocks[block]! };
  const runChild = openMainForks(
    view,
    block,
    { functions: calls, registered: registered! },
    engine.name,
    () => {
      engine.mendUnheard();
      engine.look();
    },
  );
  return {
    help(reference) {
      const record = plant.core.forkHelp(view.block, -1, reference);
      if (record !== 0) runChild(record);
      return record !== 0;
    },
    close: closeMainForks,
  };
}

let typescript: Promise<void> | undefined;

/**
 * As a worker loads them. Workers can load TypeScript whatever this process can; so where this thread cannot, it gets from
 * then on what they have, for all that it imports: nothing that could be imported before is imported in another way.
 */
async function loadHere(modules: readonly string[]): Promise<LoadedFunctions> {
  let first: unknown;
  try {
    return await loadTaskModules(modules);
  } catch (error) {
    first = error;
  }
  if (!modules.some(isTypeScript) || !notLoadable(first)) throw first;
  // Its port stays open: the hook asks as long as there is a process.
  typescript ??= import('../../workers/modules/typescript.ts').then(({ enableTypeScript }) => {
    enableTypeScript(TypeStripper.needed(modules) ? new TypeStripper().open().port : undefined);
  });
  await typescript;
  try {
    // Subtle: another href. Node keeps that the first could not be loaded.
    return await loadTaskModules(modules, (href) => (isTypeScript(href) ? `${href}?here` : href));
  } catch (error) {
    throw notLoadable(error) ? first : error;
  }
}

/** A file Node knows nothing of, or one that exists under the name it has before tsc. */
function notLoadable(error: unknown): boolean {
  const { code } = (error as { readonly cause?: { readonly code?: unknown } }).cause ?? {};
  return code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_MODULE_NOT_FOUND';
}
