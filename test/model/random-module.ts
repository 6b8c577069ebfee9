/**
 * Random valid modules, made from a row of numbers so that fast-check can shrink them: when the numbers are used
 * up, every decision is the simplest one.
 *
 * A float result whose NaN bits the specification leaves open is made canonical at once, so that engine and
 * interpreter must agree on every bit.
 *
 * @module
 */

import { CONSTANTS, canonicalNaN, ins, mayGiveAnyNaN } from './instructions.ts';
import {
  EMPTY_BLOCK,
  type FunctionBody,
  type FunctionType,
  type Instruction,
  type WasmModule,
} from './wasm/module.ts';
import { OPCODES, type Opcode, type ValueType } from './wasm/opcodes.ts';

const TYPES: readonly ValueType[] = ['i32', 'i64', 'f32', 'f64'];
/** Globals: one mutable of each type, the fuel, an immutable one. */
const FUEL_GLOBAL = 4;
const FIXED_GLOBAL = 5;
const FUEL = 60;

const numeric = [...OPCODES.values()].filter((o) => o.code >= 0x45 && o.effect && o.access === undefined);
const numericGiving = (type: ValueType): Opcode[] => numeric.filter((o) => o.effect!.gives[0] === type);
const accesses = [...OPCODES.values()].filter((o) => o.access !== undefined);
const accessGiving = (type: ValueType): Opcode[] => accesses.filter((o) => o.effect!.gives[0] === type);
const stores = accesses.filter((o) => o.access!.kind === 'store');

const BY_TYPE = new Map(TYPES.map((t) => [t, { numeric: numericGiving(t), access: accessGiving(t) }]));

const BLOCK_CODES: Readonly<Record<ValueType, number>> = { i32: -1, i64: -2, f32: -3, f64: -4 };
const TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

class Builder {
  readonly types: FunctionType[] = [];
  readonly functions: FunctionBody[] = [];
  readonly #numbers: readonly number[];
  #next = 0;
  #code: Instruction[] = [];
  #locals: ValueType[] = [];
  /** What each enclosing label takes, innermost last. */
  #labels: (readonly ValueType[])[] = [];
  #room = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  draw(below: number): number {
    return (this.#numbers[this.#next++] ?? 0) % below;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.draw(from.length)]!;
  }

  #typeList(max: number): ValueType[] {
    return Array.from({ length: this.draw(max + 1) }, () => this.#pick(TYPES));
  }

  addFunction(last: boolean): void {
    const type = { params: this.#typeList(3), results: this.#typeList(last ? 1 : 2) };
    this.#code = [];
    // One local of each type at least; two more, which no other code names, hold NaN candidates.
    this.#locals = [...type.params, ...TYPES, ...this.#typeList(2)];
    this.#labels = [type.results];
    this.#room = 150;
    for (let n = this.draw(8); n >= 0; n--) this.#statement(4);
    this.#showLocals();
    for (const result of type.results) this.#expression(result, 3);
    this.#code.push(ins('end'));
    this.functions.push({
      type,
      locals: [...this.#locals.slice(type.params.length), 'f32', 'f64'],
      code: this.#code,
    });
  }

  /** Stores all locals, so that a wrong one is seen. */
  #showLocals(): void {
    this.#locals.forEach((type, i) => {
      const at = 0x800 + 256 * this.functions.length + 8 * i;
      this.#code.push(ins('i32.const', at), ins('local.get', i), ins(`${type}.store`, 0, 0));
    });
  }

  #emit(name: string, ...args: (number | bigint)[]): void {
    this.#code.push(ins(name, ...args));
    this.#room -= 1;
  }

  #statements(depth: number): void {
    for (let n = this.draw(4); n > 0; n--) this.#statement(depth);
  }

  #local(type: ValueType): number {
    return this.#pick(this.#locals.flatMap((t, i) => (t === type ? [i] : [])));
  }

  #blockType(type: FunctionType): number {
    if (type.params.length === 0 && type.results.length === 0) return EMPTY_BLOCK;
    const [single] = type.results;
    if (type.params.length === 0 && type.results.length === 1) return BLOCK_CODES[single!];
    return this.types.push(type) - 1;
  }

  #constant(type: ValueType): void {
    this.#emit(`${type}.const`, ...this.#pick(CONSTANTS[type]));
  }

  #expression(type: ValueType, depth: number): void {
    if (depth <= 0 || this.#room <= 0) {
      if (this.draw(2) === 0) this.#constant(type);
      else this.#emit('local.get', this.#local(type));
      return;
    }
    switch (this.draw(15)) {
      case 0:
        this.#constant(type);
        return;
      case 1:
        this.#emit('local.get', this.#local(type));
        return;
      case 2:
        if (type === 'i32' && this.draw(2) === 1) this.#emit('global.get', FIXED_GLOBAL);
        else this.#emit('global.get', TYPES.indexOf(type));
        return;
      case 3:
        this.#expression(type, depth - 1);
        this.#emit('local.tee', this.#local(type));
        return;
      case 4:
      case 5:
        this.#access(this.#pick(BY_TYPE.get(type)!.access), depth);
        return;
      case 6:
        this.#block({ params: this.#typeList(1), results: [type] }, depth);
        return;
      case 7:
        this.#expression(type, depth - 1);
        this.#expression(type, depth - 1);
        this.#expression('i32', depth - 1);
        if (this.draw(2) === 0) this.#emit('select');
        else this.#emit('select_t', TYPE_CODES[type]);
        return;
      case 8:
        this.#callGiving(type, depth);
        return;
      case 9:
        if (type === 'i32') this.#emit('memory.size', 0);
        else this.#jump(depth);
        return;
      default:
        this.#numeric(this.#pick(BY_TYPE.get(type)!.numeric), depth);
    }
  }

  #numeric(op: Opcode, depth: number): void {
    for (const type of op.effect!.takes) this.#expression(type, depth - 1);
    this.#emit(op.name);
    if (mayGiveAnyNaN(op)) {
      const [type] = op.effect!.gives;
      this.#code.push(...canonicalNaN(type!, this.#locals.length + (type === 'f32' ? 0 : 1)));
    }
  }

  #address(bytes: number, depth: number): void {
    this.#expression('i32', depth - 1);
    // Mostly aligned and inside; now and then any address at all.
    if (this.draw(8) === 0) return;
    this.#emit('i32.const', 0x3ff8 & -bytes);
    this.#emit('i32.and');
  }

  #access(op: Opcode, depth: number): void {
    const { bytes, kind, atomic } = op.access!;
    if (kind === 'copy' || kind === 'fill') {
      this.#statement(depth);
      return;
    }
    this.#address(bytes, depth);
    const [, ...values] = op.effect!.takes;
    if (kind === 'wait') {
      this.#expression('i32', depth - 1);
      this.#emit('i64.const', 0n);
    } else for (const type of values) this.#expression(type, depth - 1);
    const offset = this.draw(16) === 0 ? 0xfffc : this.draw(4) * (atomic ? bytes : 1);
    this.#emit(op.name, atomic ? Math.log2(bytes) : 0, offset);
  }

  /** A block, loop or if of this type, with its parameters before it. */
  #block(type: FunctionType, depth: number): void {
    for (const param of type.params) this.#expression(param, depth - 1);
    const kind = this.#pick(['block', 'loop', 'if'] as const);
    if (kind === 'if') this.#expression('i32', depth - 1);
    this.#emit(kind, this.#blockType(type));
    this.#labels.push(kind === 'loop' ? type.params : type.results);
    if (kind === 'loop') this.#code.push(...BURN_FUEL);
    this.#blockBody(type, depth);
    if (kind === 'if') {
      this.#emit('else');
      this.#blockBody(type, depth);
    }
    this.#labels.pop();
    this.#emit('end');
  }

  #blockBody(type: FunctionType, depth: number): void {
    for (let i = type.params.length - 1; i >= 0; i--) {
      this.#emit('local.set', this.#local(type.params[i]!));
    }
    this.#statements(depth - 1);
    for (const result of type.results) this.#expression(result, depth - 1);
  }

  #callGiving(type: ValueType, depth: number): void {
    const callable = this.functions.flatMap((f, i) => (f.type.results.at(-1) === type ? [i] : []));
    if (callable.length === 0) {
      this.#constant(type);
      return;
    }
    const index = this.#pick(callable);
    const callee = this.functions[index]!.type;
    for (const param of callee.params) this.#expression(param, depth - 1);
    this.#emit('call', index);
    if (callee.results.length === 2) {
      // Keep the upper result: the lower one is dropped from under it.
      this.#emit('local.set', this.#local(type));
      this.#emit('drop');
      this.#emit('local.get', this.#local(type));
    }
  }

  #call(depth: number): void {
    if (this.functions.length === 0) return;
    const index = this.draw(this.functions.length);
    const { params, results } = this.functions[index]!.type;
    for (const param of params) this.#expression(param, depth - 1);
    this.#emit('call', index);
    for (const _ of results) this.#emit('drop');
  }

  /** Leaves by a jump, so that what follows is unreachable; may stand for a value of any type. */
  #jump(depth: number): void {
    const depths = this.#labels.map((_, i) => i);
    const target = this.#pick(depths);
    const takes = this.#labels.at(-1 - target)!;
    switch (this.draw(4)) {
      case 0:
        for (const type of this.#labels[0]!) this.#expression(type, depth - 1);
        this.#emit('return');
        return;
      case 1: {
        const like = depths.filter((d) => this.#labels.at(-1 - d)!.join() === takes.join());
        for (const type of takes) this.#expression(type, depth - 1);
        this.#expression('i32', depth - 1);
        this.#emit('br_table', ...Array.from({ length: this.draw(4) }, () => this.#pick(like)), target);
        return;
      }
      case 2:
        if (this.draw(3) === 0) {
          this.#emit('unreachable');
          return;
        }
    }
    for (const type of takes) this.#expression(type, depth - 1);
    this.#emit('br', target);
  }

  #statement(depth: number): void {
    if (depth <= 0 || this.#room <= 0) {
      this.#emit('nop');
      return;
    }
    const type = this.#pick(TYPES);
    switch (this.draw(15)) {
      case 13:
        this.#call(depth);
        return;
      case 0:
        this.#expression(type, depth - 1);
        this.#emit('drop');
        return;
      case 1:
        this.#expression(type, depth - 1);
        this.#emit('global.set', TYPES.indexOf(type));
        return;
      case 2:
      case 3:
        this.#expression(type, depth - 1);
        this.#emit('local.set', this.#local(type));
        return;
      case 4:
      case 5:
      case 6:
        this.#access(this.#pick(stores), depth);
        return;
      case 7: {
        const block = { params: this.#typeList(1), results: this.#typeList(2) };
        this.#block(block, depth);
        for (const _ of block.results) this.#emit('drop');
        return;
      }
      case 8: {
        const target = this.draw(this.#labels.length);
        const takes = this.#labels.at(-1 - target)!;
        for (const t of takes) this.#expression(t, depth - 1);
        this.#expression('i32', depth - 1);
        this.#emit('br_if', target);
        for (const _ of takes) this.#emit('drop');
        return;
      }
      case 9:
        this.#block({ params: [], results: [] }, depth);
        return;
      case 10:
        if (this.draw(3) === 0) this.#jump(depth);
        else this.#emit('atomic.fence', 0);
        return;
      case 14:
        // Close together, so that they overlap.
        this.#emit('i32.const', this.draw(24));
        this.#emit('i32.const', this.draw(24));
        this.#emit('i32.const', this.draw(40));
        this.#emit('memory.copy', 0, 0);
        return;
      default:
        this.#address(1, depth);
        if (this.draw(2) === 0) this.#address(1, depth);
        else this.#constant('i32');
        this.#expression('i32', depth - 1);
        if (this.draw(4) !== 0) {
          this.#emit('i32.const', 31);
          this.#emit('i32.and');
        }
        if (this.draw(2) === 0) this.#emit('memory.fill', 0);
        else this.#emit('memory.copy', 0, 0);
    }
  }
}

const BURN_FUEL: readonly Instruction[] = [
  ins('global.get', FUEL_GLOBAL),
  ins('i32.eqz'),
  ins('if', EMPTY_BLOCK),
  ins('unreachable'),
  ins('end'),
  ins('global.get', FUEL_GLOBAL),
  ins('i32.const', 1),
  ins('i32.sub'),
  ins('global.set', FUEL_GLOBAL),
];

/** A module that imports a shared page as `env.memory` and exports its last function as `f`, its globals as `g0`…. */
export function randomModule(numbers: readonly number[]): WasmModule {
  const builder = new Builder(numbers);
  const count = 1 + builder.draw(3);
  for (let i = 1; i <= count; i++) builder.addFunction(i === count);
  const { types, functions } = builder;
  for (const { type } of functions) types.push(type);
  const zero: Readonly<Record<ValueType, Instruction>> = {
    i32: ins('i32.const', 0),
    i64: ins('i64.const', 0n),
    f32: ins('f32.const', 0),
    f64: ins('f64.const', 0, 0),
  };
  return {
    types,
    importedFunctions: [],
    functions,
    memory: { initial: 1, maximum: 1, shared: true, imported: { module: 'env', name: 'memory' } },
    globals: [
      ...TYPES.map((type) => ({ type, mutable: true, init: zero[type] })),
      { type: 'i32', mutable: true, init: ins('i32.const', FUEL) },
      { type: 'i32', mutable: false, init: ins('i32.const', 48) },
    ],
    exports: [
      { name: 'f', kind: 'function', index: count - 1 },
      ...TYPES.map((_, index) => ({ name: `g${index}`, kind: 'global' as const, index })),
    ],
    data: [],
  };
}
