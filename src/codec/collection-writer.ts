/**
 * Arrays, Maps and Sets to words.
 *
 * @module
 */
import { arrayIndex, hasExtraKeys } from './array-keys.ts';
import { rethrowAt, rethrowAtKey } from './failure.ts';
import { HOLE, HOLE_RUN, T_ARRAY, T_END, T_MAP, T_SET, T_SPARSE } from './format.ts';
import type { Indexed } from './object-writer.ts';
import { entrySegment } from './path.ts';
import { hasOwn, keys, mapForEach, setForEach } from './primordials.ts';
import type { Writer } from './writer.ts';

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
