/**
 * Objects, arrays, Maps and Sets: how what is in them is written, by which numbers a message refers to them, and how
 * the reader makes them.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { makeError } from './errors.ts';
import {
  HOLE,
  HOLE_RUN,
  LATER,
  T_ARRAY,
  T_END,
  T_MAP,
  T_OBJECT,
  T_OBJECT_TAIL,
  T_SET,
  T_SPARSE,
  TAG_BITS,
} from './format.ts';
import { entrySegment, rethrowAt, rethrowAtKey } from './path.ts';
import {
  ArrayPrototype,
  charCodeAt,
  defineProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isArgumentsObject,
  keys,
  mapClear,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  NewMap,
  NewSet,
  setForEach,
} from './primordials.ts';
import type { ShapeNode } from './shapes.ts';
import type { Writer } from './writer.ts';

export type Indexed = Record<string, unknown>;

/**
 * An object whose prototypes have no enumerable keys. Returns whether a key was found; without any, what was written
 * is an empty object, and the value may still be something else in disguise.
 */
export function writePlain(writer: Writer, value: Indexed): boolean {
  const head = writer.at++;
  const { tree } = writer;
  const { root } = tree;
  let node: ShapeNode = root;
  let tail = false;
  let key = '';
  writer.depth++;
  try {
    for (key in value) {
      if (node === root && !tail && isDigit(key) && isArgumentsObject(value)) break;
      const member = value[key];
      if (member === undefined && !hasOwn(value, key)) continue;
      if (!tail) {
        const next = node.lastKey === key ? node.lastNode : tree.step(node, key);
        if (next === undefined) tail = true;
        else node = next;
      }
      if (tail) writeKey(writer, key);
      writer.write(member);
    }
  } catch (thrown) {
    rethrowAtKey(thrown, key);
  }
  writer.depth--;
  close(writer, head, node, tail);
  return tail || node !== root;
}

/** An object whose prototype may bring enumerable keys of its own. */
export function writeInstance(writer: Writer, value: Indexed): void {
  const head = writer.at++;
  const { tree } = writer;
  let node: ShapeNode = tree.root;
  let tail = false;
  let key: string | undefined;
  try {
    const own = keys(value);
    for (let i = 0; i < own.length; i++) {
      key = own[i]!;
      if (!hasOwn(value, key)) continue;
      const member = value[key];
      if (!tail) {
        const next = node.lastKey === key ? node.lastNode : tree.step(node, key);
        if (next === undefined) tail = true;
        else node = next;
      }
      if (tail) writeKey(writer, key);
      writer.write(member);
    }
  } catch (thrown) {
    if (key === undefined) rethrowAt(thrown, undefined);
    rethrowAtKey(thrown, key);
  }
  close(writer, head, node, tail);
}

function close(writer: Writer, head: number, node: ShapeNode, tail: boolean): void {
  if (tail) {
    if (writer.at === writer.capacity) writer.grow(1);
    writer.words[writer.at++] = T_END;
  }
  writer.words[head] = (writer.tree.idOf(node) << TAG_BITS) | (tail ? T_OBJECT_TAIL : T_OBJECT);
}

function writeKey(writer: Writer, key: string): void {
  if (writer.at + 8 > writer.capacity) writer.grow(8);
  writer.writeString(key);
}

function isDigit(key: string): boolean {
  const code = charCodeAt(key, 0);
  return code >= 48 && code <= 57;
}

/** `named`: keys other than indices are part of the value. */
export function writeArray(writer: Writer, array: unknown[], named: boolean): void {
  if (writer.at + 8 > writer.capacity) writer.grow(8);
  const head = writer.at;
  const { length } = array;
  writer.at = head + 3;
  writer.words[head] = T_ARRAY;
  writer.words[head + 1] = length;
  let packed = 0;
  let extras = false;
  let i = 0;
  let holes = 0;
  writer.depth++;
  try {
    let item: unknown = length > 0 ? array[0] : undefined;
    if (typeof item === 'number') {
      writer.at += writer.at & 1;
      let doubles = writer.doubles;
      let at = writer.at >> 1;
      do {
        if (at === doubles.length) {
          writer.at = at * 2;
          writer.grow(8);
          doubles = writer.doubles;
        }
        doubles[at++] = item;
        if (++i === length) break;
        item = array[i];
      } while (typeof item === 'number');
      writer.at = at * 2;
      packed = i;
    }
    for (; i < length; item = array[i]) {
      if (item === undefined && !hasOwn(array, i)) {
        if (writer.at + 2 > writer.capacity) writer.grow(2);
        if (++holes > HOLE_RUN) break;
        writer.words[writer.at++] = HOLE;
      } else {
        holes = 0;
        writer.write(item);
      }
      if (++i === length) break;
    }
    extras = named && holes <= HOLE_RUN && hasExtraKeys(array, length);
  } catch (thrown) {
    rethrowAtKey(thrown, i);
  }
  if (holes > HOLE_RUN) {
    writer.words[writer.at++] = T_SPARSE;
    writePairs(writer, array, i);
  } else if (extras) writePairs(writer, array, length);
  writer.words[head + 2] = (packed << 1) | (extras ? 1 : 0);
  writer.depth--;
}

/** Index (from `from` on) or key, and value, until an end. */
function writePairs(writer: Writer, array: unknown[], from: number): void {
  const own = keys(array);
  for (let i = 0; i < own.length; i++) {
    const key = own[i]!;
    const index = arrayIndex(key);
    if ((index >= 0 && index < from) || !hasOwn(array, key)) continue;
    try {
      const member = (array as unknown as Indexed)[key];
      writer.write(index >= 0 ? index : key);
      writer.write(member);
    } catch (thrown) {
      rethrowAtKey(thrown, index >= 0 ? index : key);
    }
  }
  if (writer.at === writer.capacity) writer.grow(1);
  writer.words[writer.at++] = T_END;
}

export function writeMap(writer: Writer, map: Map<unknown, unknown>): void {
  // Taken down first: a getter inside a value may change the map.
  const flat: unknown[] = [];
  mapForEach(map, (value, key) => {
    flat[flat.length] = key;
    flat[flat.length] = value;
  });
  writer.words[writer.at++] = T_MAP;
  writer.words[writer.at++] = flat.length / 2;
  for (let i = 0; i < flat.length; i++) {
    try {
      writer.write(flat[i]);
    } catch (thrown) {
      rethrowAt(thrown, i % 2 === 0 ? `.keys()[${i / 2}]` : entrySegment(flat[i - 1], (i - 1) / 2));
    }
  }
}

export function writeSet(writer: Writer, set: Set<unknown>): void {
  const flat: unknown[] = [];
  setForEach(set, (value) => {
    flat[flat.length] = value;
  });
  writer.words[writer.at++] = T_SET;
  writer.words[writer.at++] = flat.length;
  for (let i = 0; i < flat.length; i++) {
    try {
      writer.write(flat[i]);
    } catch (thrown) {
      rethrowAt(thrown, `.values()[${i}]`);
    }
  }
}

/** Below this many elements of an array listing the keys is the cheaper way. */
const LISTED = 32;
const areEqual: typeof isDeepStrictEqual = isDeepStrictEqual;

/** The index a key of an array stands for, or -1. */
function arrayIndex(key: string): number {
  const index = +key >>> 0;
  return index !== 4_294_967_295 && `${index}` === key ? index : -1;
}

/**
 * Whether an array has keys besides its indices. JavaScript can only list all of an array's keys, which for 10,000
 * numbers takes longer than sending them.
 */
function hasExtraKeys(array: unknown[], length: number): boolean {
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

/** Up to this many objects are found again by looking through them; beyond, by a Map (some 80 ns an object). */
const LINEAR = 8;

/** The numbers of the objects of one message, in the order they are met. */
export class Identity {
  #seen: object[] = [];
  readonly #numbers: Map<object, number> = new NewMap();
  #mapped = false;

  get count(): number {
    return this.#seen.length;
  }

  /** By number. It stays as it is when they are cleared. */
  get objects(): readonly object[] {
    return this.#seen;
  }

  /** -1 for an object not met yet. */
  numberOf(value: object): number {
    if (this.#mapped) return mapGet(this.#numbers, value) ?? -1;
    const seen = this.#seen;
    for (let i = 0; i < seen.length; i++) if (seen[i] === value) return i;
    return -1;
  }

  add(value: object): void {
    const seen = this.#seen;
    const at = seen.length;
    seen[at] = value;
    if (this.#mapped) mapSet(this.#numbers, value, at);
    else if (at === LINEAR) {
      this.#mapped = true;
      for (let i = 0; i <= at; i++) mapSet(this.#numbers, seen[i]!, i);
    }
  }

  /** Forgets the objects from number `count` on. */
  truncate(count: number): void {
    const seen = this.#seen;
    if (this.#mapped) for (let i = count; i < seen.length; i++) mapDelete(this.#numbers, seen[i]!);
    seen.length = count;
  }

  clear(): void {
    if (this.#seen.length > 0) this.#seen = [];
    if (this.#mapped) mapClear(this.#numbers);
    this.#mapped = false;
  }
}

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
