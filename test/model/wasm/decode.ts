/**
 * Bytes to {@link WasmModule}. It trusts the binary to be valid: what reaches it has been through `asc` or the
 * engine. What the checker cannot execute is refused here, by name.
 *
 * @module
 */

import type { FunctionType, Global, Instruction, MemoryType, WasmModule } from './module.ts';
import { FC, FE, OPCODES, type ValueType } from './opcodes.ts';

const VALUE_TYPES: Readonly<Record<number, ValueType>> = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64' };
const EXPORT_KINDS = ['function', 'table', 'memory', 'global'] as const;

class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new Error(`The wasm binary ends early, at byte ${this.at}`);
    this.at += 1;
    return value;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  signed(): bigint {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return BigInt.asIntN(Number(shift), value);
    }
  }

  word(): number {
    const value = this.view.getInt32(this.at, true);
    this.at += 4;
    return value;
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.unsigned() }, item);
  }

  valueType(): ValueType {
    const code = this.byte();
    const type = VALUE_TYPES[code];
    if (type === undefined) throw new Error(`Value type 0x${code.toString(16)} is not known to the checker`);
    return type;
  }

  functionType(): FunctionType {
    const form = this.byte();
    if (form !== 0x60) throw new Error(`Type form 0x${form.toString(16)} is not known to the checker`);
    return { params: this.list(() => this.valueType()), results: this.list(() => this.valueType()) };
  }

  memoryType(): MemoryType {
    const flags = this.byte();
    if (flags > 3) throw new Error(`Memory flags 0x${flags.toString(16)} are not known to the checker`);
    const initial = this.unsigned();
    const shared = (flags & 2) !== 0;
    return (flags & 1) !== 0 ? { initial, maximum: this.unsigned(), shared } : { initial, shared };
  }

  instruction(): Instruction {
    const start = this.at;
    const first = this.byte();
    const prefix = first === 0xfc ? FC : first === 0xfe ? FE : 0;
    const rest = prefix === 0 ? first : this.unsigned();
    const op = prefix + rest;
    const known = OPCODES.get(op);
    // Dense codes of prefixed instructions start at 0xD0: a plain byte there, or a long 0xFC one, is another one.
    if (known === undefined || (prefix === 0 && rest >= FC) || (prefix === FC && op >= FE)) {
      const spelling = `0x${rest.toString(16).padStart(2, '0')}`;
      throw new Error(
        `Opcode ${prefix === 0 ? '' : `0x${first.toString(16)} `}${spelling} at byte ${start} is not known to the checker`,
      );
    }
    return { op, args: this.#args(known.immediate) };
  }

  #args(immediate: string): (number | bigint)[] {
    switch (immediate) {
      case 'none':
        return [];
      case 'block':
      case 'i32':
        return [Number(this.signed())];
      case 'label':
      case 'index':
      case 'zero':
        return [this.unsigned()];
      case 'labels':
        return [...this.list(() => this.unsigned()), this.unsigned()];
      case 'types':
        return this.list(() => this.byte());
      case 'memory':
      case 'zeros':
        return [this.unsigned(), this.unsigned()];
      case 'i64':
        return [this.signed()];
      case 'f32':
        return [this.word()];
      case 'f64':
        return [this.word(), this.word()];
      default:
        throw new Error(`Unknown immediate ${immediate}`);
    }
  }

  expression(): Instruction[] {
    const code: Instruction[] = [];
    for (let depth = 1; depth > 0; ) {
      const instruction = this.instruction();
      if (instruction.op >= 0x02 && instruction.op <= 0x04) depth += 1;
      if (instruction.op === 0x0b) depth -= 1;
      code.push(instruction);
    }
    return code;
  }

  constant(): Instruction {
    const code = this.expression();
    const [init] = code;
    if (code.length !== 2 || init === undefined || init.op < 0x41 || init.op > 0x44) {
      throw new Error('The checker knows only plain constants as initial values');
    }
    return init;
  }
}

/** Decodes a module. Throws an error that names the opcode or section it does not know. */
export function decode(bytes: Uint8Array): WasmModule {
  const r = new Reader(bytes);
  if (r.word() !== 0x6d736100 || r.word() !== 1) throw new Error('Not a WebAssembly module of version 1');
  let types: FunctionType[] = [];
  let declared: number[] = [];
  const importedFunctions: WasmModule['importedFunctions'][number][] = [];
  let memory: WasmModule['memory'];
  let globals: Global[] = [];
  let exports: WasmModule['exports'] = [];
  let start: number | undefined;
  let bodies: { locals: ValueType[]; code: Instruction[] }[] = [];
  let data: WasmModule['data'] = [];

  const readImport = (): void => {
    const from = { module: r.name(), name: r.name() };
    const kind = r.byte();
    if (kind === 0) importedFunctions.push({ ...from, type: types[r.unsigned()]! });
    else if (kind === 2) memory = { ...r.memoryType(), imported: from };
    else throw new Error(`Import ${from.module}.${from.name}: only functions and memory can be imported`);
  };
  const readBody = (): { locals: ValueType[]; code: Instruction[] } => {
    r.unsigned();
    const locals = r
      .list(() => {
        const count = r.unsigned();
        return new Array<ValueType>(count).fill(r.valueType());
      })
      .flat();
    return { locals, code: r.expression() };
  };
  const readData = (): WasmModule['data'][number] => {
    const kind = r.unsigned();
    if (kind !== 0) throw new Error(`Data segment kind ${kind} is not known to the checker`);
    const offset = r.constant();
    return { offset: Number(offset.args[0]) >>> 0, bytes: r.take(r.unsigned()) };
  };

  while (r.at < bytes.length) {
    const id = r.byte();
    const length = r.unsigned();
    const end = r.at + length;
    if (id === 1) types = r.list(() => r.functionType());
    else if (id === 2) r.list(readImport);
    else if (id === 3) declared = r.list(() => r.unsigned());
    else if (id === 5) memory = r.list(() => r.memoryType())[0];
    else if (id === 6) {
      globals = r.list(() => ({ type: r.valueType(), mutable: r.byte() === 1, init: r.constant() }));
    } else if (id === 7) {
      exports = r.list(() => ({ name: r.name(), kind: EXPORT_KINDS[r.byte()]!, index: r.unsigned() }));
    } else if (id === 8) start = r.unsigned();
    else if (id === 10) bodies = r.list(readBody);
    else if (id === 11) data = r.list(readData);
    else if (id !== 0 && id !== 4 && id !== 9 && id !== 12) throw new Error(`Section ${id} is not known`);
    // Names, tables and elements are of no use without call_indirect, which is refused where it is met.
    r.at = end;
  }
  return {
    types,
    importedFunctions,
    functions: bodies.map((body, i) => ({ type: types[declared[i]!]!, ...body })),
    ...(memory === undefined ? {} : { memory }),
    globals,
    exports,
    ...(start === undefined ? {} : { start }),
    data,
  };
}
