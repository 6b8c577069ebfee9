/**
 * The keys of plain objects, so that 10,000 records of one kind name their keys once. The writer walks a tree of keys
 * while it writes the values; the node where an object ends is its shape. The tree outlives messages, as do the
 * encoded key lists; a message carries only the shapes it uses. The reader remembers key lists too, so that a kind of
 * record met before costs a comparison instead of strings.
 *
 * @module
 */
import { corrupt } from './format.ts';
import {
  charCodeAt,
  fromCharCode,
  getOwnPropertyNames,
  mapClear,
  mapGet,
  mapSet,
  mapSize,
  NewMap,
  NewSet,
  ObjectPrototype,
  setHas,
  WordsOf,
} from './primordials.ts';

/** Beyond these an object's remaining keys are written beside its values. */
const MAX_KEYS = 64;
const MAX_KEY_LENGTH = 128;
/** New nodes one message may add: data used as keys must not fill the tree. */
const NEW_NODES_A_MESSAGE = 1_024;
const MAX_NODES = 8_192;

export class ShapeNode {
  readonly parent: ShapeNode | undefined;
  readonly key: string;
  readonly depth: number;
  lastKey: string | undefined = undefined;
  lastNode: ShapeNode | undefined = undefined;
  next: Map<string, ShapeNode> | undefined = undefined;
  /** The message that last used it as a shape, its number there, and how many objects had it. */
  message = 0;
  id = 0;
  count = 0;
  #words: Int32Array | undefined = undefined;

  constructor(parent: ShapeNode | undefined, key: string) {
    this.parent = parent;
    this.key = key;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  /** The shape as it goes into a message: key count, words of keys, checksum, (room for the object count), keys. */
  get words(): Int32Array {
    return (this.#words ??= encodeKeys(this));
  }
}

export const SHAPE_HEAD = { keys: 0, words: 1, checksum: 2, objects: 3 } as const;
const SHAPE_HEAD_WORDS = 4;

/** The writer's tree of keys. */
export class ShapeTree {
  root: ShapeNode = new ShapeNode(undefined, '');
  #nodes = 0;
  #budget = 0;
  #message = 0;
  used: ShapeNode[] = [];

  begin(): void {
    if (this.#nodes > MAX_NODES) {
      this.root = new ShapeNode(undefined, '');
      this.#nodes = 0;
    }
    this.#budget = NEW_NODES_A_MESSAGE;
    this.#message++;
    if (this.used.length > 0) this.used = [];
  }

  /** The node of `key` after `node`, or undefined when this object's keys must be written out. */
  step(node: ShapeNode, key: string): ShapeNode | undefined {
    let next = node.next === undefined ? undefined : mapGet(node.next, key);
    if (next === undefined) {
      if (this.#budget === 0 || node.depth >= MAX_KEYS || key.length > MAX_KEY_LENGTH) return undefined;
      this.#budget--;
      this.#nodes++;
      next = new ShapeNode(node, key);
      node.next ??= new NewMap();
      mapSet(node.next, key, next);
    }
    node.lastKey = key;
    node.lastNode = next;
    return next;
  }

  /** The number of a shape in this message. */
  idOf(node: ShapeNode): number {
    if (node.message !== this.#message) {
      node.message = this.#message;
      node.id = this.used.length;
      node.count = 0;
      this.used[node.id] = node;
    }
    node.count++;
    return node.id;
  }
}

function encodeKeys(shape: ShapeNode): Int32Array {
  const keys: string[] = [];
  let size = SHAPE_HEAD_WORDS;
  for (let node = shape; node.parent !== undefined; node = node.parent) {
    keys[node.depth - 1] = node.key;
    size += 1 + ((node.key.length + 1) >> 1);
  }
  const words = new WordsOf(size);
  let at = SHAPE_HEAD_WORDS;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    words[at++] = key.length;
    for (let c = 0; c < key.length; c += 2) {
      const high = c + 1 < key.length ? charCodeAt(key, c + 1) : 0;
      words[at++] = charCodeAt(key, c) | (high << 16);
    }
  }
  words[SHAPE_HEAD.keys] = keys.length;
  words[SHAPE_HEAD.words] = size - SHAPE_HEAD_WORDS;
  words[SHAPE_HEAD.checksum] = checksum(words, SHAPE_HEAD_WORDS, size);
  return words;
}

/** FNV-1a over words: finds a known shape quickly. The reader compares the words themselves before it believes it. */
export function checksum(words: Int32Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
  return hash;
}

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

/** The reader's memory of key lists. */
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

/**
 * Keys that exist on `Object.prototype`. Assigning one of them to an object could set its prototype (`__proto__`), run
 * a setter, or fail on a frozen prototype, so it is defined instead.
 */
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
