/**
 * Arguments that fit into the task record itself: up to four numbers, booleans, `null` or `undefined`.
 *
 * @module
 */
import * as L from '../memory/layout.ts';

export const MAX_INLINE = 4;
/** The arguments need the codec. */
export const NOT_INLINE = -1;

/** The record's META for these arguments, or `NOT_INLINE`. */
export function inlineMeta(args: readonly unknown[]): number {
  try {
    return metaOf(args);
  } catch {
    // A getter of the array itself has thrown: the codec meets it again, and says where.
    return NOT_INLINE;
  }
}

function metaOf(args: readonly unknown[]): number {
  const count = args.length;
  if (count > MAX_INLINE) return NOT_INLINE;
  let meta = L.META_INLINE | count;
  for (let i = 0; i < count; i++) {
    const arg = args[i];
    if (typeof arg === 'number') continue;
    let kind: number;
    if (arg === undefined) kind = L.KIND_UNDEFINED;
    else if (arg === null) kind = L.KIND_NULL;
    else if (arg === true) kind = L.KIND_TRUE;
    else if (arg === false) kind = L.KIND_FALSE;
    else return NOT_INLINE;
    meta |= kind << (L.META_KINDS + i * 4);
  }
  return meta;
}

/** Writes the numbers among inline arguments; the other kinds stand in META. */
export function writeInline(to: Float64Array, at: number, args: readonly unknown[]): void {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (typeof arg === 'number') to[at + i] = arg;
  }
}
