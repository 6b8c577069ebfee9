/**
 * How the reader makes and fills what JavaScript has no plain expression for.
 *
 * @module
 */
import { makeError } from './error-classes.ts';
import { LATER } from './format.ts';
import { defineProperty, NewMap, NewSet } from './primordials.ts';

/** A composite whose body comes later. Undefined for a kind there is none of. */
export function empty(kind: number, errorClass: number): object | undefined {
  switch (kind) {
    case LATER.object:
      return {};
    case LATER.array:
      return [];
    case LATER.map:
      return new NewMap();
    case LATER.set:
      return new NewSet();
    case LATER.error:
      return makeError(errorClass, undefined, undefined);
    default:
      return undefined;
  }
}

/** As a property of its own, whatever the prototype says of the key. */
export function define(object: object, key: string, value: unknown): void {
  defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * Gives an array its length without memory for the holes: setting `length` alone takes eight bytes for each of up to
 * 32 million, and twenty bytes of a damaged message could ask for that. An element far out makes V8 keep the elements
 * in a table.
 */
export function makeSparse(array: unknown[], length: number): void {
  if (length - array.length <= DENSE) return;
  array[length - 1] = 0;
  delete array[length - 1];
}
const DENSE = 4_096;
