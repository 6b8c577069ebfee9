/**
 * Takes the types out of TypeScript task modules for worker threads whose Node does not do it. Once per file and
 * pool, on the main thread; the decision is in docs/decisions/typescript-modules.md.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { StripRequest } from '../../../workers/modules/strip-hooks.ts';
import { isTypeScript } from '../../../workers/modules/typescript-files.ts';
import { type CarriedError, carryError } from '../../codec/carried-error.ts';
import { moduleFormat } from './module-format.ts';

/** The one function used of `@swc/wasm-typescript`. */
interface Swc {
  transformSync(
    source: string,
    options: { readonly mode: 'strip-only'; readonly filename: string },
  ): { code: string };
}

interface StrippedSource {
  readonly format: 'module' | 'commonjs';
  readonly source: string;
}

interface Stripped extends StrippedSource {
  /** Of the file it was made from. */
  readonly version: string;
}

export class TypeStripper {
  readonly #stripped = new Map<string, Stripped>();
  #swc: Swc | undefined;

  /** Whether these modules need a stripper on this version of Node. */
  static needed(modules: readonly string[]): boolean {
    const { typescript } = process.features as { readonly typescript?: string | false };
    return !typescript && modules.some(isTypeScript);
  }

  /** A port for one worker; `close` when the worker is gone. The port does not hold the process. */
  open(): { readonly port: MessagePort; readonly close: () => void } {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ({ id, href }: StripRequest) => port1.postMessage({ id, ...this.#reply(href) }));
    port1.unref();
    return { port: port2, close: () => port1.close() };
  }

  #reply(href: string): StrippedSource | { readonly error: CarriedError } {
    try {
      const { format, source } = this.#strip(href);
      return { format, source };
    } catch (error) {
      return { error: carryError(error) };
    }
  }

  #strip(href: string): Stripped {
    const path = fileURLToPath(href);
    const { mtimeMs, size } = statSync(path);
    const version = `${mtimeMs} ${size}`;
    const known = this.#stripped.get(href);
    if (known?.version === version) return known;
    this.#swc ??= createRequire(import.meta.url)('@swc/wasm-typescript') as Swc;
    const source = withoutTypes(this.#swc, path);
    const stripped = { version, format: moduleFormat(path, source), source };
    this.#stripped.set(href, stripped);
    return stripped;
  }
}

/** The stripper throws plain objects. */
function withoutTypes(swc: Swc, path: string): string {
  try {
    return swc.transformSync(readFileSync(path, 'utf8'), { mode: 'strip-only', filename: path }).code;
  } catch (error) {
    if (error instanceof Error) throw error;
    const { message, startLine } = error as { readonly message?: unknown; readonly startLine?: unknown };
    throw new SyntaxError(`${path}:${String(startLine ?? '')} ${String(message ?? error)}`, { cause: error });
  }
}
