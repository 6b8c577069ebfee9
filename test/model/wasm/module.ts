/**
 * A WebAssembly module as data: what the decoder makes, mutations rewrite, the encoder writes back.
 *
 * @module
 */

import type { ValueType } from './opcodes.ts';

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/**
 * One instruction. `args` are its immediates in binary order: a block type as its signed number, `[align, offset]`
 * of a memory instruction, the bits of a float constant as signed 32-bit words (low word first).
 */
export interface Instruction {
  readonly op: number;
  readonly args: readonly (number | bigint)[];
}

export interface FunctionBody {
  readonly type: FunctionType;
  /** Locals after the parameters. */
  readonly locals: readonly ValueType[];
  /** Flat, with the closing `end`. */
  readonly code: readonly Instruction[];
}

export interface Global {
  readonly type: ValueType;
  readonly mutable: boolean;
  /** The single constant instruction that gives its first value. */
  readonly init: Instruction;
}

export interface MemoryType {
  readonly initial: number;
  readonly maximum?: number;
  readonly shared: boolean;
}

export interface Import {
  readonly module: string;
  readonly name: string;
}

export interface WasmModule {
  readonly types: readonly FunctionType[];
  /** Imported functions come first in the index space. The checker traps when one is called. */
  readonly importedFunctions: readonly (Import & { readonly type: FunctionType })[];
  readonly functions: readonly FunctionBody[];
  readonly memory?: MemoryType & { readonly imported?: Import };
  readonly globals: readonly Global[];
  readonly exports: readonly {
    readonly name: string;
    readonly kind: 'function' | 'table' | 'memory' | 'global';
    readonly index: number;
  }[];
  readonly start?: number;
  readonly data: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** Block type meaning "no parameters, no result". */
export const EMPTY_BLOCK: number = -64;

const BLOCK_RESULTS: ReadonlyMap<number, ValueType> = new Map([
  [-1, 'i32'],
  [-2, 'i64'],
  [-3, 'f32'],
  [-4, 'f64'],
]);

/** The function type a block type stands for. */
export function blockType(types: readonly FunctionType[], code: number): FunctionType {
  if (code === EMPTY_BLOCK) return { params: [], results: [] };
  const single = BLOCK_RESULTS.get(code);
  if (single !== undefined) return { params: [], results: [single] };
  const type = types[code];
  if (type === undefined) throw new Error(`Unknown block type ${code}`);
  return type;
}

/** The index of the exported function in the whole index space. Throws for a name not exported. */
export function exportedFunction(module: WasmModule, name: string): number {
  const found = module.exports.find((e) => e.kind === 'function' && e.name === name);
  if (found === undefined) {
    const names = module.exports.filter((e) => e.kind === 'function').map((e) => e.name);
    throw new Error(`The module exports no function \`${name}\`. It exports: ${names.join(', ')}`);
  }
  return found.index;
}
