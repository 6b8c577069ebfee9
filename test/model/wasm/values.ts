/**
 * Between JavaScript values and slots, as the JS API of WebAssembly does it.
 *
 * @module
 */

import { readDouble, readSingle, writeDouble, writeSingle } from './floats.ts';
import { readSigned, writeLong } from './integers.ts';
import type { FunctionType } from './module.ts';
import { slotsOf, type ValueType } from './opcodes.ts';

/** What a call takes and returns: an i64 is a bigint, everything else a number. */
export type Value = number | bigint;

/** Writes the arguments of a call into the slots from `at`. Throws when their number or kind is wrong. */
export function writeArguments(
  s: Int32Array,
  at: number,
  name: string,
  type: FunctionType,
  args: readonly Value[],
): void {
  if (args.length !== type.params.length) {
    throw new Error(`\`${name}\` takes ${type.params.length} arguments, got ${args.length}`);
  }
  type.params.forEach((param, i) => {
    const value = args[i]!;
    if ((param === 'i64') !== (typeof value === 'bigint')) {
      throw new Error(`Argument ${i} of \`${name}\` must be ${param === 'i64' ? 'a bigint' : 'a number'}`);
    }
    if (param === 'i32') s[at] = Number(value);
    else if (param === 'i64') writeLong(s, at, BigInt(value));
    else if (param === 'f32') writeSingle(s, at, Number(value));
    else writeDouble(s, at, Number(value));
    at += slotsOf(param);
  });
}

/** The value of one type in the slots from `at`. */
export function readValue(s: Int32Array, at: number, type: ValueType): Value {
  if (type === 'i32') return s[at]!;
  if (type === 'i64') return readSigned(s, at);
  return type === 'f32' ? readSingle(s, at) : readDouble(s, at);
}

/** The single result in the slots from `at`; nothing for a function without one, or with several. */
export function readResult(s: Int32Array, at: number, type: FunctionType): Value | undefined {
  const [result] = type.results;
  return result === undefined || type.results.length > 1 ? undefined : readValue(s, at, result);
}
