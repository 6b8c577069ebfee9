/**
 * Which modules are TypeScript, and which file an import means that names what tsc would have made of it.
 *
 * @module
 */

/** Whether the module at this href or path is TypeScript. */
export function isTypeScript(href: string): boolean {
  return /\.[mc]?ts(?:[?#]|$)/.test(href);
}

/** `./x.ts` for an import of a missing `./x.js` by a TypeScript file; the same for `.mjs` and `.cjs`. */
export function typescriptSibling(
  specifier: string,
  parent: string | undefined,
  error: unknown,
): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  if (parent === undefined || !isTypeScript(parent)) return undefined;
  // A bare package keeps its meaning, whatever its name ends in.
  if (!/^(?:\.\.?\/|file:|\/)/.test(specifier)) return undefined;
  const sibling = specifier.replace(/\.([mc]?)js$/, '.$1ts');
  return sibling === specifier ? undefined : sibling;
}
