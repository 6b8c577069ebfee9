/**
 * Instructions by name, for modules written by hand or at random.
 *
 * @module
 */

import type { Instruction } from './wasm/module.ts';
import { type Opcode, opcode, type ValueType } from './wasm/opcodes.ts';

/** Immediates of constants worth trying. */
export const CONSTANTS: Readonly<Record<ValueType, readonly (readonly (number | bigint)[])[]>> = {
  i32: [[0], [1], [-1], [2], [8], [31], [64], [255], [0x7fffffff], [-0x80000000], [0x12345678], [65532]],
  i64: [
    [0n],
    [1n],
    [-1n],
    [63n],
    [2n ** 63n - 1n],
    [-(2n ** 63n)],
    [0x123456789abcdef0n],
    [2n ** 32n],
    [-5n],
  ],
  f32: [[0], [-0x80000000], [0x3fc00000], [-0x40800000], [0x7f800000], [0x7fc00000], [0x4f000000], [1]],
  f64: [
    [0, 0],
    [0, -0x80000000],
    [0, 0x3ff80000],
    [0, -0x40100000],
    [0, 0x7ff00000],
    [0, 0x7ff80000],
    [0, 0x41e00000],
    [1, 0],
  ],
};

/** Whether the NaN this instruction gives may have any bits. */
export function mayGiveAnyNaN({ name, effect }: Opcode): boolean {
  const [result] = effect?.gives ?? [];
  if (result !== 'f32' && result !== 'f64') return false;
  return !/load|const|abs|neg|copysign|reinterpret|convert/.test(name);
}

const NAN_BITS: Readonly<Record<string, readonly number[]>> = { f32: [0x7fc00000], f64: [0, 0x7ff80000] };

/** Replaces any NaN on the stack by the canonical one, through a local of its type. */
export function canonicalNaN(type: ValueType, local: number): Instruction[] {
  return [
    ins('local.tee', local),
    ins(`${type}.const`, ...NAN_BITS[type]!),
    ins('local.get', local),
    ins('local.get', local),
    ins(`${type}.eq`),
    ins('select'),
  ];
}

export function ins(name: string, ...args: (number | bigint)[]): Instruction {
  return { op: opcode(name), args };
}
