/**
 * Loader hooks for Node versions that do not strip types: runs on the hooks thread of one worker, and gets each
 * TypeScript source without its types from the coordinator, which keeps it for the other workers.
 *
 * @module
 */
import type { LoadHook, ResolveHook } from 'node:module';
import type { MessagePort } from 'node:worker_threads';
import type { CarriedError } from '../../src/codec/carried-error.ts';
import { isTypeScript, typescriptSibling } from './typescript-files.ts';

/** Asked by a hook; `id` pairs the answer with the question. */
export interface StripRequest {
  readonly id: number;
  readonly href: string;
}

export type StripReply =
  | { readonly id: number; readonly format: 'module' | 'commonjs'; readonly source: string }
  | { readonly id: number; readonly error: CarriedError };

let port: MessagePort;
let lastId = 0;
const waiting = new Map<number, (reply: StripReply) => void>();

export function initialize(data: { readonly port: MessagePort }): void {
  port = data.port;
  port.on('message', (reply: StripReply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
    if (waiting.size === 0) port.unref();
  });
  port.unref();
}

export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    const sibling = typescriptSibling(specifier, context.parentURL, error);
    if (sibling === undefined) throw error;
    return next(sibling, context);
  }
};

export const load: LoadHook = async (href, context, next) => {
  if (!href.startsWith('file:') || !isTypeScript(href)) return next(href, context);
  const reply = await new Promise<StripReply>((resolve) => {
    lastId += 1;
    waiting.set(lastId, resolve);
    port.ref();
    port.postMessage({ id: lastId, href } satisfies StripRequest);
  });
  if ('error' in reply) {
    const { restoreError } = await import('../../src/codec/carried-error.ts');
    throw restoreError(reply.error);
  }
  return { format: reply.format, source: reply.source, shortCircuit: true };
};
