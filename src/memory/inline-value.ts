/**
 * Values that stand in a task record by their kind alone.
 *
 * @module
 */
import * as L from './layout.ts';

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
