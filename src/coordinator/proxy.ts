/**
 * A task module's functions as methods, each made when it is first asked for.
 *
 * @module
 */
import type { TaskProxy } from './types.ts';

type Method = (...args: unknown[]) => Promise<unknown>;

export function taskProxy<M>(methodOf: (name: string) => Method): TaskProxy<M> {
  const methods = new Map<string, Method>();
  return new Proxy(Object.create(null) as TaskProxy<M>, {
    get: (_, name) => {
      // `await pool.tasks` must not look like a promise.
      if (typeof name !== 'string' || name === 'then') return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = methodOf(name);
        methods.set(name, method);
      }
      return method;
    },
  });
}
