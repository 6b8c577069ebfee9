/**
 * Keys that exist on `Object.prototype`. Assigning one of them to an object could set its prototype (`__proto__`), run
 * a setter, or fail on a frozen prototype, so it is defined instead.
 *
 * @module
 */
import { getOwnPropertyNames, NewSet, ObjectPrototype, setHas } from './primordials.ts';

const NAMES: readonly string[] = getOwnPropertyNames(ObjectPrototype);
const KNOWN: ReadonlySet<string> = new NewSet(NAMES);

/** Of those that were there when this module loaded. Three times cheaper than `in`. */
export function isObjectPrototypeKey(key: string): boolean {
  return setHas(KNOWN, key);
}

/** Whether a task has added keys since: then only `in` knows. */
export function objectPrototypeChanged(): boolean {
  return getOwnPropertyNames(ObjectPrototype).length !== NAMES.length;
}
