/**
 * 64-bit integer instructions on slots: a value is two 32-bit words, low word first. The operation runs on BigInt;
 * it is the slow path, for cores that keep their protocol in 32-bit words.
 *
 * @module
 */

import { Trap } from './trap.ts';

const pair = new Int32Array(2);
const signedView = new BigInt64Array(pair.buffer);
const unsignedView = new BigUint64Array(pair.buffer);

/** The signed 64-bit value in slots `i` and `i + 1`. */
export function readSigned(s: Int32Array, i: number): bigint {
  pair[0] = s[i]!;
  pair[1] = s[i + 1]!;
  return signedView[0]!;
}

/** The unsigned 64-bit value in slots `i` and `i + 1`. */
export function readUnsigned(s: Int32Array, i: number): bigint {
  pair[0] = s[i]!;
  pair[1] = s[i + 1]!;
  return unsignedView[0]!;
}

/** Writes the low 64 bits of `value`. */
export function writeLong(s: Int32Array, i: number, value: bigint): void {
  signedView[0] = value;
  s[i] = pair[0]!;
  s[i + 1] = pair[1]!;
}

function countTrailing(word: number): number {
  return word === 0 ? 32 : 31 - Math.clz32(word & -word);
}

/** Number of one bits of a 32-bit word. */
export function countOnes(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Trailing zero bits of a 32-bit word. */
export const countTrailingZeros: (word: number) => number = countTrailing;

function compare(op: number, s: Int32Array, i: number): boolean {
  switch (op) {
    case 0x51:
      return s[i] === s[i + 2] && s[i + 1] === s[i + 3];
    case 0x52:
      return s[i] !== s[i + 2] || s[i + 1] !== s[i + 3];
    case 0x53: // lt_s
      return readSigned(s, i) < readSigned(s, i + 2);
    case 0x54:
      return readUnsigned(s, i) < readUnsigned(s, i + 2);
    case 0x55: // gt_s
      return readSigned(s, i) > readSigned(s, i + 2);
    case 0x56:
      return readUnsigned(s, i) > readUnsigned(s, i + 2);
    case 0x57: // le_s
      return readSigned(s, i) <= readSigned(s, i + 2);
    case 0x58:
      return readUnsigned(s, i) <= readUnsigned(s, i + 2);
    case 0x59: // ge_s
      return readSigned(s, i) >= readSigned(s, i + 2);
    default:
      return readUnsigned(s, i) >= readUnsigned(s, i + 2);
  }
}

function divide(op: number, s: Int32Array, i: number): bigint {
  if ((s[i + 2]! | s[i + 3]!) === 0) throw new Trap('divide by zero');
  switch (op) {
    case 0x7f: {
      const quotient = readSigned(s, i) / readSigned(s, i + 2);
      if (quotient === 1n << 63n) throw new Trap('integer overflow');
      return quotient;
    }
    case 0x80:
      return readUnsigned(s, i) / readUnsigned(s, i + 2);
    case 0x81:
      return readSigned(s, i) % readSigned(s, i + 2);
    default:
      return readUnsigned(s, i) % readUnsigned(s, i + 2);
  }
}

function binary(op: number, s: Int32Array, i: number): bigint {
  const bits = BigInt(s[i + 2]! & 63);
  switch (op) {
    case 0x7c:
      return readSigned(s, i) + readSigned(s, i + 2);
    case 0x7d:
      return readSigned(s, i) - readSigned(s, i + 2);
    case 0x7e:
      return readSigned(s, i) * readSigned(s, i + 2);
    case 0x83:
      return readSigned(s, i) & readSigned(s, i + 2);
    case 0x84:
      return readSigned(s, i) | readSigned(s, i + 2);
    case 0x85:
      return readSigned(s, i) ^ readSigned(s, i + 2);
    case 0x86: // shl
      return readSigned(s, i) << bits;
    case 0x87: // shr_s
      return readSigned(s, i) >> bits;
    case 0x88: // shr_u
      return readUnsigned(s, i) >> bits;
    case 0x89: // rotl
      return (readUnsigned(s, i) << bits) | (readUnsigned(s, i) >> (64n - bits));
    case 0x8a: // rotr
      return (readUnsigned(s, i) >> bits) | (readUnsigned(s, i) << (64n - bits));
    default:
      return divide(op, s, i);
  }
}

/** Executes a 64-bit integer instruction whose first operand is in slot `i`. */
export function integer64(op: number, s: Int32Array, i: number): void {
  if (op >= 0x51 && op <= 0x5a) s[i] = compare(op, s, i) ? 1 : 0;
  else if (op >= 0x7c && op <= 0x8a) writeLong(s, i, BigInt.asIntN(64, binary(op, s, i)));
  else unary(op, s, i);
}

function unary(op: number, s: Int32Array, i: number): void {
  const low = s[i]!;
  const high = s[i + 1]!;
  const set = (word: number): void => {
    s[i] = word;
    s[i + 1] = word >> 31;
  };
  switch (op) {
    case 0x50: // eqz
      s[i] = (low | high) === 0 ? 1 : 0;
      return;
    case 0x79: // clz
      set(high === 0 ? 32 + Math.clz32(low) : Math.clz32(high));
      return;
    case 0x7a: // ctz
      set(low === 0 ? 32 + countTrailing(high) : countTrailing(low));
      return;
    case 0x7b: // popcnt
      set(countOnes(low) + countOnes(high));
      return;
    case 0xc2: // extend8_s
      set((low << 24) >> 24);
      return;
    case 0xc3: // extend16_s
      set((low << 16) >> 16);
      return;
    default: // extend32_s
      set(low);
      return;
  }
}
