/**
 * A part of this package that does not load.
 *
 * @module
 */
import { MillraceError } from '../src/errors.ts';

/** @param cause what `import` said */
export function ownModuleError(cause: unknown): MillraceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const text = `A worker could not load a part of Millrace itself: ${why}. Install the package again, or, after bundling, let \`workerUrl\` point at a complete worker entry.`;
  return new MillraceError('ERR_MODULE_LOAD', text, { cause });
}
