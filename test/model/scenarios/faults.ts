/**
 * Faults that are more than one changed instruction, or in a function the core keeps to itself.
 *
 * @module
 */
import { exportedFunction, type Instruction, type WasmModule } from '../wasm/module.ts';
import { OPCODES, opcode } from '../wasm/opcodes.ts';

type Code = readonly Instruction[];

/** The module with the code of one exported function rewritten, which gets two more int32 locals. */
export function rewritten(
  module: WasmModule,
  name: string,
  rewrite: (code: Code, first: number) => Instruction[],
): WasmModule {
  const index = exportedFunction(module, name) - module.importedFunctions.length;
  const functions = [...module.functions];
  const body = functions[index]!;
  const first = body.type.params.length + body.locals.length;
  functions[index] = {
    ...body,
    locals: [...body.locals, 'i32', 'i32'],
    code: rewrite(body.code, first),
  };
  return { ...module, functions };
}

const plain = (name: string, ...args: number[]): Instruction => ({ op: opcode(name), args });

function position(code: Code, name: string, nth: number): number {
  const places = code.flatMap(({ op }, i) => (OPCODES.get(op)!.name === name ? [i] : []));
  const place = places[nth];
  if (place === undefined) throw new Error(`There are ${places.length} \`${name}\`: no number ${nth}`);
  return place;
}

/** The nth instruction of that name becomes another one. */
export function exchanged(
  module: WasmModule,
  name: string,
  from: string,
  to: string,
  nth: number = 0,
): WasmModule {
  return rewritten(module, name, (code) =>
    code.map((instruction, i) => {
      return i === position(code, from, nth) ? { ...instruction, op: opcode(to) } : instruction;
    }),
  );
}

/** A taker that reads the item only after its compare-exchange: the last plain load before it moves behind it. */
export function readsTooLate(module: WasmModule, name: string): WasmModule {
  return rewritten(module, name, (code, address) => {
    const exchange = position(code, 'i32.atomic.rmw.cmpxchg', 0);
    const read = code.slice(0, exchange).findLastIndex(({ op }) => OPCODES.get(op)!.name === 'i32.load');
    const choice = code.findIndex(({ op }, i) => i > exchange && OPCODES.get(op)!.name === 'select');
    const won = address + 1;
    return [
      ...code.slice(0, read),
      plain('local.set', address),
      plain('i32.const', 0),
      ...code.slice(read + 1, choice),
      plain('local.set', won),
      plain('drop'),
      plain('local.get', address),
      code[read]!,
      plain('local.get', won),
      ...code.slice(choice),
    ];
  });
}

/** A read-modify-write without a result that takes effect only after the nth call of another function. */
export function updatesAfterCall(module: WasmModule, name: string, update: string, nth: number): WasmModule {
  return rewritten(module, name, (code, address) => {
    const at = position(code, update, nth);
    const callee = position(code, 'call', 0);
    const value = address + 1;
    return [
      ...code.slice(0, at),
      plain('local.set', value),
      plain('local.set', address),
      // The result was dropped.
      ...code.slice(at + 2, callee + 1),
      plain('local.get', address),
      plain('local.get', value),
      code[at]!,
      plain('drop'),
      ...code.slice(callee + 1),
    ];
  });
}

/** The nth instruction of that name, which takes an address and a value (a cmpxchg: two) and gives one, is left out. */
export function without(module: WasmModule, name: string, instruction: string, nth: number = 0): WasmModule {
  return rewritten(module, name, (code) => {
    const at = position(code, instruction, nth);
    const operands = instruction.endsWith('cmpxchg') ? 3 : 2;
    const nothing = [...Array.from({ length: operands }, () => plain('drop')), plain('i32.const', 0)];
    return [...code.slice(0, at), ...nothing, ...code.slice(at + 1)];
  });
}

/** The module with the nth function that an exported one calls exported too, so that faults can be planted in it. */
export function exposed(module: WasmModule, caller: string, nth: number, name: string): WasmModule {
  const index = exportedFunction(module, caller) - module.importedFunctions.length;
  const { code } = module.functions[index]!;
  const callee = Number(code[position(code, 'call', nth)]!.args[0]);
  return { ...module, exports: [...module.exports, { name, kind: 'function', index: callee }] };
}

/**
 * The nth store or update of that name takes effect only after another instruction. Its address and value are computed
 * where they were; an update's result must be dropped.
 */
export function movedBehind(
  module: WasmModule,
  name: string,
  [moved, nth]: readonly [name: string, nth: number],
  [behind, after]: readonly [name: string, nth: number],
): WasmModule {
  return rewritten(module, name, (code, address) => {
    const at = position(code, moved, nth);
    const place = position(code, behind, after);
    if (place <= at) throw new Error('Expected the other instruction to be a later one');
    const value = address + 1;
    const drop = moved.includes('.rmw.') ? [plain('drop')] : [];
    return [
      ...code.slice(0, at),
      plain('local.set', value),
      plain('local.set', address),
      ...code.slice(at + 1 + drop.length, place + 1),
      plain('local.get', address),
      plain('local.get', value),
      code[at]!,
      ...drop,
      ...code.slice(place + 1),
    ];
  });
}
