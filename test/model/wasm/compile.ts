/**
 * A decoded module to the prepared code the interpreter runs.
 *
 * @module
 */

import { type Dead, findDeadSlots } from './liveness.ts';
import type { FunctionType, WasmModule } from './module.ts';
import { slotsOfAll, type ValueType } from './opcodes.ts';
import { constantWords, FunctionCompiler, type GlobalPlace } from './prepare.ts';

export interface CompiledFunction {
  readonly name: string;
  readonly type: FunctionType;
  readonly imported: boolean;
  /** Index of its first word in `code`. */
  readonly entry: number;
  readonly end: number;
  readonly paramSlots: number;
  readonly localSlots: number;
  readonly resultSlots: number;
  readonly frameSlots: number;
}

export interface CompiledModule {
  readonly source: WasmModule;
  readonly code: Int32Array;
  readonly tables: Int32Array;
  readonly functions: readonly CompiledFunction[];
  /** Slot of each mutable global in a thread's globals; constants are folded. */
  readonly globals: readonly { readonly name: string; readonly type: ValueType; readonly slot: number }[];
  readonly globalSlots: number;
  readonly globalInit: readonly number[];
  readonly dead: Dead;
}

/** Prepares a module. A call of an imported function traps when it is met. */
export function compile(source: WasmModule): CompiledModule {
  let globalSlots = 0;
  const globalInit: number[] = [];
  const places = source.globals.map((global): GlobalPlace => {
    const words = constantWords(global.init);
    if (!global.mutable) return { slot: -1, constant: words };
    globalInit.push(...words);
    globalSlots += words.length;
    return { slot: globalSlots - words.length, constant: undefined };
  });
  const nameOf = (kind: 'function' | 'global', index: number): string =>
    source.exports.find((e) => e.kind === kind && e.index === index)?.name ?? `${kind}${index}`;
  const compiler = new FunctionCompiler(source, places);
  const imported = source.importedFunctions.map((f): CompiledFunction => {
    const slots = { paramSlots: slotsOfAll(f.type.params), resultSlots: slotsOfAll(f.type.results) };
    const name = `${f.module}.${f.name}`;
    return { name, type: f.type, imported: true, entry: 0, end: 0, localSlots: 0, frameSlots: 0, ...slots };
  });
  const own = source.functions.map((body, i): CompiledFunction => {
    const entry = compiler.code.length;
    const frameSlots = compiler.function(body);
    return {
      name: nameOf('function', imported.length + i),
      type: body.type,
      imported: false,
      entry,
      end: compiler.code.length,
      paramSlots: slotsOfAll(body.type.params),
      localSlots: slotsOfAll([...body.type.params, ...body.locals]),
      resultSlots: slotsOfAll(body.type.results),
      frameSlots,
    };
  });
  const functions = [...imported, ...own];
  const code = Int32Array.from(compiler.code);
  const tables = Int32Array.from(compiler.tables);
  return {
    source,
    code,
    tables,
    functions,
    globals: source.globals.flatMap((global, i) =>
      global.mutable ? [{ name: nameOf('global', i), type: global.type, slot: places[i]!.slot }] : [],
    ),
    globalSlots,
    globalInit,
    dead: findDeadSlots(code, tables, functions),
  };
}
