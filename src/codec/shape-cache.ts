/**
 * The reader's memory of key lists, so that a kind of record met before costs a comparison instead of strings.
 *
 * @module
 */
import { corrupt } from './corrupt.ts';
import {
  fromCharCode,
  mapClear,
  mapGet,
  mapSet,
  mapSize,
  NewMap,
  ObjectPrototype,
  WordsOf,
} from './primordials.ts';
import { checksum, SHAPE_HEAD, SHAPE_HEAD_WORDS } from './shapes.ts';

const MAX_SHAPES = 1_024;
/** Objects, or messages, after which a shape is worth a constructor of its own. */
const WORTH_OBJECTS = 64;
const WORTH_MESSAGES = 4;

type Construct = new () => object;
type Field = 'abcdefghijklmnopqrstuvwxyzABCDEF' extends infer S ? Letters<S> : never;
type Letters<S> = S extends `${infer First}${infer Rest}` ? First | Letters<Rest> : never;

export interface Shape {
  readonly keys: readonly string[];
  /** Some key exists on `Object.prototype` (`__proto__`, `toString`): assigning it could run or set something. */
  readonly inherited: boolean;
  /** Makes an object with room for the keys; used for all of a message or for none, so that they look alike to V8. */
  Make: Construct | undefined;
}

interface Known extends Shape {
  readonly words: Int32Array;
  messages: number;
}

export const NO_SHAPES: readonly Shape[] = [];

export class ShapeCache {
  readonly #known: Map<number, Known> = new NewMap();

  /** The shapes that lie in `words` from `at` to `end`. */
  read(words: Int32Array, at: number, end: number, count: number): readonly Shape[] {
    if (count === 0) return NO_SHAPES;
    const shapes: Shape[] = [];
    for (let i = 0; i < count; i++) {
      if (at + SHAPE_HEAD_WORDS > end) throw corrupt('its table of keys is not whole');
      const size = words[at + SHAPE_HEAD.words]!;
      const next = at + SHAPE_HEAD_WORDS + size;
      if (size < 0 || next > end) throw corrupt('its table of keys is not whole');
      shapes[i] = this.#shape(words, at, next);
      at = next;
    }
    return shapes;
  }

  #shape(words: Int32Array, at: number, end: number): Shape {
    const id = words[at + SHAPE_HEAD.checksum]!;
    let known = mapGet(this.#known, id);
    if (known === undefined || !isSame(known, words, at, end)) {
      if (checksum(words, at + SHAPE_HEAD_WORDS, end) !== id) throw corrupt('its table of keys is not whole');
      known = decodeShape(words, at, end);
      if (mapSize(this.#known) >= MAX_SHAPES) mapClear(this.#known);
      mapSet(this.#known, id, known);
    }
    known.messages++;
    if (known.Make === undefined && known.keys.length > 0) {
      const worth = known.messages > WORTH_MESSAGES || words[at + SHAPE_HEAD.objects]! >= WORTH_OBJECTS;
      if (worth) known.Make = constructorFor();
    }
    return known;
  }
}

function isSame(known: Known, words: Int32Array, at: number, end: number): boolean {
  const own = known.words;
  if (own.length !== end - at - SHAPE_HEAD_WORDS || known.keys.length !== words[at + SHAPE_HEAD.keys])
    return false;
  const from = at + SHAPE_HEAD_WORDS;
  for (let i = 0; i < own.length; i++) if (own[i] !== words[from + i]) return false;
  return true;
}

function decodeShape(words: Int32Array, at: number, end: number): Known {
  const count = words[at + SHAPE_HEAD.keys]!;
  const keys: string[] = [];
  let inherited = false;
  let next = at + SHAPE_HEAD_WORDS;
  const copy = new WordsOf(end - next);
  for (let i = 0; i < copy.length; i++) copy[i] = words[next + i]!;
  for (let i = 0; i < count; i++) {
    if (next >= end) throw corrupt('its table of keys is not whole');
    const length = words[next++]!;
    if (length < 0 || next + ((length + 1) >>> 1) > end) throw corrupt('its table of keys is not whole');
    let key = '';
    for (let c = 0; c < length; c++) {
      const word = words[next + (c >> 1)]!;
      key += fromCharCode(c & 1 ? word >>> 16 : word & 0xffff);
    }
    next += (length + 1) >>> 1;
    if (key in ObjectPrototype) inherited = true;
    keys[i] = key;
  }
  if (next !== end) throw corrupt('its table of keys is not whole');
  return { keys, inherited, Make: undefined, words: copy, messages: 0 };
}

/**
 * A constructor whose objects are plain ones. Each call gives another function, so each shape has a tree of hidden
 * classes of its own; the assignments, which never run, make V8 lay out fields inside the object instead of in an
 * array that grows with every third key (measured: 30 keys 0.64 µs instead of 2.2 µs).
 */
function constructorFor(): Construct {
  function Plain(this: Record<Field, unknown>): void {
    if (new.target !== undefined) return;
    this.a = this.b = this.c = this.d = this.e = this.f = this.g = this.h = undefined;
    this.i = this.j = this.k = this.l = this.m = this.n = this.o = this.p = undefined;
    this.q = this.r = this.s = this.t = this.u = this.v = this.w = this.x = undefined;
    this.y = this.z = this.A = this.B = this.C = this.D = this.E = this.F = undefined;
  }
  Plain.prototype = ObjectPrototype;
  return Plain as unknown as Construct;
}
