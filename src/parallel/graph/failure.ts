/**
 * The failure of a node as an error that says which one it was.
 *
 * @module
 */
import { inspect } from 'node:util';
import { GraphNodeError } from '../../errors.ts';
import type { Body } from './spec.ts';

/** @param also - what else failed before the run was over */
export function failureOf(
  name: string,
  body: Body,
  cause: unknown,
  also: readonly GraphNodeError[],
): GraphNodeError {
  const where = body.on === 'worker' ? `\`${body.fn}\`` : 'on the main thread';
  const more = also.length === 0 ? '' : ` (and ${also.length} more failed)`;
  return new GraphNodeError(name, also, `Node \`${name}\` (${where}) failed: ${textOf(cause)}${more}`, {
    cause,
  });
}

function textOf(cause: unknown): string {
  try {
    if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
    return inspect(cause, { depth: 0, customInspect: false });
  } catch {
    return 'what it threw cannot be read';
  }
}
