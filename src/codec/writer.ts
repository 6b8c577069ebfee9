/**
 * Values to words. One walk, in the order structured clone takes, every property read once.
 *
 * @module
 */

import { arrayIndex, hasExtraKeys } from './array-keys.ts';
import { brandOf, type Class, classOfInstance, describe } from './classify.ts';
import { classOfError, writeError } from './error-writer.ts';
import { Failure, NEEDS_PORT_SIGNAL, rethrowAt, rethrowAtKey, uncloneable } from './failure.ts';
import {
  ERROR_LIMITS,
  FALSE,
  HEADER_WORDS,
  HOLE,
  HOLE_RUN,
  KIND_IN_GROUP,
  LATER,
  MAX_DEPTH,
  MAX_INT,
  MIN_INT,
  NULL,
  T_ARRAY,
  T_BIGINT_HEX,
  T_BIGINT64,
  T_BOXED,
  T_BUFFER,
  T_DATE,
  T_DOUBLE,
  T_END,
  T_INT,
  T_LATER,
  T_MAP,
  T_OBJECT,
  T_OBJECT_TAIL,
  T_REF,
  T_REGEXP,
  T_SET,
  T_SPARSE,
  T_VIEW,
  TAG_BITS,
  TRUE,
  UNDEFINED,
} from './format.ts';
import { entrySegment } from './path.ts';
import {
  bigintText,
  charCodeAt,
  dateTime,
  getPrototypeOf,
  hasOwn,
  isArgumentsObject,
  isArray,
  isBigIntObject,
  isBooleanObject,
  isNumberObject,
  isProxy,
  isStringObject,
  keys,
  mapClear,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  NewMap,
  ObjectPrototype,
  regexpFlags,
  regexpSource,
  setForEach,
  unboxBigInt,
  unboxBoolean,
  unboxNumber,
  unboxString,
} from './primordials.ts';
import { type ShapeNode, ShapeTree } from './shapes.ts';
import { BufferTable } from './views.ts';
import { WordBuffer } from './words.ts';

/** Up to this many composites are found again by looking through them; beyond, by a Map. */
const LINEAR = 8;
const BIGINT64_MAX = 2n ** 63n;
type Composite = (typeof LATER)[keyof typeof LATER];
type Indexed = Record<string, unknown>;

/** Where the writer stood, to go back there when a part turns out not to be sendable and may be left out. */
interface Mark {
  readonly at: number;
  readonly text: string;
  readonly seen: number;
  readonly buffers: number;
  readonly later: number;
  readonly depth: number;
}

export class Writer extends WordBuffer {
  readonly tree: ShapeTree = new ShapeTree();
  readonly buffers: BufferTable = new BufferTable();
  /** Composites in the order of their numbers. */
  #seen: object[] = [];
  readonly #numbers: Map<object, number> = new NewMap();
  #later: object[] = [];
  #laterKinds: Composite[] = [];
  #depth = 0;
  #guards = 0;
  /** Somebody gave `Object.prototype` enumerable keys: `for in` would list them. */
  #inherits = false;
  /** Some composite is referred to by number. */
  numbered = false;
  /** How many errors this message holds. */
  errors = 0;
  /** Whether errors are cut to `ERROR_LIMITS`. */
  limited = false;

  begin(limited: boolean): void {
    this.at = HEADER_WORDS;
    this.text = '';
    this.tree.begin();
    this.#inherits = inheritsKeys();
    this.#depth = 0;
    this.#guards = 0;
    this.numbered = false;
    this.errors = 0;
    this.limited = limited;
  }

  /** Lets go of the user's objects. */
  release(): void {
    // New lists: setting `length` is a call into C++, and most are empty anyway.
    if (this.#seen.length > 0) this.#seen = [];
    if (this.#later.length > 0) {
      this.#later = [];
      this.#laterKinds = [];
    }
    if (this.#numbered) mapClear(this.#numbers);
    this.#numbered = false;
    this.buffers.clear();
  }

  get laterCount(): number {
    return this.#later.length;
  }

  write(value: unknown): void {
    if (this.at + 8 > this.capacity) this.grow(8);
    switch (typeof value) {
      case 'string':
        this.writeString(value);
        return;
      case 'number':
        if ((value | 0) === value && value <= MAX_INT && value >= MIN_INT && (value !== 0 || 1 / value > 0)) {
          this.words[this.at++] = (value << TAG_BITS) | T_INT;
        } else {
          this.words[this.at++] = T_DOUBLE;
          this.putDouble(value);
        }
        return;
      case 'object':
        if (value === null) this.words[this.at++] = NULL;
        else this.#object(value);
        return;
      case 'boolean':
        this.words[this.at++] = value ? TRUE : FALSE;
        return;
      case 'undefined':
        this.words[this.at++] = UNDEFINED;
        return;
      case 'bigint':
        this.#bigint(value);
        return;
      default:
        throw uncloneable(typeof value === 'function' ? 'a function' : 'a symbol');
    }
  }

  /** The arguments of one call. Keys other than indices are none of the function's business. */
  writeArgs(args: unknown[]): void {
    this.#number(args);
    this.#array(args, false);
  }

  /** An error at the root of a message, also one that is an Error by its prototype only. */
  writeRootError(error: object): void {
    this.errors = 1;
    this.#composite(error, LATER.error);
  }

  /**
   * Writes what `read` gives, or, when it cannot be sent or is larger than `limit` bytes, what `standIn` makes of it.
   * Nothing is thrown.
   */
  writeGuarded(read: () => unknown, limit: number, standIn: (value: unknown) => string): void {
    const mark: Mark = {
      at: this.at,
      text: this.text,
      seen: this.#seen.length,
      buffers: this.buffers.entries.length,
      later: this.#later.length,
      depth: this.#depth,
    };
    let value: unknown;
    this.#guards++;
    try {
      value = read();
      this.write(value);
      if (this.#sizeSince(mark) > limit) throw new Failure('it is too large', undefined);
    } catch {
      this.#goBack(mark);
      this.writeString(standIn(value));
    }
    this.#guards--;
  }

  /** Writes the bodies that nesting put off. */
  writeLater(): void {
    for (let i = 0; i < this.#later.length; i++) {
      this.#depth = 0;
      this.#body(this.#later[i]!, this.#laterKinds[i]!);
    }
  }

  #object(value: object): void {
    const known = this.#numberOf(value);
    if (known >= 0) {
      this.numbered = true;
      this.words[this.at++] = (known << TAG_BITS) | T_REF;
      return;
    }
    if (isProxy(value)) throw uncloneable('a Proxy');
    if (isArray(value)) {
      this.#number(value);
      if (this.#depth < MAX_DEPTH) this.#array(value);
      else this.#putOff(value, LATER.array);
      return;
    }
    const prototype = getPrototypeOf(value) as object | null;
    if (prototype === ObjectPrototype) {
      if (this.#depth >= MAX_DEPTH) this.#kind(value, brandOf(value) ?? 'plain');
      else {
        this.#number(value);
        this.#plain(value as Indexed);
      }
      return;
    }
    this.#kind(value, classOfInstance(value, prototype));
  }

  #kind(value: object, kind: Class): void {
    switch (kind) {
      case 'plain':
        this.#composite(value, LATER.object);
        return;
      case 'map':
        this.#composite(value, LATER.map);
        return;
      case 'set':
        this.#composite(value, LATER.set);
        return;
      case 'error':
        if (this.limited && this.errors >= ERROR_LIMITS.errors)
          throw new Failure('too many errors', undefined);
        this.errors++;
        this.#composite(value, LATER.error);
        return;
      case 'view':
        this.#number(value);
        this.#view(value as ArrayBufferView);
        return;
      case 'date':
        this.#number(value);
        this.words[this.at++] = T_DATE;
        this.putDouble(dateTime(value as Date));
        return;
      case 'regexp':
        this.#number(value);
        this.words[this.at++] = T_REGEXP;
        this.writeString(regexpSource(value as RegExp));
        this.writeString(regexpFlags(value as RegExp));
        return;
      case 'boxed':
        this.#number(value);
        this.#boxed(value);
        return;
      case 'buffer': {
        const refusal = describe(value, kind);
        if (refusal !== undefined) throw uncloneable(refusal);
        this.words[this.at++] = (this.buffers.addBuffer(value as ArrayBuffer) << TAG_BITS) | T_BUFFER;
        return;
      }
      case 'port':
      case 'move':
        throw NEEDS_PORT_SIGNAL;
      default:
        throw uncloneable(describe(value, kind) ?? 'an object that cannot be copied');
    }
  }

  #composite(value: object, kind: Composite): void {
    this.#number(value);
    if (this.#depth < MAX_DEPTH) this.#body(value, kind);
    else this.#putOff(value, kind);
  }

  #body(value: object, kind: Composite): void {
    if (this.at + 8 > this.capacity) this.grow(8);
    this.#depth++;
    switch (kind) {
      case LATER.array:
        this.#depth--;
        this.#array(value as unknown[]);
        return;
      case LATER.map:
        this.#map(value as Map<unknown, unknown>);
        break;
      case LATER.set:
        this.#set(value as Set<unknown>);
        break;
      case LATER.error:
        writeError(this, value);
        break;
      default:
        this.#instance(value as Indexed);
    }
    this.#depth--;
  }

  #putOff(value: object, kind: Composite): void {
    // What a guard must be able to take back has to fail inside the guard.
    if (this.#guards > 0 && kind !== LATER.error) throw new Failure('it is nested too deeply', undefined);
    this.numbered = true;
    const at = this.#later.length;
    this.#later[at] = value;
    this.#laterKinds[at] = kind;
    const detail = kind === LATER.error ? classOfError(value) << 3 : 0;
    this.words[this.at++] = ((kind | detail) << TAG_BITS) | T_LATER;
  }

  #plain(value: Indexed): void {
    if (this.#inherits) {
      this.#composeEmptyAware(value);
      return;
    }
    const head = this.at++;
    const tree = this.tree;
    const root = tree.root;
    let node: ShapeNode = root;
    let tail = false;
    let key = '';
    this.#depth++;
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
        if (tail) this.#key(key);
        this.write(member);
      }
    } catch (thrown) {
      rethrowAtKey(thrown, key);
    }
    this.#depth--;
    // No key read: an empty object, or one that only looks plain.
    if (node === root && !tail) {
      const brand = brandOf(value);
      if (brand !== undefined) {
        this.at = head;
        this.#unnumber();
        this.#kind(value, brand);
        return;
      }
    }
    this.#closeObject(head, node, tail);
  }

  #composeEmptyAware(value: Indexed): void {
    const brand = brandOf(value);
    if (brand !== undefined) {
      this.#unnumber();
      this.#kind(value, brand);
      return;
    }
    this.#depth++;
    this.#instance(value);
    this.#depth--;
  }

  /** An object whose prototype may bring enumerable keys of its own. */
  #instance(value: Indexed): void {
    const head = this.at++;
    const tree = this.tree;
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
        if (tail) this.#key(key);
        this.write(member);
      }
    } catch (thrown) {
      if (key === undefined) rethrowAt(thrown, undefined);
      rethrowAtKey(thrown, key);
    }
    this.#closeObject(head, node, tail);
  }

  #closeObject(head: number, node: ShapeNode, tail: boolean): void {
    if (tail) {
      if (this.at === this.capacity) this.grow(1);
      this.words[this.at++] = T_END;
    }
    this.words[head] = (this.tree.idOf(node) << TAG_BITS) | (tail ? T_OBJECT_TAIL : T_OBJECT);
  }

  #key(key: string): void {
    if (this.at + 8 > this.capacity) this.grow(8);
    this.writeString(key);
  }

  #array(array: unknown[], named = true): void {
    if (this.at + 8 > this.capacity) this.grow(8);
    const head = this.at;
    const { length } = array;
    this.at = head + 3;
    this.words[head] = T_ARRAY;
    this.words[head + 1] = length;
    let packed = 0;
    let extras = false;
    let i = 0;
    let holes = 0;
    this.#depth++;
    try {
      let item: unknown = length > 0 ? array[0] : undefined;
      if (typeof item === 'number') {
        this.at += this.at & 1;
        let doubles = this.doubles;
        let at = this.at >> 1;
        do {
          if (at === doubles.length) {
            this.at = at * 2;
            this.grow(8);
            doubles = this.doubles;
          }
          doubles[at++] = item;
          if (++i === length) break;
          item = array[i];
        } while (typeof item === 'number');
        this.at = at * 2;
        packed = i;
      }
      for (; i < length; item = array[i]) {
        if (item === undefined && !hasOwn(array, i)) {
          if (this.at + 2 > this.capacity) this.grow(2);
          if (++holes > HOLE_RUN) break;
          this.words[this.at++] = HOLE;
        } else {
          holes = 0;
          this.write(item);
        }
        if (++i === length) break;
      }
      extras = named && holes <= HOLE_RUN && hasExtraKeys(array, length);
    } catch (thrown) {
      rethrowAtKey(thrown, i);
    }
    if (holes > HOLE_RUN) {
      this.words[this.at++] = T_SPARSE;
      this.#pairs(array, i);
    } else if (extras) this.#pairs(array, length);
    this.words[head + 2] = (packed << 1) | (extras ? 1 : 0);
    this.#depth--;
  }

  /** Index (from `from` on) or key, and value, until an end. */
  #pairs(array: unknown[], from: number): void {
    const own = keys(array);
    for (let i = 0; i < own.length; i++) {
      const key = own[i]!;
      const index = arrayIndex(key);
      if ((index >= 0 && index < from) || !hasOwn(array, key)) continue;
      try {
        const member = (array as unknown as Indexed)[key];
        this.write(index >= 0 ? index : key);
        this.write(member);
      } catch (thrown) {
        rethrowAtKey(thrown, index >= 0 ? index : key);
      }
    }
    if (this.at === this.capacity) this.grow(1);
    this.words[this.at++] = T_END;
  }

  #map(map: Map<unknown, unknown>): void {
    // Taken down first: a getter inside a value may change the map.
    const flat: unknown[] = [];
    mapForEach(map, (value, key) => {
      flat[flat.length] = key;
      flat[flat.length] = value;
    });
    this.words[this.at++] = T_MAP;
    this.words[this.at++] = flat.length / 2;
    for (let i = 0; i < flat.length; i++) {
      try {
        this.write(flat[i]);
      } catch (thrown) {
        rethrowAt(thrown, i % 2 === 0 ? `.keys()[${i / 2}]` : entrySegment(flat[i - 1], (i - 1) / 2));
      }
    }
  }

  #set(set: Set<unknown>): void {
    const flat: unknown[] = [];
    setForEach(set, (value) => {
      flat[flat.length] = value;
    });
    this.words[this.at++] = T_SET;
    this.words[this.at++] = flat.length;
    for (let i = 0; i < flat.length; i++) {
      try {
        this.write(flat[i]);
      } catch (thrown) {
        rethrowAt(thrown, `.values()[${i}]`);
      }
    }
  }

  #view(view: ArrayBufferView): void {
    const refusal = describe(view, 'view');
    if (refusal !== undefined) throw uncloneable(refusal);
    const place = this.buffers.addView(view);
    if (place === undefined) throw NEEDS_PORT_SIGNAL;
    const { resizable, views } = this.buffers.entries[place.entry]!;
    this.words[this.at++] = ((resizable ? KIND_IN_GROUP : place.kind) << TAG_BITS) | T_VIEW;
    this.words[this.at++] = place.entry;
    this.putDouble(resizable ? views.length - 1 : place.offset);
    this.putDouble(place.bytes);
  }

  #bigint(value: bigint): void {
    if (value >= -BIGINT64_MAX && value < BIGINT64_MAX) {
      this.words[this.at++] = T_BIGINT64;
      this.putBigInt64(value);
    } else {
      this.words[this.at++] = ((value < 0n ? 1 : 0) << TAG_BITS) | T_BIGINT_HEX;
      this.writeString(bigintText(value < 0n ? -value : value, 16));
    }
  }

  #boxed(value: object): void {
    let primitive: unknown;
    if (isNumberObject(value)) primitive = unboxNumber(value);
    else if (isStringObject(value)) primitive = unboxString(value);
    else if (isBooleanObject(value)) primitive = unboxBoolean(value);
    else if (isBigIntObject(value)) primitive = unboxBigInt(value);
    else throw uncloneable('a boxed symbol');
    this.words[this.at++] = T_BOXED;
    this.write(primitive);
  }

  #numbered = false;

  #numberOf(value: object): number {
    const seen = this.#seen;
    if (this.#numbered) return mapGet(this.#numbers, value) ?? -1;
    for (let i = 0; i < seen.length; i++) if (seen[i] === value) return i;
    return -1;
  }

  #number(value: object): void {
    const seen = this.#seen;
    const at = seen.length;
    seen[at] = value;
    if (this.#numbered) mapSet(this.#numbers, value, at);
    else if (at === LINEAR) {
      this.#numbered = true;
      for (let i = 0; i <= at; i++) mapSet(this.#numbers, seen[i]!, i);
    }
  }

  #unnumber(): void {
    this.#forget(this.#seen.length - 1);
  }

  #forget(count: number): void {
    const seen = this.#seen;
    if (this.#numbered) for (let i = count; i < seen.length; i++) mapDelete(this.#numbers, seen[i]!);
    seen.length = count;
  }

  #goBack(mark: Mark): void {
    this.at = mark.at;
    this.text = mark.text;
    this.#depth = mark.depth;
    this.#later.length = mark.later;
    this.#laterKinds.length = mark.later;
    this.buffers.truncate(mark.buffers);
    this.#forget(mark.seen);
  }

  #sizeSince(mark: Mark): number {
    let bytes = (this.at - mark.at) * 4 + this.text.length - mark.text.length;
    const { entries } = this.buffers;
    for (let i = mark.buffers; i < entries.length; i++) bytes += entries[i]!.bytes;
    return bytes;
  }
}

function isDigit(key: string): boolean {
  const code = charCodeAt(key, 0);
  return code >= 48 && code <= 57;
}

function inheritsKeys(): boolean {
  for (const _ in ObjectPrototype) return true;
  return false;
}
