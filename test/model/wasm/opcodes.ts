/**
 * The instructions the checker knows, in one table: the decoder and the encoder read the immediates from it, the
 * compiler the stack effect, the random programs of the tests pick from it.
 *
 * Codes are the binary ones, made dense so that a switch over them is a jump table: `0xFC n` is `0xD0 + n`,
 * `0xFE n` is `0x100 + n`.
 *
 * @module
 */

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

/** What follows an opcode in the binary. */
export type Immediate =
  | 'none'
  | 'block'
  | 'label'
  | 'labels'
  | 'index'
  | 'types'
  | 'memory'
  | 'zero'
  | 'zeros'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64';

/** How an instruction touches memory. */
export interface Access {
  readonly kind: 'load' | 'store' | 'rmw' | 'cmpxchg' | 'notify' | 'wait' | 'copy' | 'fill';
  readonly bytes: 1 | 2 | 4 | 8;
  readonly atomic: boolean;
  /** Whether a narrow load extends the sign. */
  readonly signed: boolean;
}

export interface Opcode {
  readonly code: number;
  readonly name: string;
  readonly immediate: Immediate;
  /** Types taken from the stack and put on it; absent for instructions whose effect depends on the context. */
  readonly effect?: { readonly takes: readonly ValueType[]; readonly gives: readonly ValueType[] };
  readonly access?: Access;
}

export const FC = 0xd0;
export const FE = 0x100;

const TYPES: Readonly<Record<string, ValueType>> = { i: 'i32', l: 'i64', f: 'f32', d: 'f64' };

function effectOf(signature: string): { takes: ValueType[]; gives: ValueType[] } {
  const [takes = '', gives = ''] = signature.split(':');
  return { takes: [...takes].map((c) => TYPES[c]!), gives: [...gives].map((c) => TYPES[c]!) };
}

const rows: Opcode[] = [];

function add(
  code: number,
  name: string,
  immediate: Immediate,
  signature?: string,
  access?: Partial<Access>,
): void {
  rows.push({
    code,
    name,
    immediate,
    ...(signature === undefined ? {} : { effect: effectOf(signature) }),
    ...(access === undefined
      ? {}
      : { access: { kind: 'load', bytes: 4, atomic: false, signed: false, ...access } }),
  });
}

/** Consecutive codes from `first` with one signature. */
function run(first: number, prefix: string, names: string, signature: string): void {
  names.split(' ').forEach((name, i) => {
    add(first + i, `${prefix}.${name}`, 'none', signature);
  });
}

add(0x00, 'unreachable', 'none');
add(0x01, 'nop', 'none', ':');
add(0x02, 'block', 'block');
add(0x03, 'loop', 'block');
add(0x04, 'if', 'block');
add(0x05, 'else', 'none');
add(0x0b, 'end', 'none');
add(0x0c, 'br', 'label');
add(0x0d, 'br_if', 'label');
add(0x0e, 'br_table', 'labels');
add(0x0f, 'return', 'none');
add(0x10, 'call', 'index');
add(0x1a, 'drop', 'none');
add(0x1b, 'select', 'none');
add(0x1c, 'select_t', 'types');
add(0x20, 'local.get', 'index');
add(0x21, 'local.set', 'index');
add(0x22, 'local.tee', 'index');
add(0x23, 'global.get', 'index');
add(0x24, 'global.set', 'index');
add(0x3f, 'memory.size', 'zero', ':i');
add(0x41, 'i32.const', 'i32', ':i');
add(0x42, 'i64.const', 'i64', ':l');
add(0x43, 'f32.const', 'f32', ':f');
add(0x44, 'f64.const', 'f64', ':d');

const LOADS = [
  ['i32.load', 'i:i', 4],
  ['i64.load', 'i:l', 8],
  ['f32.load', 'i:f', 4],
  ['f64.load', 'i:d', 8],
  ['i32.load8_s', 'i:i', 1],
  ['i32.load8_u', 'i:i', 1],
  ['i32.load16_s', 'i:i', 2],
  ['i32.load16_u', 'i:i', 2],
  ['i64.load8_s', 'i:l', 1],
  ['i64.load8_u', 'i:l', 1],
  ['i64.load16_s', 'i:l', 2],
  ['i64.load16_u', 'i:l', 2],
  ['i64.load32_s', 'i:l', 4],
  ['i64.load32_u', 'i:l', 4],
] as const;
LOADS.forEach(([name, signature, bytes], i) => {
  add(0x28 + i, name, 'memory', signature, { kind: 'load', bytes, signed: name.endsWith('_s') });
});

const STORES = [
  ['i32.store', 'ii:', 4],
  ['i64.store', 'il:', 8],
  ['f32.store', 'if:', 4],
  ['f64.store', 'id:', 8],
  ['i32.store8', 'ii:', 1],
  ['i32.store16', 'ii:', 2],
  ['i64.store8', 'il:', 1],
  ['i64.store16', 'il:', 2],
  ['i64.store32', 'il:', 4],
] as const;
STORES.forEach(([name, signature, bytes], i) => {
  add(0x36 + i, name, 'memory', signature, { kind: 'store', bytes });
});

const COMPARE = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const COUNT = 'clz ctz popcnt';
const INTEGER = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const FLOAT_COMPARE = 'eq ne lt gt le ge';
const FLOAT_ONE = 'abs neg ceil floor trunc nearest sqrt';
const FLOAT_TWO = 'add sub mul div min max copysign';
run(0x45, 'i32', 'eqz', 'i:i');
run(0x46, 'i32', COMPARE, 'ii:i');
run(0x50, 'i64', 'eqz', 'l:i');
run(0x51, 'i64', COMPARE, 'll:i');
run(0x5b, 'f32', FLOAT_COMPARE, 'ff:i');
run(0x61, 'f64', FLOAT_COMPARE, 'dd:i');
run(0x67, 'i32', COUNT, 'i:i');
run(0x6a, 'i32', INTEGER, 'ii:i');
run(0x79, 'i64', COUNT, 'l:l');
run(0x7c, 'i64', INTEGER, 'll:l');
run(0x8b, 'f32', FLOAT_ONE, 'f:f');
run(0x92, 'f32', FLOAT_TWO, 'ff:f');
run(0x99, 'f64', FLOAT_ONE, 'd:d');
run(0xa0, 'f64', FLOAT_TWO, 'dd:d');
run(0xa7, 'i32', 'wrap_i64', 'l:i');
run(0xa8, 'i32', 'trunc_f32_s trunc_f32_u', 'f:i');
run(0xaa, 'i32', 'trunc_f64_s trunc_f64_u', 'd:i');
run(0xac, 'i64', 'extend_i32_s extend_i32_u', 'i:l');
run(0xae, 'i64', 'trunc_f32_s trunc_f32_u', 'f:l');
run(0xb0, 'i64', 'trunc_f64_s trunc_f64_u', 'd:l');
run(0xb2, 'f32', 'convert_i32_s convert_i32_u', 'i:f');
run(0xb4, 'f32', 'convert_i64_s convert_i64_u', 'l:f');
run(0xb6, 'f32', 'demote_f64', 'd:f');
run(0xb7, 'f64', 'convert_i32_s convert_i32_u', 'i:d');
run(0xb9, 'f64', 'convert_i64_s convert_i64_u', 'l:d');
run(0xbb, 'f64', 'promote_f32', 'f:d');
run(0xbc, 'i32', 'reinterpret_f32', 'f:i');
run(0xbd, 'i64', 'reinterpret_f64', 'd:l');
run(0xbe, 'f32', 'reinterpret_i32', 'i:f');
run(0xbf, 'f64', 'reinterpret_i64', 'l:d');
run(0xc0, 'i32', 'extend8_s extend16_s', 'i:i');
run(0xc2, 'i64', 'extend8_s extend16_s extend32_s', 'l:l');
run(FC, 'i32', 'trunc_sat_f32_s trunc_sat_f32_u', 'f:i');
run(FC + 2, 'i32', 'trunc_sat_f64_s trunc_sat_f64_u', 'd:i');
run(FC + 4, 'i64', 'trunc_sat_f32_s trunc_sat_f32_u', 'f:l');
run(FC + 6, 'i64', 'trunc_sat_f64_s trunc_sat_f64_u', 'd:l');
add(FC + 10, 'memory.copy', 'zeros', 'iii:', { kind: 'copy', bytes: 1 });
add(FC + 11, 'memory.fill', 'zero', 'iii:', { kind: 'fill', bytes: 1 });

add(FE, 'memory.atomic.notify', 'memory', 'ii:i', { kind: 'notify', atomic: true });
add(FE + 1, 'memory.atomic.wait32', 'memory', 'iil:i', { kind: 'wait', atomic: true });
add(FE + 3, 'atomic.fence', 'zero', ':');

const WIDTHS = [
  ['i32', '', 'i', 4],
  ['i64', '', 'l', 8],
  ['i32', '8', 'i', 1],
  ['i32', '16', 'i', 2],
  ['i64', '8', 'l', 1],
  ['i64', '16', 'l', 2],
  ['i64', '32', 'l', 4],
] as const;
WIDTHS.forEach(([type, narrow, t, bytes], i) => {
  const unsigned = narrow === '' ? '' : '_u';
  const atomic = { bytes, atomic: true };
  add(FE + 0x10 + i, `${type}.atomic.load${narrow}${unsigned}`, 'memory', `i:${t}`, atomic);
  add(FE + 0x17 + i, `${type}.atomic.store${narrow}`, 'memory', `i${t}:`, { ...atomic, kind: 'store' });
  ['add', 'sub', 'and', 'or', 'xor', 'xchg'].forEach((operation, j) => {
    const name = `${type}.atomic.rmw${narrow}.${operation}${unsigned}`;
    add(FE + 0x1e + 7 * j + i, name, 'memory', `i${t}:${t}`, { ...atomic, kind: 'rmw' });
  });
  const name = `${type}.atomic.rmw${narrow}.cmpxchg${unsigned}`;
  add(FE + 0x48 + i, name, 'memory', `i${t}${t}:${t}`, { ...atomic, kind: 'cmpxchg' });
});

/** Every instruction known, by dense code. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(rows.map((row) => [row.code, row]));

const byName = new Map(rows.map((row) => [row.name, row.code]));

/** The dense code of an instruction by its text-format name. Throws for an unknown name. */
export function opcode(name: string): number {
  const code = byName.get(name);
  if (code === undefined) throw new Error(`No instruction is called \`${name}\``);
  return code;
}

/** How many 32-bit slots a value of this type takes in a frame. */
export function slotsOf(type: ValueType): 1 | 2 {
  return type === 'i64' || type === 'f64' ? 2 : 1;
}

export function slotsOfAll(types: readonly ValueType[]): number {
  return types.reduce((sum, type) => sum + slotsOf(type), 0);
}
