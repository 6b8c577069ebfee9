/**
 * Floating-point instructions and conversions on slots. `abs`, `neg`, `copysign` and reinterpretation work on the
 * bits, since a NaN that passes through a JS number may lose its own.
 *
 * @module
 */

import { readSigned, readUnsigned, writeLong } from './integers.ts';
import { Trap } from './trap.ts';

const words = new Int32Array(2);
const doubles = new Float64Array(words.buffer);
const singles = new Float32Array(words.buffer);

/** The f64 in slots `i` and `i + 1`. */
export function readDouble(s: Int32Array, i: number): number {
  words[0] = s[i]!;
  words[1] = s[i + 1]!;
  return doubles[0]!;
}

export function writeDouble(s: Int32Array, i: number, value: number): void {
  doubles[0] = value;
  s[i] = words[0]!;
  s[i + 1] = words[1]!;
}

/** The f32 in slot `i`. */
export function readSingle(s: Int32Array, i: number): number {
  words[0] = s[i]!;
  return singles[0]!;
}

/** Writes `value` rounded to f32. */
export function writeSingle(s: Int32Array, i: number, value: number): void {
  singles[0] = value;
  s[i] = words[0]!;
}

/** Rounds to an integer, halves to even, keeping the sign of zero. */
function nearest(x: number): number {
  if (!(Math.abs(x) < 2 ** 52)) return x;
  const down = Math.floor(x);
  const part = x - down;
  const up = part > 0.5 || (part === 0.5 && down % 2 !== 0);
  const result = up ? down + 1 : down;
  return result === 0 && (x < 0 || Object.is(x, -0)) ? -0 : result;
}

/** The operation `index` of `abs neg ceil floor trunc nearest sqrt`; the first two are done on the bits. */
function one(index: number, x: number): number {
  switch (index) {
    case 2:
      return Math.ceil(x);
    case 3:
      return Math.floor(x);
    case 4:
      return Math.trunc(x);
    case 5:
      return nearest(x);
    default:
      return Math.sqrt(x);
  }
}

/** The operation `index` of `add sub mul div min max`. Rounding a result to f32 is exact for all of them. */
function two(index: number, a: number, b: number): number {
  switch (index) {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return a * b;
    case 3:
      return a / b;
    case 4:
      return Math.min(a, b);
    default:
      return Math.max(a, b);
  }
}

/** The comparison `index` of `eq ne lt gt le ge`. */
function compare(index: number, a: number, b: number): number {
  switch (index) {
    case 0:
      return a === b ? 1 : 0;
    case 1:
      return a !== b ? 1 : 0;
    case 2:
      return a < b ? 1 : 0;
    case 3:
      return a > b ? 1 : 0;
    case 4:
      return a <= b ? 1 : 0;
    default:
      return a >= b ? 1 : 0;
  }
}

/** Sets the sign bit of the word at `at`: 0 abs, 1 neg. */
function sign(index: number, s: Int32Array, at: number): void {
  s[at] = index === 0 ? s[at]! & 0x7fffffff : s[at]! ^ -0x80000000;
}

function copySign(s: Int32Array, to: number, from: number): void {
  s[to] = (s[to]! & 0x7fffffff) | (s[from]! & -0x80000000);
}

const LIMITS = {
  s32: [-2147483648, 2147483647],
  u32: [0, 4294967295],
  s64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
} as const;

function truncate32(x: number, unsigned: boolean, saturate: boolean): number {
  const [low, high] = unsigned ? LIMITS.u32 : LIMITS.s32;
  const whole = Math.trunc(x);
  if (whole >= low && whole <= high) return whole | 0;
  if (Number.isNaN(x)) {
    if (saturate) return 0;
    throw new Trap('invalid conversion to integer');
  }
  if (!saturate) throw new Trap('integer overflow', 'float to integer');
  return (whole < low ? low : high) | 0;
}

function truncate64(x: number, unsigned: boolean, saturate: boolean): bigint {
  const [low, high] = unsigned ? LIMITS.u64 : LIMITS.s64;
  if (Number.isNaN(x)) {
    if (saturate) return 0n;
    throw new Trap('invalid conversion to integer');
  }
  // Infinity has no BigInt; both infinities are beyond either limit.
  const whole = Number.isFinite(x) ? BigInt(Math.trunc(x)) : x > 0 ? high + 1n : low - 1n;
  if (whole >= low && whole <= high) return whole;
  if (!saturate) throw new Trap('integer overflow', 'float to integer');
  return whole < low ? low : high;
}

/** Rounds once from 64 bits to f32: what a double would lose is kept as a sticky bit. */
function toSingle(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude < 2n ** 53n) return Number(value);
  const sticky = (magnitude & 0x7ffn) === 0n ? 0n : 1n;
  const rounded = Number(((magnitude >> 11n) | sticky) << 11n);
  return value < 0n ? -rounded : rounded;
}

/** Conversions of the 0xA7–0xBF block. */
function convert(op: number, s: Int32Array, i: number): void {
  switch (op) {
    case 0xa7: // i32.wrap_i64: the low word is there already
    case 0xbc: // reinterpretations change no bit
    case 0xbd:
    case 0xbe:
    case 0xbf:
      return;
    case 0xa8:
    case 0xa9:
      s[i] = truncate32(readSingle(s, i), op === 0xa9, false);
      return;
    case 0xaa:
    case 0xab:
      s[i] = truncate32(readDouble(s, i), op === 0xab, false);
      return;
    case 0xac:
      s[i + 1] = s[i]! >> 31;
      return;
    case 0xad:
      s[i + 1] = 0;
      return;
    case 0xae:
    case 0xaf:
      writeLong(s, i, truncate64(readSingle(s, i), op === 0xaf, false));
      return;
    case 0xb0:
    case 0xb1:
      writeLong(s, i, truncate64(readDouble(s, i), op === 0xb1, false));
      return;
    case 0xb2:
      writeSingle(s, i, s[i]!);
      return;
    case 0xb3:
      writeSingle(s, i, s[i]! >>> 0);
      return;
    case 0xb4:
      writeSingle(s, i, toSingle(readSigned(s, i)));
      return;
    case 0xb5:
      writeSingle(s, i, toSingle(readUnsigned(s, i)));
      return;
    case 0xb6:
      writeSingle(s, i, readDouble(s, i));
      return;
    case 0xb7:
      writeDouble(s, i, s[i]!);
      return;
    case 0xb8:
      writeDouble(s, i, s[i]! >>> 0);
      return;
    case 0xb9:
      writeDouble(s, i, Number(readSigned(s, i)));
      return;
    case 0xba:
      writeDouble(s, i, Number(readUnsigned(s, i)));
      return;
    default: // 0xbb f64.promote_f32
      writeDouble(s, i, readSingle(s, i));
      return;
  }
}

/** Saturating truncations: bit 0 unsigned, bit 1 from f64, bit 2 to i64. */
function saturate(index: number, s: Int32Array, i: number): void {
  const x = (index & 2) === 0 ? readSingle(s, i) : readDouble(s, i);
  const unsigned = (index & 1) === 1;
  if ((index & 4) === 0) s[i] = truncate32(x, unsigned, true);
  else writeLong(s, i, truncate64(x, unsigned, true));
}

/** Executes a floating-point or conversion instruction whose first operand is in slot `i`. */
export function floating(op: number, s: Int32Array, i: number): void {
  if (op >= 0xd0) {
    saturate(op - 0xd0, s, i);
    return;
  }
  if (op >= 0xa7) {
    convert(op, s, i);
    return;
  }
  if (op >= 0xa0) {
    if (op === 0xa6) {
      copySign(s, i + 1, i + 3);
      return;
    }
    writeDouble(s, i, two(op - 0xa0, readDouble(s, i), readDouble(s, i + 2)));
    return;
  }
  if (op >= 0x99) {
    if (op <= 0x9a) {
      sign(op - 0x99, s, i + 1);
      return;
    }
    writeDouble(s, i, one(op - 0x99, readDouble(s, i)));
    return;
  }
  if (op >= 0x92) {
    if (op === 0x98) {
      copySign(s, i, i + 1);
      return;
    }
    writeSingle(s, i, two(op - 0x92, readSingle(s, i), readSingle(s, i + 1)));
    return;
  }
  if (op >= 0x8b) {
    if (op <= 0x8c) {
      sign(op - 0x8b, s, i);
      return;
    }
    writeSingle(s, i, one(op - 0x8b, readSingle(s, i)));
    return;
  }
  if (op >= 0x61) s[i] = compare(op - 0x61, readDouble(s, i), readDouble(s, i + 2));
  else s[i] = compare(op - 0x5b, readSingle(s, i), readSingle(s, i + 1));
}
