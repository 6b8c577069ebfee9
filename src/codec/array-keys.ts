/**
 * Whether an array has keys besides its indices. JavaScript can only list all of an array's keys, which for 10,000
 * numbers takes longer than sending them.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { ArrayPrototype, getOwnPropertyDescriptor, getPrototypeOf, keys } from './primordials.ts';

/** Below this many elements listing the keys is the cheaper way. */
const LISTED = 32;
const areEqual: typeof isDeepStrictEqual = isDeepStrictEqual;

/** The index a key of an array stands for, or -1. */
export function arrayIndex(key: string): number {
  const index = +key >>> 0;
  return index !== 4_294_967_295 && `${index}` === key ? index : -1;
}

export function hasExtraKeys(array: unknown[], length: number): boolean {
  if (length > LISTED && PROBE_WORKS && onlyIndices(array, length)) return false;
  const own = keys(array);
  return own.length > 0 && arrayIndex(own[own.length - 1]!) < 0;
}

/**
 * `isDeepStrictEqual` compares how many non-index keys two arrays have before it looks at any element, and it asks V8
 * for them directly. So against an array without such keys, it reads element 0 only if the other has none either.
 * `false` may also mean that it could not be told.
 */
function onlyIndices(array: unknown[], length: number): boolean {
  if (getPrototypeOf(array) !== ArrayPrototype) return false;
  const first = getOwnPropertyDescriptor(array, 0);
  if (first === undefined || !('value' in first)) return false;
  reached = false;
  probe.length = length;
  areEqual(array, probe);
  return reached;
}

let reached = false;
const different: unique symbol = Symbol('different from every element');
const probe: unknown[] = [];
Object.defineProperty(probe, 0, {
  enumerable: true,
  get(): unknown {
    reached = true;
    return different;
  },
});

/** The order of those comparisons is Node's own affair: use it only where it is as described. */
const PROBE_WORKS: boolean = ((): boolean => {
  const bare = new Array<unknown>(LISTED + 1).fill({ deep: [1] });
  const extra = Object.assign([...bare], { key: 1 });
  const getter = Object.defineProperty([...bare], 'key', { get: () => 1, enumerable: true });
  const all = [extra, getter].every((array) => !onlyIndices(array, array.length));
  return all && onlyIndices(bare, bare.length);
})();
