/**
 * Arguments and results that stand in the task record itself: numbers, booleans, `null`, `undefined`.
 *
 * @module
 */
import * as L from './layout.ts';
import type { Views } from './shared-memory.ts';

/** Whoever sees the records. */
interface Seen {
  readonly memory: Views;
}

/** The value of a kind; `number` is what the record holds for `KIND_NUMBER`. */
export function inlineValue(kind: number, number: number): unknown {
  switch (kind) {
    case L.KIND_UNDEFINED:
      return undefined;
    case L.KIND_NULL:
      return null;
    case L.KIND_TRUE:
      return true;
    case L.KIND_FALSE:
      return false;
    default:
      return number;
  }
}

/** All arguments of the record at word `at`. */
export function inlineArguments({ memory }: Seen, at: number, meta: number): unknown[] {
  const args: unknown[] = [];
  const count = meta & L.META_COUNT;
  for (let i = 0; i < count; i++) {
    const kind = (meta >> (L.META_KINDS + i * 4)) & 15;
    args[i] = inlineValue(kind, memory.f64[(at >> 1) + (L.T_ARGS >> 3) + i]!);
  }
  return args;
}

/** Writes a result into the record at word `at`; false when it does not fit there. */
export function writePlainResult({ memory }: Seen, at: number, value: unknown): boolean {
  const kindAt = at + (L.T_RESULT_KIND >> 2);
  switch (typeof value) {
    case 'number':
      memory.f64[(at >> 1) + (L.T_RESULT >> 3)] = value;
      memory.i32[kindAt] = L.KIND_NUMBER;
      return true;
    case 'undefined':
      memory.i32[kindAt] = L.KIND_UNDEFINED;
      return true;
    case 'boolean':
      memory.i32[kindAt] = value ? L.KIND_TRUE : L.KIND_FALSE;
      return true;
    default:
      if (value !== null) return false;
      memory.i32[kindAt] = L.KIND_NULL;
      return true;
  }
}
