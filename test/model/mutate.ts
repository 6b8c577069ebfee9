/**
 * Plants faults in a built module, so that tests can show that the checker would find them.
 *
 * Instructions are counted from 0 among those of their kind in the body of the exported function, in the order of
 * the binary. A fault that finds nothing to change throws.
 *
 * @module
 */

import { decode } from './wasm/decode.ts';
import { exportedFunction, type FunctionBody, type Instruction, type WasmModule } from './wasm/module.ts';
import { FE, OPCODES, opcode, type ValueType } from './wasm/opcodes.ts';

export type Fault = {
  /** The exported function. */
  readonly in: string;
} & (
  | {
      /**
       * `torn-cmpxchg`: load, compare, store, in two steps instead of one. `forced-cmpxchg`: stores without
       * comparing and reports success. `torn-rmw`: load and store in two steps. `dropped-store`: is left out.
       */
      readonly kind: 'torn-cmpxchg' | 'forced-cmpxchg' | 'torn-rmw' | 'dropped-store';
      readonly nth?: number;
    }
  /** The second of two loads is done before the first. Its address must not depend on what lies between them. */
  | { readonly kind: 'swapped-loads'; readonly first: number; readonly second: number }
  /** A store takes effect only after a later one. */
  | { readonly kind: 'delayed-store'; readonly nth: number; readonly after: number }
  /** The condition of an `if`, `br_if` or `select` is always this. */
  | { readonly kind: 'fixed-condition'; readonly nth: number; readonly value: 0 | 1 }
  /** The nth `i32.const` of value `from` becomes `to`. */
  | { readonly kind: 'changed-constant'; readonly from: number; readonly to: number; readonly nth?: number }
);

const DROP: Instruction = { op: opcode('drop'), args: [] };
const END: Instruction = { op: opcode('end'), args: [] };
const get = (local: number): Instruction => ({ op: opcode('local.get'), args: [local] });
const set = (local: number): Instruction => ({ op: opcode('local.set'), args: [local] });
const tee = (local: number): Instruction => ({ op: opcode('local.tee'), args: [local] });

/** Adds locals to a body while its code is rewritten. */
class Rewrite {
  readonly code: Instruction[];
  readonly #body: FunctionBody;
  readonly #locals: ValueType[];

  constructor(body: FunctionBody) {
    this.#body = body;
    this.#locals = [...body.locals];
    this.code = [...body.code];
  }

  local(type: ValueType): number {
    return this.#body.type.params.length + this.#locals.push(type) - 1;
  }

  /** Position of the nth instruction that matches. */
  find(fault: Fault, nth: number, what: string, matches: (i: Instruction) => boolean): number {
    const places = this.code.flatMap((instruction, i) => (matches(instruction) ? [i] : []));
    const place = places[nth];
    if (place === undefined) {
      throw new Error(`\`${fault.in}\` has ${places.length} ${what}: there is no number ${nth} to change`);
    }
    return place;
  }

  replace(at: number, ...by: Instruction[]): void {
    this.code.splice(at, 1, ...by);
  }

  done(): FunctionBody {
    return { ...this.#body, locals: this.#locals, code: this.code };
  }
}

function kindOf(instruction: Instruction): string | undefined {
  return OPCODES.get(instruction.op)?.access?.kind;
}

function valueTypeOf(instruction: Instruction): ValueType {
  const { takes, gives } = OPCODES.get(instruction.op)!.effect!;
  return takes[1] ?? gives[0]!;
}

/** The atomic load and store of the same width as an atomic read-modify-write. */
function halves({ op, args }: Instruction): { load: Instruction; store: Instruction } {
  const width = (op - FE - 0x1e) % 7;
  return { load: { op: FE + 0x10 + width, args }, store: { op: FE + 0x17 + width, args } };
}

function tearCompareExchange(r: Rewrite, at: number): void {
  const old = r.code[at]!;
  const type = valueTypeOf(old);
  if (OPCODES.get(old.op)!.access!.bytes < 4) throw new Error('Only cmpxchg of whole words can be torn');
  const { load, store } = halves(old);
  const [address, expected, replacement, seen] = [
    r.local('i32'),
    r.local(type),
    r.local(type),
    r.local(type),
  ];
  r.replace(
    at,
    set(replacement),
    set(expected),
    tee(address),
    load,
    tee(seen),
    get(expected),
    { op: opcode(`${type}.eq`), args: [] },
    { op: opcode('if'), args: [-64] },
    get(address),
    get(replacement),
    store,
    END,
    get(seen),
  );
}

function forceCompareExchange(r: Rewrite, at: number): void {
  const old = r.code[at]!;
  const type = valueTypeOf(old);
  const [expected, replacement] = [r.local(type), r.local(type)];
  r.replace(at, set(replacement), set(expected), get(replacement), halves(old).store, get(expected));
}

function tearReadModifyWrite(r: Rewrite, at: number): void {
  const old = r.code[at]!;
  const type = valueTypeOf(old);
  const { load, store } = halves(old);
  const operation = ['add', 'sub', 'and', 'or', 'xor'][Math.floor((old.op - FE - 0x1e) / 7)];
  const [address, operand, seen] = [r.local('i32'), r.local(type), r.local(type)];
  const combine = operation === undefined ? [] : [{ op: opcode(`${type}.${operation}`), args: [] }];
  const before = operation === undefined ? [] : [get(seen)];
  r.replace(
    at,
    set(operand),
    tee(address),
    load,
    set(seen),
    get(address),
    ...before,
    get(operand),
    ...combine,
    store,
    get(seen),
  );
}

const PURE = new Set([
  'local.get',
  'global.get',
  'i32.const',
  'i32.add',
  'i32.sub',
  'i32.mul',
  'i32.and',
  'i32.shl',
]);

/** Start of the pure expression that leaves its one value just before `at`. */
function expressionBefore(fault: Fault, code: readonly Instruction[], at: number): number {
  for (let i = at - 1, wanted = 1; i >= 0; i--) {
    const { name, effect } = OPCODES.get(code[i]!.op)!;
    if (!PURE.has(name)) break;
    wanted += (effect?.takes.length ?? 0) - 1;
    if (wanted === 0) return i;
  }
  throw new Error(`The address of the second load in \`${fault.in}\` is not simple enough to move`);
}

function swapLoads(r: Rewrite, fault: Fault & { kind: 'swapped-loads' }): void {
  const isLoad = (i: Instruction): boolean => kindOf(i) === 'load';
  const first = r.find(fault, fault.first, 'loads', isLoad);
  const second = r.find(fault, fault.second, 'loads', isLoad);
  if (second <= first) throw new Error('Expected `second` to be after `first`');
  const load = r.code[second]!;
  const address = r.code.slice(expressionBefore(fault, r.code, second), second);
  const changed = r.code.slice(first, second).some(({ op, args }) => {
    const sets = op === opcode('local.set') || op === opcode('local.tee');
    return sets && address.some((a) => a.op === opcode('local.get') && a.args[0] === args[0]);
  });
  if (changed)
    throw new Error(
      `The address of load ${fault.second} in \`${fault.in}\` is set after load ${fault.first}`,
    );
  const early = r.local(OPCODES.get(load.op)!.effect!.gives[0]!);
  r.replace(second, DROP, get(early));
  r.replace(first, ...address, load, set(early), r.code[first]!);
}

function delayStore(r: Rewrite, fault: Fault & { kind: 'delayed-store' }): void {
  const isStore = (i: Instruction): boolean => kindOf(i) === 'store';
  const at = r.find(fault, fault.nth, 'stores', isStore);
  const after = r.find(fault, fault.after, 'stores', isStore);
  if (after <= at) throw new Error('Expected `after` to be a later store than `nth`');
  const store = r.code[at]!;
  const [address, value] = [r.local('i32'), r.local(valueTypeOf(store))];
  r.replace(after, r.code[after]!, get(address), get(value), store);
  r.replace(at, set(value), set(address));
}

function plant(r: Rewrite, fault: Fault): void {
  switch (fault.kind) {
    case 'torn-cmpxchg':
    case 'forced-cmpxchg': {
      const at = r.find(fault, fault.nth ?? 0, 'cmpxchg', (i) => kindOf(i) === 'cmpxchg');
      if (fault.kind === 'torn-cmpxchg') tearCompareExchange(r, at);
      else forceCompareExchange(r, at);
      return;
    }
    case 'torn-rmw':
      tearReadModifyWrite(
        r,
        r.find(fault, fault.nth ?? 0, 'rmw', (i) => kindOf(i) === 'rmw'),
      );
      return;
    case 'dropped-store':
      r.replace(
        r.find(fault, fault.nth ?? 0, 'stores', (i) => kindOf(i) === 'store'),
        DROP,
        DROP,
      );
      return;
    case 'swapped-loads':
      swapLoads(r, fault);
      return;
    case 'delayed-store':
      delayStore(r, fault);
      return;
    case 'fixed-condition': {
      const conditions = [opcode('if'), opcode('br_if'), opcode('select'), opcode('select_t')];
      const at = r.find(fault, fault.nth, 'conditions', ({ op }) => conditions.includes(op));
      r.replace(at, DROP, { op: opcode('i32.const'), args: [fault.value] }, r.code[at]!);
      return;
    }
    case 'changed-constant': {
      const constant = opcode('i32.const');
      const what = `constants ${fault.from}`;
      const at = r.find(fault, fault.nth ?? 0, what, (i) => i.op === constant && i.args[0] === fault.from);
      r.replace(at, { op: constant, args: [fault.to] });
    }
  }
}

/**
 * A copy of the module with the faults planted, one after the other.
 *
 * @example
 * mutate(readFileSync('core.wasm'), { kind: 'swapped-loads', in: 'steal', first: 0, second: 1 });
 */
export function mutate(module: Uint8Array | WasmModule, ...faults: readonly Fault[]): WasmModule {
  const source = module instanceof Uint8Array ? decode(module) : module;
  const functions = [...source.functions];
  for (const fault of faults) {
    const index = exportedFunction(source, fault.in) - source.importedFunctions.length;
    const body = functions[index];
    if (body === undefined) throw new Error(`\`${fault.in}\` is imported`);
    const rewrite = new Rewrite(body);
    plant(rewrite, fault);
    functions[index] = rewrite.done();
  }
  return { ...source, functions };
}
