/**
 * Plain objects and class instances to words: their values, while a tree of keys is walked to their shape.
 *
 * @module
 */
import { rethrowAt, rethrowAtKey } from './failure.ts';
import { T_END, T_OBJECT, T_OBJECT_TAIL, TAG_BITS } from './format.ts';
import { charCodeAt, hasOwn, isArgumentsObject, keys } from './primordials.ts';
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
