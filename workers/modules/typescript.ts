/**
 * Makes TypeScript task modules loadable in this thread.
 *
 * Where Node strips types itself, all that is missing is the import that tsc users write, `./x.js` for a file that
 * exists only as `x.ts`. Where it does not, a loader hook asks the coordinator for the sources; the decision is in
 * docs/decisions/typescript-modules.md.
 *
 * @module
 */
import * as nodeModule from 'node:module';
import type { MessagePort } from 'node:worker_threads';
import { typescriptSibling } from './typescript-files.ts';

/** What Node 20's types do not know. */
interface SyncHooks {
  registerHooks?(hooks: {
    resolve(
      specifier: string,
      context: { readonly parentURL?: string },
      next: (specifier: string, context: object) => unknown,
    ): unknown;
  }): unknown;
}

/** Call once, before the first import of a task module; `stripPort` where Node cannot strip types itself. */
export function enableTypeScript(stripPort: MessagePort | undefined): void {
  resolveSiblingsInCommonJs();
  if (stripPort !== undefined) {
    nodeModule.register(new URL('./strip-hooks.js', import.meta.url), {
      data: { port: stripPort },
      transferList: [stripPort],
    });
    return;
  }
  (nodeModule as SyncHooks).registerHooks?.({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        const sibling = typescriptSibling(specifier, context.parentURL, error);
        if (sibling === undefined) throw error;
        return next(sibling, context);
      }
    },
  });
}

/** The part of Node's CommonJS loader that answers `require` before loader hooks are asked. */
interface CommonJsResolver {
  _resolveFilename(
    specifier: string,
    parent: { readonly filename?: string } | undefined,
    ...rest: unknown[]
  ): string;
}

/** `require` in a CommonJS file that a hook has loaded still resolves by itself; Node 20 and 22 have no other way in. */
function resolveSiblingsInCommonJs(): void {
  const resolver = nodeModule.default as unknown as CommonJsResolver;
  const original = resolver._resolveFilename;
  resolver._resolveFilename = (specifier, parent, ...rest) => {
    try {
      return Reflect.apply(original, resolver, [specifier, parent, ...rest]);
    } catch (error) {
      const sibling = typescriptSibling(specifier, parent?.filename, error);
      if (sibling === undefined) throw error;
      return Reflect.apply(original, resolver, [sibling, parent, ...rest]);
    }
  };
}
