import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { AddressSpace } from './address-space.ts';
import { instantiate, isTrap } from './engine.ts';
import { canonicalNaN, ins, mayGiveAnyNaN } from './instructions.ts';
import { Machine } from './machine.ts';
import { call, done, type Result } from './program.ts';
import { randomModule } from './random-module.ts';
import { Snapshots } from './snapshot.ts';
import { DONE, STATUS } from './thread-state.ts';
import { compile } from './wasm/compile.ts';
import { decode } from './wasm/decode.ts';
import { encode } from './wasm/encode.ts';
import type { WasmModule } from './wasm/module.ts';
import { OPCODES, type Opcode, type ValueType } from './wasm/opcodes.ts';
import { Trap } from './wasm/trap.ts';
import { readValue, type Value } from './wasm/values.ts';

vi.setConfig({ testTimeout: 600_000 });

/** How many random programs to run; raise it to search longer. */
const { MODEL_FUZZ_RUNS } = process.env;
const PAGE = 65536;

/** What a call left behind. */
interface Effect {
  readonly result: Result;
  readonly trap: string | undefined;
  readonly globals: readonly Value[];
  readonly memory: Int32Array;
}

/** The engine's messages, by the reason the interpreter gives. */
const TRAPS: readonly (readonly [string, RegExp])[] = [
  ['unreachable', /^unreachable$/],
  ['divide by zero', /(divide|remainder) by zero/],
  ['integer overflow', /unrepresentable/],
  ['invalid conversion to integer', /unrepresentable in integer/],
  ['out of bounds memory access', /out of bounds/],
  // An access may be both; the engine then names the one it tests first.
  ['unaligned atomic', /unaligned|out of bounds/],
];

function seed(memory: Int32Array): void {
  for (let i = 0; i < 1024; i++) memory[i] = Math.imul(i + 1, 0x9e3779b1) >> (i % 3 === 0 ? 24 : 0);
}

function onEngine(module: WasmModule, args: readonly Value[]): Effect {
  const instance = instantiate(encode(module));
  seed(instance.memory);
  let result: Result;
  let trap: string | undefined;
  try {
    result = instance.call('f', args);
  } catch (error) {
    if (!isTrap(error)) throw error;
    trap = error.message;
  }
  const globals = [0, 1, 2, 3].map((i) => instance.global(`g${i}`));
  return { result, trap, globals, memory: instance.memory };
}

function machineFor(module: WasmModule, program?: Machine['threads'][number]['program']): Machine {
  const space = new AddressSpace([{ name: 'page', start: 0, words: PAGE / 4 }], [[]], {}, PAGE);
  const machine = new Machine(space, compile(decode(encode(module))), [
    { name: 'main', program, registers: [] },
  ]);
  seed(machine.s.subarray(0, PAGE / 4));
  return machine;
}

function effectOf(machine: Machine, run: () => Result): Effect {
  let result: Result;
  let trap: string | undefined;
  try {
    result = run();
  } catch (error) {
    if (!(error instanceof Trap)) throw error;
    trap = error.reason;
  }
  const { globals } = machine.places[0]!;
  return {
    result,
    trap,
    globals: machine
      .module!.globals.slice(0, 4)
      .map(({ type, slot }) => readValue(machine.s, globals + slot, type)),
    memory: machine.s.subarray(0, PAGE / 4),
  };
}

function inOneGo(module: WasmModule, args: readonly Value[]): Effect {
  const machine = machineFor(module);
  return effectOf(machine, () => machine.callDirect(0, 'f', args));
}

/** Stops before every access, keeps nothing but the packed state, and forgets everything else. */
function inSteps(module: WasmModule, args: readonly Value[]): Effect {
  let result: Result;
  let calls = 0;
  const machine = machineFor(module, (_, last) => {
    result = last;
    return calls++ === 0 ? call('f', ...args) : done;
  });
  const snapshots = new Snapshots(machine);
  const { base } = machine.places[0]!;
  return effectOf(machine, () => {
    machine.start(0);
    while (machine.s[base + STATUS] !== DONE) {
      const globals = machine.s.slice(machine.places[0]!.globals, machine.places[0]!.returns);
      snapshots.pack();
      machine.s.fill(0x5a5a5a5a);
      snapshots.unpack(snapshots.packed, 0);
      expect(machine.s.slice(machine.places[0]!.globals, machine.places[0]!.returns)).toEqual(globals);
      if (machine.canStep(0)) machine.step(0);
      else machine.timeOut(0);
    }
    return result;
  });
}

/** The first word in which two memories differ, or -1. */
function differing(mine: Int32Array, theirs: Int32Array): number {
  return mine.findIndex((word, i) => word !== theirs[i]);
}

function expectSame(actual: Effect, engine: Effect): void {
  const outcome = ({ trap, result }: Effect): Outcome => (trap === undefined ? { value: result } : { trap });
  expectSameOutcome(outcome(actual), outcome(engine), 'f');
  expect(actual.globals).toEqual(engine.globals);
  expect(differing(actual.memory, engine.memory)).toBe(-1);
}

const EDGES: Readonly<Record<ValueType, readonly Value[]>> = {
  i32: [0, 1, -1, 2, 7, -8, 31, 32, 33, 255, 0x80, 0x8000, 0x7fffffff, -0x80000000, 0x12345678],
  i64: [
    0n,
    1n,
    -1n,
    7n,
    -8n,
    63n,
    64n,
    0x80n,
    0x8000n,
    0x80000000n,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ].concat([0xfedcba987654321n, 0x4000004000000001n, -0x4000004000000001n]),
  f32: [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    1e10,
    -1e10,
    2147483520,
    9.2e18,
    1.9e19,
    1e-45,
    Infinity,
    -Infinity,
    NaN,
  ],
  f64: [
    0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, 0.9999, -0.9999, 2147483647.5, 2147483648, -2147483648.9, -2147483649,
  ].concat([
    4294967295.9,
    4294967296,
    2 ** 63 - 1024,
    2 ** 63,
    -(2 ** 63),
    -(2 ** 63) - 2048,
    2 ** 64 - 2048,
    2 ** 64,
    2 ** 51 + 0.5,
    2 ** 51 + 1.5,
    5e-324,
    1.7e308,
    Infinity,
    -Infinity,
    NaN,
  ]),
};

const numeric = [...OPCODES.values()].filter(
  (o) => o.code >= 0x45 && o.effect && o.access === undefined && o.code < 0x100,
);

const accesses = [...OPCODES.values()].filter((o) => o.immediate === 'memory');

/** Exports every instruction of a list as a function of its name, on its operands. */
function moduleOfEach(list: readonly Opcode[]): WasmModule {
  const types = list.map(({ effect }) => ({ params: effect!.takes, results: effect!.gives }));
  return {
    types,
    importedFunctions: [],
    functions: list.map((op, i) => {
      const { params, results } = types[i]!;
      const fix = mayGiveAnyNaN(op) ? canonicalNaN(results[0]!, params.length) : [];
      const operands = params.map((_, p) => ins('local.get', p));
      const { access } = op;
      const immediates = access === undefined ? [] : [access.atomic ? Math.log2(access.bytes) : 0, 8];
      const code = [...operands, ins(op.name, ...immediates), ...fix, ins('end')];
      return { type: types[i]!, locals: results, code };
    }),
    memory: { initial: 1, maximum: 1, shared: true, imported: { module: 'env', name: 'memory' } },
    globals: [],
    exports: list.map(({ name }, index) => ({ name, kind: 'function', index })),
    data: [],
  };
}

type Outcome = { readonly value: Result } | { readonly trap: string };

function outcomeOf(run: () => Result): Outcome {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof Trap) return { trap: error.reason };
    if (isTrap(error)) return { trap: error.message };
    throw error;
  }
}

function expectSameOutcome(mine: Outcome, theirs: Outcome, what: string): void {
  if ('trap' in mine && 'trap' in theirs) {
    const messages = TRAPS.filter(([reason]) => reason === mine.trap).map(([, message]) => message);
    expect(
      messages.some((message) => message.test(theirs.trap)),
      `${what}: ${theirs.trap}`,
    ).toBe(true);
  } else expect(mine, what).toEqual(theirs);
}

describe('the interpreter and the engine', () => {
  const module = moduleOfEach([...numeric, ...accesses]);
  const machine = machineFor(module);
  const instance = instantiate(encode(module));
  const compare = (name: string, args: readonly Value[]): void => {
    const mine = outcomeOf(() => machine.callDirect(0, name, args));
    const theirs = outcomeOf(() => instance.call(name, args));
    expectSameOutcome(mine, theirs, `${name}(${args.map((x) => (Object.is(x, -0) ? '-0' : x))})`);
  };

  it.each(numeric.map((op) => [op.name, op] as const))('agree on the edges of %s', (name, op) => {
    const [first, second] = op.effect!.takes;
    for (const a of EDGES[first!]) {
      if (second === undefined) compare(name, [a]);
      else for (const b of EDGES[second]) compare(name, [a, b]);
    }
  });

  it.each(accesses.map((op) => [op.name, op] as const))('agree on %s at all alignments', (name, op) => {
    const [, second, third] = op.effect!.takes;
    const waits = op.access!.kind === 'wait';
    for (const address of [16, 17, 18, 19, 20, 23, 24, 65523, 65524, 65527, 65528, -1]) {
      for (const b of second === undefined ? [undefined] : EDGES[second]) {
        for (const c of third === undefined
          ? [undefined]
          : waits
            ? [0n]
            : [...EDGES[third].slice(0, 5), b!]) {
          seed(instance.memory);
          seed(machine.s.subarray(0, PAGE / 4));
          // What is expected is there in one of the cases.
          instance.memory[6] = machine.s[6] = -1;
          instance.memory[7] = machine.s[7] = -1;
          compare(
            name,
            [address, b, c].filter((x) => x !== undefined),
          );
          expect(differing(machine.s.subarray(0, 1024), instance.memory.subarray(0, 1024))).toBe(-1);
        }
      }
    }
    expect(differing(machine.s.subarray(0, PAGE / 4), instance.memory)).toBe(-1);
  });

  const program = fc.array(fc.nat({ max: 0x7fff }), { maxLength: 400, size: 'max' });
  const ARGS: Readonly<Record<ValueType, readonly Value[]>> = {
    i32: [3, -7],
    i64: [5n, -9n],
    f32: [1.5, -0],
    f64: [-2.25, NaN],
  };
  const argsFor = (module: WasmModule): Value[] =>
    module.functions.at(-1)!.type.params.map((type, i) => ARGS[type][i % 2]!);

  it('agree on random programs, run in one go and stopped before every access', () => {
    fc.assert(
      fc.property(program, (numbers) => {
        const module = randomModule(numbers);
        const args = argsFor(module);
        const engine = onEngine(module, args);
        expectSame(inOneGo(module, args), engine);
        expectSame(inSteps(module, args), engine);
      }),
      { numRuns: Number(MODEL_FUZZ_RUNS ?? 300) },
    );
  });

  it('random programs use every instruction the decoder knows, and end in every kind of trap', () => {
    const used = new Set<number>();
    const ends = new Set<string>();
    for (const numbers of fc.sample(program, { numRuns: 1500, seed: 1 })) {
      const module = randomModule(numbers);
      for (const f of module.functions) for (const { op } of f.code) used.add(op);
      const { trap } = inOneGo(module, argsFor(module));
      ends.add(trap ?? 'none');
    }
    expect([...OPCODES.values()].filter((o) => !used.has(o.code)).map((o) => o.name)).toEqual([]);
    expect([...ends].sort()).toEqual(['none', ...TRAPS.map(([reason]) => reason)].sort());
  });

  it('decoding an encoded module gives it back', () => {
    fc.assert(
      fc.property(program, (numbers) => {
        const { types: _, ...module } = randomModule(numbers);
        const { types: __, ...decoded } = decode(encode({ ...module, types: _ }));
        expect(decoded).toEqual(module);
      }),
      { numRuns: 50 },
    );
  });
});
