/**
 * Faults of queues that are more than one changed instruction.
 *
 * @module
 */
import { exportedFunction, type Instruction, type WasmModule } from '../../wasm/module.ts';
import { OPCODES, opcode } from '../../wasm/opcodes.ts';

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
