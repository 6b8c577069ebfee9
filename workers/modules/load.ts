/**
 * Loads task modules into one table of functions.
 *
 * @module
 */
import type { LoadedFunction, LoadedFunctions } from '../start.ts';
import { taskOptions } from '../task.ts';
import { callableExports } from './exports.ts';

/**
 * Imports every module and waits for its top-level await.
 *
 * @param hrefs `file:` hrefs, as `moduleHref` makes them
 * @throws {MillraceError} `ERR_MODULE_LOAD`: a file is missing, does not parse, or throws; `cause` is that error.
 * @throws {MillraceError} `ERR_DUPLICATE_FUNCTION`: two modules export the same name.
 */
export async function loadTaskModules(hrefs: readonly string[]): Promise<LoadedFunctions> {
  const table = new Map<string, LoadedFunction>();
  for (const module of hrefs) {
    let exported: ReadonlyMap<string, (...args: never[]) => unknown>;
    try {
      exported = callableExports(module, await import(module));
    } catch (error) {
      throw await loadError(module, error);
    }
    for (const [name, call] of exported) {
      const first = table.get(name);
      if (first !== undefined && first.call !== call) throw await duplicate(name, first.module, module);
      table.set(name, { name, module, options: taskOptions(call), call });
    }
  }
  return table;
}

/** Errors are imported when one is needed: a worker that starts well has one module less to load. */
async function loadError(module: string, cause: unknown): Promise<Error> {
  const { MillraceError } = await import('../../src/errors.ts');
  const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : `it threw ${String(cause)}`;
  return new MillraceError('ERR_MODULE_LOAD', `The task module ${module} failed to load: ${why}`, { cause });
}

async function duplicate(name: string, first: string, second: string): Promise<Error> {
  const { MillraceError } = await import('../../src/errors.ts');
  const text = `Both ${first} and ${second} export a function \`${name}\`. Rename one, or load only one of the two.`;
  return new MillraceError('ERR_DUPLICATE_FUNCTION', text);
}
