/**
 * A task module's functions as methods, each made when it is first asked for.
 *
 * @module
 */
import type { FunctionTable, PoolFunction } from './functions.ts';
import { raise } from './raise.ts';
import type { TaskProxy } from './types.ts';

type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * What the language, Node and test runners call unasked, to print, compare or serialize an object: no mistakes of the
 * caller's, so not to be answered by a rejection that nobody awaits.
 */
const CALLED_UNASKED: ReadonlySet<string> = new Set([
  'toJSON',
  'toString',
  'toLocaleString',
  'valueOf',
  'constructor',
  'inspect',
  'asymmetricMatch',
  'nodeType',
  'hasAttribute',
  'getMockName',
]);
/** Marks that libraries look for: `$$typeof`, `@@__IMMUTABLE_ITERABLE__@@`. */
const MARK = /^(\$\$|@@)/;

const NAME = 'TaskProxy';

export function taskProxy<M>(
  functions: FunctionTable,
  call: (fn: PoolFunction, args: readonly unknown[]) => Promise<unknown>,
): TaskProxy<M> {
  const methodOf = (name: string): Method | undefined => {
    const fn = functions.get(name);
    if (fn !== undefined) return (...args) => call(fn, args);
    if (CALLED_UNASKED.has(name) || MARK.test(name)) return undefined;
    return () => raise(functions.unknown(name));
  };
  const methods = new Map<string, Method>();
  return new Proxy(Object.create(null) as TaskProxy<M>, {
    get: (_, name) => {
      if (name === Symbol.toStringTag) return NAME;
      // So that a template runs no task, also where a module exports `toString`.
      if (name === Symbol.toPrimitive) return () => `[object ${NAME}]`;
      // `await pool.tasks` must not look like a promise.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = methodOf(name);
        if (method === undefined) return undefined;
        methods.set(name, method);
      }
      return method;
    },
  });
}
