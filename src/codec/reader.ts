/**
 * Words to values. Trusts nothing it reads: every index is checked against the message before it is used.
 *
 * @module
 */
import { asInteger } from '../memory/shared-memory.ts';
import { BufferReader } from './bytes.ts';
import { define, empty, makeSparse } from './composites.ts';
import { readError } from './errors.ts';
import {
  corrupt,
  HEADER,
  HEADER_WORDS,
  HOLE,
  KIND_IN_GROUP,
  LATER,
  MAGIC,
  MAX_DEPTH,
  T_ARRAY,
  T_BIGINT_HEX,
  T_BIGINT64,
  T_BOXED,
  T_BUFFER,
  T_CONST,
  T_DATE,
  T_DOUBLE,
  T_END,
  T_ERROR,
  T_INT,
  T_LATER,
  T_LATIN1,
  T_MAP,
  T_OBJECT,
  T_OBJECT_TAIL,
  T_REF,
  T_REGEXP,
  T_SET,
  T_SHARED,
  T_SHORT,
  T_SPARSE,
  T_UTF16,
  T_VIEW,
  TAG_BITS,
  TAG_MASK,
} from './format.ts';
import { TextReader } from './leaves.ts';
import {
  latin1Slice,
  mapSet,
  NewDate,
  NewMap,
  NewObject,
  NewRegExp,
  NewSet,
  ObjectPrototype,
  setAdd,
  toBigInt,
  ucs2Slice,
} from './primordials.ts';
import { isObjectPrototypeKey, NO_SHAPES, objectPrototypeChanged, type Shape, ShapeCache } from './shapes.ts';
import { readShared } from './shared.ts';

const pair = new Float64Array(1);
const pairWords = new Int32Array(pair.buffer);
const pairBig = new BigInt64Array(pair.buffer);

type Record_ = Record<string, unknown>;
export class Reader {
  words: Int32Array = new Int32Array(0);
  doubles: Float64Array = new Float64Array(0);
  bytes: Uint8Array = new Uint8Array(0);
  /** First word of the message, next word, and where the values end; all in `words`. */
  base = 0;
  at = 0;
  end = 0;
  #length = 0;
  readonly #text: TextReader = new TextReader();
  readonly #shapeCache: ShapeCache = new ShapeCache();
  #shapes: readonly Shape[] = NO_SHAPES;
  readonly #buffers: BufferReader = new BufferReader();
  #shared: readonly object[] = [];
  #numbered = false;
  #depth = 0;
  #seen: object[] = [];
  #later: object[] = [];
  #laterKinds: number[] = [];

  /** Checks the header of the message at `base`, `length` bytes long, and makes ready to read its values. */
  open(base: number, length: number): void {
    const { words } = this;
    if (length < HEADER_WORDS * 4 || words[base + HEADER.magic] !== MAGIC) throw corrupt('it has no header');
    const total = words[base + HEADER.bytes]!;
    const shapesAt = words[base + HEADER.shapesAt]!;
    const buffersAt = words[base + HEADER.buffersAt]!;
    const bufferCount = words[base + HEADER.bufferCount]!;
    const textAt = words[base + HEADER.textAt]!;
    const textLength = words[base + HEADER.textLength]!;
    const wide = words[base + HEADER.textWide] !== 0;
    const ordered =
      total === length &&
      shapesAt >= HEADER_WORDS &&
      buffersAt >= shapesAt &&
      textAt >= buffersAt * 4 &&
      textLength >= 0 &&
      textAt + (wide ? textLength * 2 : textLength) <= length;
    if (!ordered) throw corrupt('the parts in its header do not fit in it');
    this.base = base;
    this.#length = length;
    this.at = base + HEADER_WORDS;
    this.end = base + shapesAt;
    this.#text.open(this.bytes, base * 4 + textAt, textLength, wide);
    this.#shapes = this.#shapeCache.read(words, this.end, base + buffersAt, words[base + HEADER.shapeCount]!);
    this.#buffers.open(this, buffersAt, bufferCount, textAt, length);
    this.#numbered = words[base + HEADER.numbered] !== 0;
    this.#depth = 0;
  }

  /** The root value has been read: reads the bodies put off and checks that nothing is left. */
  finish(): void {
    for (let i = 0; i < this.#later.length; i++) {
      this.#depth = 0;
      this.#fill(this.#later[i]!, this.#laterKinds[i]!);
    }
    if (this.#later.length !== this.words[this.base + HEADER.laterCount]) throw corrupt('a part is missing');
    if (this.at !== this.end) throw corrupt('there is more in it than one value');
  }

  /** What came beside the message that is open. */
  beside(buffers: readonly ArrayBuffer[], shared: readonly object[]): void {
    if (buffers.length > 0) this.#buffers.beside = buffers;
    if (shared.length > 0) this.#shared = shared;
  }

  /** Lets go of what was read. */
  release(): void {
    if (this.#seen.length > 0) this.#seen = [];
    if (this.#later.length > 0) {
      this.#later = [];
      this.#laterKinds = [];
    }
    this.#text.release();
    this.#shapes = NO_SHAPES;
    this.#buffers.release();
    if (this.#shared.length > 0) this.#shared = [];
  }

  word(): number {
    if (this.at >= this.end) throw corrupt('it ends inside a value');
    return this.words[this.at++]!;
  }

  double(): number {
    const at = this.at;
    if (at + 2 > this.end) throw corrupt('it ends inside a number');
    pairWords[0] = this.words[at]!;
    pairWords[1] = this.words[at + 1]!;
    this.at = at + 2;
    return pair[0]!;
  }

  read(): unknown {
    if (this.at >= this.end) throw corrupt('it ends inside a value');
    const word = this.words[this.at++]!;
    switch (word & TAG_MASK) {
      case T_INT:
        return word >> TAG_BITS;
      case T_DOUBLE:
        return asInteger(this.double());
      case T_SHORT:
        return this.#text.next(word >>> TAG_BITS);
      case T_LATIN1:
      case T_UTF16:
        return this.#longString((word & TAG_MASK) === T_LATIN1);
      case T_CONST:
        switch (word >>> TAG_BITS) {
          case 0:
            return undefined;
          case 1:
            return null;
          case 2:
            return true;
          case 3:
            return false;
          default:
            throw corrupt('a constant is unknown');
        }
      case T_OBJECT:
      case T_OBJECT_TAIL:
        return this.#object(word, undefined);
      case T_ARRAY:
        return this.#array([]);
      case T_REF: {
        const known = this.#seen[word >>> TAG_BITS];
        if (known === undefined) throw corrupt('it refers to an object it does not hold');
        return known;
      }
      default:
        return this.#rare(word);
    }
  }

  /** A value that must be a string, or `undefined`. */
  text(): string | undefined {
    const value = this.read();
    if (value !== undefined && typeof value !== 'string') throw corrupt('a text is no string');
    return value;
  }

  /** Gives an object its number. Must happen in the writer's order: before anything inside it is read. */
  number<T extends object>(value: T): T {
    if (this.#numbered) this.#seen[this.#seen.length] = value;
    return value;
  }

  #rare(word: number): unknown {
    const payload = word >>> TAG_BITS;
    switch (word & TAG_MASK) {
      case T_VIEW: {
        const entry = this.word();
        const offset = this.double();
        const bytes = this.double();
        return this.number(
          this.#buffers.view(entry, payload === KIND_IN_GROUP ? -1 : payload, offset, bytes),
        );
      }
      case T_BUFFER:
        return this.#buffers.buffer(payload);
      case T_DATE:
        return this.number(new NewDate(this.double()));
      case T_REGEXP:
        // No object is read in between, so its number is still the right one.
        return this.number(new NewRegExp(this.text() ?? '', this.text()));
      case T_MAP:
        return this.#map(this.number(new NewMap()));
      case T_SET:
        return this.#set(this.number(new NewSet()));
      case T_BIGINT64:
        this.double();
        return pairBig[0];
      case T_BIGINT_HEX: {
        const size = toBigInt(`0x${this.text() ?? ''}`);
        return payload === 1 ? -size : size;
      }
      case T_BOXED: {
        const primitive = this.read();
        if (typeof primitive === 'object') throw corrupt('a boxed value is no primitive');
        return this.number(NewObject(primitive) as object);
      }
      case T_ERROR:
        this.#enter();
        return this.#leave(readError(this, payload, undefined));
      case T_LATER:
        return this.#putOff(payload);
      case T_SHARED:
        return readShared(this, payload, this.#shared);
      default:
        throw corrupt('a tag is unknown');
    }
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH + 2) throw corrupt('it is nested more deeply than any message');
  }

  #leave<T>(value: T): T {
    this.#depth--;
    return value;
  }

  #longString(latin1: boolean): string {
    const length = this.word();
    const offset = this.word();
    const bytes = latin1 ? length : length * 2;
    if (length < 0 || offset < 0 || offset + bytes > this.#length) throw corrupt('a string lies outside it');
    const from = this.base * 4 + offset;
    return latin1 ? latin1Slice(this.bytes, from, from + bytes) : ucs2Slice(this.bytes, from, from + bytes);
  }

  #object(word: number, target: object | undefined): object {
    const shape = this.#shapes[word >>> TAG_BITS];
    if (shape === undefined) throw corrupt('an object has no shape');
    this.#enter();
    const { keys, Make } = shape;
    const object = (target ?? (Make === undefined ? {} : new Make())) as Record_;
    if (target === undefined) this.number(object);
    if (shape.inherited) for (let i = 0; i < keys.length; i++) define(object, keys[i]!, this.read());
    else for (let i = 0; i < keys.length; i++) object[keys[i]!] = this.read();
    if ((word & TAG_MASK) === T_OBJECT_TAIL) this.#tail(object);
    this.#depth--;
    return object;
  }

  #tail(object: Record_): void {
    const changed = objectPrototypeChanged();
    while (!this.#atEnd()) {
      const key = this.#key();
      const value = this.read();
      if (changed ? key in ObjectPrototype : isObjectPrototypeKey(key)) define(object, key, value);
      else object[key] = value;
    }
  }

  #key(): string {
    const key = this.read();
    if (typeof key !== 'string') throw corrupt('a key is no string');
    return key;
  }

  /** Whether the next word ends a list; it is taken then. */
  #atEnd(): boolean {
    if (this.at >= this.end) throw corrupt('it ends inside an object');
    if (this.words[this.at] !== T_END) return false;
    this.at++;
    return true;
  }

  #array(array: unknown[], known = false): unknown[] {
    const length = this.word() >>> 0;
    const meta = this.word() >>> 0;
    const packed = meta >>> 1;
    if (!known) this.number(array);
    this.#enter();
    if (packed > 0) this.#doubles(array, packed, length);
    const { words } = this;
    for (let i = packed; i < length; i++) {
      if (this.at >= this.end) throw corrupt('it ends inside an array');
      const word = words[this.at]!;
      if (word === HOLE) this.at++;
      else if (word === T_SPARSE) {
        this.at++;
        makeSparse(array, length);
        this.#pairs(array, length);
        break;
      } else array[i] = this.read();
    }
    if (meta & 1) this.#pairs(array, length);
    if (array.length < length) array.length = length;
    this.#depth--;
    return array;
  }

  #doubles(array: unknown[], packed: number, length: number): void {
    this.at += this.at & 1;
    const from = this.at >>> 1;
    if (packed > length || from + packed > this.end / 2) throw corrupt('an array of numbers lies outside it');
    const { doubles } = this;
    for (let i = 0; i < packed; i++) array[i] = doubles[from + i];
    this.at = (from + packed) * 2;
  }

  #pairs(array: unknown[], length: number): void {
    while (!this.#atEnd()) {
      const key = this.read();
      const value = this.read();
      if (typeof key === 'number' && key >= 0 && key < length && key % 1 === 0) array[key] = value;
      else if (typeof key === 'string' && key !== 'length') define(array, key, value);
      else throw corrupt('an array has an impossible key');
    }
  }

  #map(map: Map<unknown, unknown>): Map<unknown, unknown> {
    const size = this.word();
    this.#enter();
    for (let i = 0; i < size; i++) {
      const key = this.read();
      mapSet(map, key, this.read());
    }
    this.#depth--;
    return map;
  }

  #set(set: Set<unknown>): Set<unknown> {
    const size = this.word();
    this.#enter();
    for (let i = 0; i < size; i++) setAdd(set, this.read());
    this.#depth--;
    return set;
  }

  #putOff(payload: number): object {
    const kind = payload & 7;
    const value = empty(kind, payload >>> 3);
    if (value === undefined) throw corrupt('a part put off is of no kind');
    const at = this.#later.length;
    this.#later[at] = value;
    this.#laterKinds[at] = kind;
    return this.number(value);
  }

  #fill(value: object, kind: number): void {
    const word = this.word();
    const tag = word & TAG_MASK;
    if (kind === LATER.object && (tag === T_OBJECT || tag === T_OBJECT_TAIL)) this.#object(word, value);
    else if (kind === LATER.array && tag === T_ARRAY) this.#array(value as unknown[], true);
    else if (kind === LATER.map && tag === T_MAP) this.#map(value as Map<unknown, unknown>);
    else if (kind === LATER.set && tag === T_SET) this.#set(value as Set<unknown>);
    else if (kind === LATER.error && tag === T_ERROR) readError(this, word >>> TAG_BITS, value as Error);
    else throw corrupt('a part put off is of another kind');
  }
}
