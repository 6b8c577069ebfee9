/**
 * Prepares a module for stepping. A frame is a window of 32-bit slots: locals, then the value stack, whose height
 * is known at every instruction; so each prepared instruction names the slot `p` of its first operand, its
 * operands follow it, and its result replaces it. Four words each: `op, p, x, y`.
 *
 * Codes keep their meaning, except for those that the jump targets and widths change:
 *
 * | op | prepared meaning |
 * | --- | --- |
 * | `br` 0x0c | jump to `x` |
 * | `br_if` 0x0d, 0x11 | jump to `x` if slot `p` is not zero, is zero |
 * | `br_table` 0x0e | jump to `tables[x + min(slot p, y)]` |
 * | `return` 0x0f | `x` result slots from `p` |
 * | `call` 0x10 | function `x`; its frame starts at slot `p`, so arguments and results stay where they are |
 * | `select` 0x1b, 0x1c | of one slot, of two slots |
 * | `local.get` 0x20, 0x21 | slot `p` becomes slot `x`, the same for two slots (`set` and `tee` are these too) |
 * | `global.get` 0x23, 0x25; `global.set` 0x24, 0x26 | of one slot, of two slots; `x` is the global's slot |
 * | `const` 0x41, 0x42 | of one slot, of two slots |
 * | memory access | `x` is the offset (as int32) |
 *
 * @module
 */

import {
  blockType,
  type FunctionBody,
  type FunctionType,
  type Instruction,
  type WasmModule,
} from './module.ts';
import { OPCODES, slotsOf, slotsOfAll, type ValueType } from './opcodes.ts';

/** Words of one prepared instruction. */
export const STRIDE = 4;

/** The bits of a constant instruction as one or two words. */
export function constantWords({ op, args }: Instruction): number[] {
  if (op !== 0x42) return args.map((value) => Number(value) | 0);
  const value = BigInt(args[0]!);
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}

interface Control {
  readonly kind: 'function' | 'block' | 'loop' | 'if';
  readonly base: number;
  readonly below: number;
  readonly type: FunctionType;
  readonly start: number;
  /** Words to set to the address of the end. */
  readonly toEnd: number[];
  toElse: number;
}

export interface GlobalPlace {
  readonly slot: number;
  readonly constant: readonly number[] | undefined;
}

export class FunctionCompiler {
  readonly code: number[] = [];
  readonly tables: number[] = [];
  readonly #module: WasmModule;
  readonly #types: readonly FunctionType[];
  readonly #globals: readonly GlobalPlace[];
  #localAt: number[] = [];
  #localTypes: ValueType[] = [];
  #stack: ValueType[] = [];
  #top = 0;
  #highest = 0;
  #controls: Control[] = [];

  constructor(module: WasmModule, globals: readonly GlobalPlace[]) {
    this.#module = module;
    this.#globals = globals;
    this.#types = [...module.importedFunctions.map((f) => f.type), ...module.functions.map((f) => f.type)];
  }

  /** Appends the code of one function; returns how many slots its frame needs. */
  function(body: FunctionBody): number {
    this.#localTypes = [...body.type.params, ...body.locals];
    this.#localAt = [];
    this.#top = 0;
    for (const type of this.#localTypes) {
      this.#localAt.push(this.#top);
      this.#top += slotsOf(type);
    }
    this.#stack = [];
    this.#highest = this.#top;
    this.#controls = [];
    this.#open('function', { params: [], results: body.type.results });
    this.#sequence(body.code);
    return this.#highest;
  }

  #sequence(code: readonly Instruction[]): void {
    let unreachable = 0;
    for (const instruction of code) {
      const { op } = instruction;
      if (unreachable > 0) {
        if (op >= 0x02 && op <= 0x04) unreachable += 1;
        if (op === 0x0b) unreachable -= 1;
        if (unreachable > 1 || (unreachable === 1 && op !== 0x05)) continue;
        unreachable = 0;
        if (op === 0x0b) this.#end(false);
        else this.#else(false);
      } else {
        this.#instruction(instruction);
        if (op === 0x00 || op === 0x0c || op === 0x0e || op === 0x0f) unreachable = 1;
      }
    }
  }

  #emit(op: number, p: number, x = 0, y = 0): number {
    return this.code.push(op, p, x, y) - STRIDE;
  }

  #push(type: ValueType): number {
    const at = this.#top;
    this.#stack.push(type);
    this.#top += slotsOf(type);
    this.#highest = Math.max(this.#highest, this.#top);
    return at;
  }

  #pop(): ValueType {
    const type = this.#stack.pop()!;
    this.#top -= slotsOf(type);
    return type;
  }

  #open(kind: Control['kind'], type: FunctionType): void {
    const below = this.#stack.length - type.params.length;
    const base = this.#top - slotsOfAll(type.params);
    this.#controls.push({ kind, base, below, type, start: this.code.length, toEnd: [], toElse: -1 });
  }

  #reset(control: Control, types: readonly ValueType[]): void {
    this.#stack.length = control.below;
    this.#top = control.base;
    for (const type of types) this.#push(type);
  }

  #else(reachable: boolean): void {
    const control = this.#controls.at(-1)!;
    if (reachable) control.toEnd.push(this.#emit(0x0c, 0) + 2);
    this.code[control.toElse] = this.code.length;
    control.toElse = -1;
    this.#reset(control, control.type.params);
  }

  #end(reachable: boolean): void {
    const control = this.#controls.pop()!;
    if (control.toElse >= 0) this.code[control.toElse] = this.code.length;
    for (const at of control.toEnd) this.code[at] = this.code.length;
    const used = reachable || control.toEnd.length > 0 || control.toElse >= 0;
    this.#reset(control, control.type.results);
    if (control.kind === 'function' && used) this.#return();
  }

  #return(): void {
    const width = slotsOfAll(this.#controls[0]?.type.results ?? this.#stack);
    this.#emit(0x0f, this.#top - width, width);
  }

  #target(depth: number): { control: Control; from: number; slots: number } {
    const control = this.#controls.at(-1 - depth)!;
    const slots = slotsOfAll(control.kind === 'loop' ? control.type.params : control.type.results);
    return { control, from: this.#top - slots, slots };
  }

  #jumpTo(depth: number, op: number, p: number): void {
    const { control } = this.#target(depth);
    const at = this.#emit(op, p, control.start) + 2;
    if (control.kind !== 'loop') control.toEnd.push(at);
  }

  /** Moves what the label takes down to where it expects it, then jumps. */
  #branch(depth: number): void {
    const { control, from, slots } = this.#target(depth);
    if (from !== control.base) {
      for (let i = 0; i < slots; i++) this.#emit(0x20, control.base + i, from + i);
    }
    this.#jumpTo(depth, 0x0c, 0);
  }

  #branchIf(depth: number): void {
    this.#pop();
    const condition = this.#top;
    const { control, from, slots } = this.#target(depth);
    if (slots === 0 || from === control.base) {
      this.#jumpTo(depth, 0x0d, condition);
      return;
    }
    const skip = this.#emit(0x11, condition) + 2;
    this.#branch(depth);
    this.code[skip] = this.code.length;
  }

  #branchTable(depths: readonly number[]): void {
    this.#pop();
    const table = this.tables.length;
    this.#emit(0x0e, this.#top, table, depths.length - 1);
    this.tables.push(...depths);
    depths.forEach((depth, i) => {
      this.tables[table + i] = this.code.length;
      this.#branch(depth);
    });
  }

  #move(to: number, from: number, type: ValueType): void {
    this.#emit(slotsOf(type) === 1 ? 0x20 : 0x21, to, from);
  }

  #constant(words: readonly number[], type: ValueType): void {
    this.#emit(slotsOf(type) === 1 ? 0x41 : 0x42, this.#push(type), words[0]!, words[1] ?? 0);
  }

  #instruction(instruction: Instruction): void {
    const { op, args } = instruction;
    const x = Number(args[0] ?? 0);
    switch (op) {
      case 0x00: // unreachable
        this.#emit(op, 0);
        return;
      case 0x01: // nop
      case 0x103: // atomic.fence: every step is sequentially consistent already
        return;
      case 0x02: // block
      case 0x03: // loop
        this.#open(op === 0x02 ? 'block' : 'loop', blockType(this.#module.types, x));
        return;
      case 0x04: {
        this.#pop();
        const toElse = this.#emit(0x11, this.#top) + 2;
        this.#open('if', blockType(this.#module.types, x));
        this.#controls.at(-1)!.toElse = toElse;
        return;
      }
      case 0x05:
        this.#else(true);
        return;
      case 0x0b:
        this.#end(true);
        return;
      case 0x0c:
        this.#branch(x);
        return;
      case 0x0d:
        this.#branchIf(x);
        return;
      case 0x0e:
        this.#branchTable(args.map(Number));
        return;
      case 0x0f:
        this.#return();
        return;
      case 0x10: {
        const type = this.#types[x]!;
        for (const _ of type.params) this.#pop();
        this.#emit(op, this.#top, x);
        for (const result of type.results) this.#push(result);
        return;
      }
      case 0x1a: // drop
        this.#pop();
        return;
      case 0x1b:
      case 0x1c: {
        this.#pop();
        const type = this.#pop();
        this.#emit(slotsOf(type) === 1 ? 0x1b : 0x1c, this.#top - slotsOf(type));
        return;
      }
      case 0x20: {
        const type = this.#localTypes[x]!;
        this.#move(this.#push(type), this.#localAt[x]!, type);
        return;
      }
      case 0x21: {
        const type = this.#pop();
        this.#move(this.#localAt[x]!, this.#top, type);
        return;
      }
      case 0x22: {
        const type = this.#stack.at(-1)!;
        this.#move(this.#localAt[x]!, this.#top - slotsOf(type), type);
        return;
      }
      case 0x23: {
        const { type } = this.#module.globals[x]!;
        const place = this.#globals[x]!;
        if (place.constant !== undefined) {
          this.#constant(place.constant, type);
          return;
        }
        this.#emit(slotsOf(type) === 1 ? 0x23 : 0x25, this.#push(type), place.slot);
        return;
      }
      case 0x24: {
        const type = this.#pop();
        this.#emit(slotsOf(type) === 1 ? 0x24 : 0x26, this.#top, this.#globals[x]!.slot);
        return;
      }
      case 0x41:
      case 0x42:
      case 0x43:
      case 0x44:
        this.#constant(constantWords(instruction), OPCODES.get(op)!.effect!.gives[0]!);
        return;
      default:
        this.#plain(op, args);
        return;
    }
  }

  #plain(op: number, args: Instruction['args']): void {
    const { effect, access, name } = OPCODES.get(op)!;
    if (effect === undefined) throw new Error(`\`${name}\` is not known to the checker's compiler`);
    for (const _ of effect.takes) this.#pop();
    this.#emit(op, this.#top, access === undefined ? 0 : Number(args[1] ?? 0) | 0);
    for (const type of effect.gives) this.#push(type);
  }
}
