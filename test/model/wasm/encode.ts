/**
 * {@link WasmModule} to bytes, so that the engine can run what the tests generate and what a mutation made.
 *
 * @module
 */

import type { FunctionType, Instruction, MemoryType, WasmModule } from './module.ts';
import { FC, FE, OPCODES, type ValueType } from './opcodes.ts';

const VALUE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const EXPORT_CODES = { function: 0, table: 1, memory: 2, global: 3 } as const;

type Bytes = readonly number[];

function unsigned(value: number): number[] {
  const out: number[] = [];
  do {
    const rest = Math.floor(value / 128);
    out.push((value % 128) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return out;
}

function signed(value: bigint): number[] {
  for (const out: number[] = []; ; ) {
    const byte = Number(value & 0x7fn);
    value >>= 7n;
    const last = (value === 0n && byte < 0x40) || (value === -1n && byte >= 0x40);
    out.push(last ? byte : byte | 0x80);
    if (last) return out;
  }
}

function word(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

function list<T>(items: readonly T[], item: (value: T, index: number) => Bytes): number[] {
  return [...unsigned(items.length), ...items.flatMap(item)];
}

function name(text: string): number[] {
  return list([...new TextEncoder().encode(text)], (byte) => [byte]);
}

function functionType(type: FunctionType): number[] {
  const types = (all: readonly ValueType[]): number[] => list(all, (t) => [VALUE_CODES[t]]);
  return [0x60, ...types(type.params), ...types(type.results)];
}

function memoryType(memory: MemoryType): number[] {
  const flags = (memory.maximum === undefined ? 0 : 1) | (memory.shared ? 2 : 0);
  return [
    flags,
    ...unsigned(memory.initial),
    ...(memory.maximum === undefined ? [] : unsigned(memory.maximum)),
  ];
}

/** The bytes of one instruction. */
export function encodeInstruction({ op, args }: Instruction): number[] {
  const known = OPCODES.get(op);
  if (known === undefined) throw new Error(`No instruction has the code ${op}`);
  const code = op >= FE ? [0xfe, ...unsigned(op - FE)] : op >= FC ? [0xfc, ...unsigned(op - FC)] : [op];
  const numbers = args.map(Number);
  switch (known.immediate) {
    case 'block':
    case 'i32':
    case 'i64':
      return [...code, ...signed(BigInt(args[0]!))];
    case 'labels':
      return [...code, ...list(numbers.slice(0, -1), unsigned), ...unsigned(numbers.at(-1)!)];
    case 'types':
      return [...code, ...list(numbers, (type) => [type])];
    case 'f32':
    case 'f64':
      return [...code, ...numbers.flatMap(word)];
    default:
      return [...code, ...numbers.flatMap(unsigned)];
  }
}

function section(id: number, content: Bytes): number[] {
  return content.length === 1 && content[0] === 0 ? [] : [id, ...unsigned(content.length), ...content];
}

/** Encodes a module. */
export function encode(module: WasmModule): Uint8Array<ArrayBuffer> {
  const types = [...module.types];
  const typeIndex = (type: FunctionType): number => {
    const text = JSON.stringify(type);
    const found = types.findIndex((t) => JSON.stringify(t) === text);
    return found >= 0 ? found : types.push(type) - 1;
  };
  const declared = list(module.functions, (f) => unsigned(typeIndex(f.type)));
  const imports = module.importedFunctions.map((f) => [
    ...name(f.module),
    ...name(f.name),
    0,
    ...unsigned(typeIndex(f.type)),
  ]);
  const { memory } = module;
  if (memory?.imported !== undefined) {
    imports.push([...name(memory.imported.module), ...name(memory.imported.name), 2, ...memoryType(memory)]);
  }
  const bodies = list(module.functions, (f) => {
    const body = [
      ...list(f.locals, (t) => [1, VALUE_CODES[t]]),
      ...f.code.flatMap((instruction) => encodeInstruction(instruction)),
    ];
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...word(0x6d736100),
    ...word(1),
    ...section(
      1,
      list(types, (t) => functionType(t)),
    ),
    ...section(
      2,
      list(imports, (bytes) => bytes),
    ),
    ...section(3, declared),
    ...section(5, list(memory === undefined || memory.imported !== undefined ? [] : [memory], memoryType)),
    ...section(
      6,
      list(module.globals, (g) => [
        VALUE_CODES[g.type],
        g.mutable ? 1 : 0,
        ...encodeInstruction(g.init),
        0x0b,
      ]),
    ),
    ...section(
      7,
      list(module.exports, (e) => [...name(e.name), EXPORT_CODES[e.kind], ...unsigned(e.index)]),
    ),
    ...(module.start === undefined ? [] : [8, unsigned(module.start).length, ...unsigned(module.start)]),
    ...section(10, bodies),
    ...section(
      11,
      list(module.data, (d) => [
        0,
        0x41,
        ...signed(BigInt(d.offset | 0)),
        0x0b,
        ...list([...d.bytes], (b) => [b]),
      ]),
    ),
  ]);
}
