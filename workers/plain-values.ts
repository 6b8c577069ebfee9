/**
 * Arguments and results that stand in the task record itself: numbers, booleans, `null`, `undefined`.
 *
 * @module
 */
import { inlineValue } from '../src/memory/inline-value.ts';
import * as L from '../src/memory/layout.ts';
import type { WorkerView } from './view.ts';

/** All arguments of the record at word `at`. */
export function inlineArguments({ memory }: WorkerView, at: number, meta: number): unknown[] {
  const args: unknown[] = [];
  const count = meta & L.META_COUNT;
  for (let i = 0; i < count; i++) {
    const kind = (meta >> (L.META_KINDS + i * 4)) & 15;
    args[i] = inlineValue(kind, memory.f64[(at >> 1) + (L.T_ARGS >> 3) + i]!);
  }
  return args;
}

/** Writes a result into the record at word `at`; false when it does not fit there. */
export function writePlainResult({ memory }: WorkerView, at: number, value: unknown): boolean {
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
