/**
 * Which exports of a module can be called as tasks: its own functions, and nothing they inherit.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

type Callable = (...args: never[]) => unknown;
type Namespace = Readonly<Record<string, unknown>> & { readonly default?: unknown };

const { cache } = createRequire(import.meta.url);

/** The callable exports of an imported module by name; a function exported as default has the name `default`. */
export function callableExports(href: string, namespace: Namespace): ReadonlyMap<string, Callable> {
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
  const exported: unknown = cache[fileURLToPath(href)]?.exports;
  const isObject = (typeof exported === 'object' && exported !== null) || typeof exported === 'function';
  return isObject && exported === namespace.default ? exported : undefined;
}
