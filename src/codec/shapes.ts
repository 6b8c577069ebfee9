/**
 * The keys of plain objects, so that 10,000 records of one kind name their keys once. The writer walks a tree of keys
 * while it writes the values; the node where an object ends is its shape. The tree outlives messages, as do the
 * encoded key lists; a message carries only the shapes it uses.
 *
 * @module
 */
import { charCodeAt, mapGet, mapSet, NewMap, WordsOf } from './primordials.ts';

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
export const SHAPE_HEAD_WORDS: number = 4;

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
