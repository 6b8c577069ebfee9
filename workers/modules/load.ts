/**
 * Loads task modules into one table of functions.
 *
 * @module
 */
import { carryError } from '../../src/codec/carried-error.ts';
import { taskOptions } from '../one-per-thread.ts';
import type { LoadedFunction, LoadedFunctions } from '../start.ts';

type Callable = (...args: never[]) => unknown;
type Namespace = Readonly<Record<string, unknown>> & { readonly default?: unknown };

// Not imported: an import lists all that the module exports, which every thread that starts would pay for.
const { getBuiltinModule } = process;
const { readFileSync } = getBuiltinModule('node:fs');
const { fileURLToPath } = getBuiltinModule('node:url');

const ENCLOSURE = ' imported from data:text/javascript,import';

/**
 * Imports every module and waits for its top-level await.
 *
 * @param hrefs `file:` hrefs, as `moduleHref` makes them
 * @param importedAs what is imported for one of them. Default: the href itself
 * @throws {MillraceError} `ERR_MODULE_LOAD`: a file is missing, does not parse, or throws; `cause` is that error.
 * @throws {MillraceError} `ERR_DUPLICATE_FUNCTION`: two modules export the same name.
 */
export async function loadTaskModules(
  hrefs: readonly string[],
  importedAs: (href: string) => string = (href) => href,
): Promise<LoadedFunctions> {
  const table = new Map<string, LoadedFunction>();
  for (const module of hrefs) {
    let exported: ReadonlyMap<string, Callable>;
    try {
      const href = importedAs(module);
      const { namespace } = await enclosed(href);
      exported = callableExports(href, namespace);
    } catch (error) {
      throw await loadError(module, withoutEnclosure(error));
    }
    for (const [name, call] of exported) {
      const first = table.get(name);
      if (first !== undefined && first.call !== call) throw await duplicate(name, first.module, module);
      table.set(name, { name, module, options: taskOptions(call), call });
    }
  }
  return table;
}

/**
 * `import()` of a task module that exports a function `then` would call it, as that of a promise: the namespace must
 * not be what a promise is resolved with. A module in between costs a start two milliseconds, so few get one.
 */
async function enclosed(href: string): Promise<{ readonly namespace: Namespace }> {
  return mayExportThen(href) ? await import(enclosing(href)) : { namespace: await import(href) };
}

/**
 * Going by a module's text: the name `then`, unless it is only looked up (`promise.then(`), an escape that could be a
 * part of it, and whatever exports names that stand elsewhere. In doubt it may.
 */
const MAY_EXPORT_THEN = /(?<!\.)\bthen\b|\.then\s*[=/]|\\[uxhe\s]|\bexport\s*[*/]|\brequire\b/;

function mayExportThen(href: string): boolean {
  try {
    return MAY_EXPORT_THEN.test(readFileSync(fileURLToPath(href), 'utf8'));
  } catch {
    // It is the import that says what is wrong.
    return true;
  }
}

/** A module that exports the namespace of another. */
function enclosing(href: string): string {
  const source = `import * as namespace from ${JSON.stringify(href)}; export { namespace };`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** Node says who imported what it does not find; of that enclosure nobody has heard. */
function withoutEnclosure(error: unknown): unknown {
  try {
    if (!(error instanceof Error) || !error.message.includes(ENCLOSURE)) return error;
    const { message, stack } = error;
    error.message = upToEnclosure(message);
    if (stack !== undefined) error.stack = stack.replace(message, error.message);
  } catch {
    // Not Node's own, which can be read and written: the module threw it.
  }
  return error;
}

function upToEnclosure(message: string): string {
  return message.slice(0, message.indexOf(ENCLOSURE));
}

/** Errors are imported when one is needed: a worker that starts well has one module less to load. */
async function loadError(module: string, cause: unknown): Promise<Error> {
  const { MillraceError } = await import('../../src/errors.ts');
  const text = `The task module ${module} failed to load: ${reasonOf(cause)}`;
  return new MillraceError('ERR_MODULE_LOAD', text, { cause });
}

/** What was thrown, in words, whatever it is: a getter of it may throw, too. */
function reasonOf(thrown: unknown): string {
  const carried = carryError(thrown);
  if (carried.kind === 'value') return `it threw ${String(carried.value)}`;
  return carried.message === '' ? carried.name : `${carried.name}: ${carried.message}`;
}

async function duplicate(name: string, first: string, second: string): Promise<Error> {
  const { MillraceError } = await import('../../src/errors.ts');
  const text = `Both ${first} and ${second} export a function \`${name}\`. Rename one, or load only one of the two.`;
  return new MillraceError('ERR_DUPLICATE_FUNCTION', text);
}

/** A module's own functions by name, and nothing they inherit; one exported as default has the name `default`. */
function callableExports(href: string, namespace: Namespace): ReadonlyMap<string, Callable> {
  const found = new Map<string, Callable>();
  const exported = commonJsExports(href, namespace);
  if (exported === undefined) {
    collect(namespace, found);
  } else {
    // Not the namespace: Node guesses its names from the text, and misses the computed ones.
    collect(exported, found);
    if (typeof exported === 'function') found.set('default', exported as Callable);
  }
  return found;
}

function collect(from: object, into: Map<string, Callable>): void {
  for (const [name, value] of Object.entries(from)) {
    if (typeof value === 'function') into.set(name, value);
  }
}

/** `module.exports`, if the module is CommonJS. A `require`d ES module is in that cache too, as its namespace. */
function commonJsExports(href: string, namespace: Namespace): object | undefined {
  // What a CommonJS module exports is the default of its namespace. Others need not wait for Node's module `module`: 3 ms.
  if (!Object.hasOwn(namespace, 'default')) return undefined;
  const { cache } = getBuiltinModule('node:module').createRequire(import.meta.url);
  const exported: unknown = cache[fileURLToPath(href)]?.exports;
  const isObject = (typeof exported === 'object' && exported !== null) || typeof exported === 'function';
  return isObject && exported === namespace.default ? exported : undefined;
}
