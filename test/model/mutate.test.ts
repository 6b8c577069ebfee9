import { beforeAll, describe, expect, it, vi } from 'vitest';
import { instantiate } from './engine.ts';
import { buildFixture } from './fixtures/build.ts';
import { ins } from './instructions.ts';
import { type Fault, mutate } from './mutate.ts';
import { encode } from './wasm/encode.ts';
import type { Instruction, WasmModule } from './wasm/module.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let deque: Uint8Array;

beforeAll(async () => {
  deque = await buildFixture('deque.as');
});

/** `f(a)` runs `code`, which leaves an i32. */
function moduleOf(code: readonly Instruction[]): WasmModule {
  return {
    types: [],
    importedFunctions: [],
    functions: [{ type: { params: ['i32'], results: ['i32'] }, locals: [], code: [...code, ins('end')] }],
    memory: { initial: 1, maximum: 1, shared: true, imported: { module: 'env', name: 'memory' } },
    globals: [],
    exports: [{ name: 'f', kind: 'function', index: 0 }],
    data: [],
  };
}

/** What the engine makes of `f(argument)` and of the first words of memory, which were 10, 20, 30. */
function run(module: WasmModule, argument: number): readonly unknown[] {
  const instance = instantiate(encode(module));
  instance.memory.set([10, 20, 30]);
  return [instance.call('f', [argument]), ...instance.memory.subarray(0, 3)];
}

const address = ins('local.get', 0);
const constant = (value: number): Instruction => ins('i32.const', value);

describe('a planted fault', () => {
  const swap = moduleOf([address, constant(10), constant(11), ins('i32.atomic.rmw.cmpxchg', 2, 0)]);
  const add = moduleOf([address, constant(5), ins('i32.atomic.rmw.add', 2, 0)]);
  const stores = moduleOf([
    ...[address, constant(1), ins('i32.store', 2, 0)],
    ...[address, constant(2), ins('i32.store', 2, 0)],
    constant(7),
  ]);
  const cases: readonly (readonly [
    string,
    WasmModule,
    Fault,
    number,
    readonly number[],
    readonly number[],
  ])[] = [
    [
      'torn-cmpxchg that matches',
      swap,
      { in: 'f', kind: 'torn-cmpxchg' },
      0,
      [10, 11, 20, 30],
      [10, 11, 20, 30],
    ],
    [
      'torn-cmpxchg that fails',
      swap,
      { in: 'f', kind: 'torn-cmpxchg' },
      4,
      [20, 10, 20, 30],
      [20, 10, 20, 30],
    ],
    ['forced-cmpxchg', swap, { in: 'f', kind: 'forced-cmpxchg' }, 4, [20, 10, 20, 30], [10, 10, 11, 30]],
    ['torn-rmw', add, { in: 'f', kind: 'torn-rmw' }, 0, [10, 15, 20, 30], [10, 15, 20, 30]],
    ['dropped-store', stores, { in: 'f', kind: 'dropped-store', nth: 1 }, 0, [7, 2, 20, 30], [7, 1, 20, 30]],
    [
      'delayed-store',
      stores,
      { in: 'f', kind: 'delayed-store', nth: 0, after: 1 },
      0,
      [7, 2, 20, 30],
      [7, 1, 20, 30],
    ],
    [
      'changed-constant',
      add,
      { in: 'f', kind: 'changed-constant', from: 5, to: 6 },
      0,
      [10, 15, 20, 30],
      [10, 16, 20, 30],
    ],
  ];
  it.each(cases)('%s does what it says on the engine', (_, module, fault, argument, before, after) => {
    expect(run(module, argument)).toEqual(before);
    expect(run(mutate(module, fault), argument)).toEqual(after);
  });

  it('fixed-condition takes the other way', () => {
    const choose = moduleOf([constant(1), constant(2), address, ins('select')]);
    expect(run(choose, 0)[0]).toBe(2);
    expect(run(mutate(choose, { in: 'f', kind: 'fixed-condition', nth: 0, value: 1 }), 0)[0]).toBe(1);
  });

  it('swapped-loads changes the order and nothing else', () => {
    // The load of word 4 sees what lies between the two only when it is not moved.
    const module = moduleOf([
      ...[address, ins('i32.load', 2, 0)],
      ...[address, constant(99), ins('i32.store', 2, 4)],
      ...[address, ins('i32.load', 2, 4), ins('i32.sub')],
    ]);
    expect(run(module, 0)[0]).toBe(10 - 99);
    expect(run(mutate(module, { in: 'f', kind: 'swapped-loads', first: 0, second: 1 }), 0)[0]).toBe(10 - 20);
  });

  it('leaves the rest of the module as the engine expects it', () => {
    const faults: Fault[] = [
      { in: 'steal', kind: 'swapped-loads', first: 0, second: 1 },
      { in: 'pop', kind: 'torn-cmpxchg' },
      { in: 'push', kind: 'delayed-store', nth: 0, after: 1 },
    ];
    const instance = instantiate(encode(mutate(deque, ...faults)));
    expect(instance.call('push', [0, 7])).toBe(1);
    expect(instance.call('push', [0, 8])).toBe(1);
    expect(instance.call('steal', [0])).toBe(7);
    expect(instance.call('pop', [0])).toBe(8);
    expect(instance.call('pop', [0])).toBe(0);
  });

  const nothing: readonly (readonly [Fault, RegExp])[] = [
    [{ in: 'vanish', kind: 'torn-cmpxchg' }, /exports no function `vanish`/],
    [{ in: 'push', kind: 'torn-cmpxchg' }, /`push` has 0 cmpxchg/],
    [{ in: 'steal', kind: 'forced-cmpxchg', nth: 1 }, /`steal` has 1 cmpxchg/],
    [{ in: 'steal', kind: 'torn-rmw' }, /has 0 rmw/],
    [{ in: 'push', kind: 'dropped-store', nth: 2 }, /has 2 stores/],
    [{ in: 'push', kind: 'delayed-store', nth: 1, after: 0 }, /later store/],
    [{ in: 'steal', kind: 'swapped-loads', first: 0, second: 9 }, /loads/],
    [{ in: 'steal', kind: 'swapped-loads', first: 0, second: 2 }, /is set after load 0|not simple enough/],
    [{ in: 'steal', kind: 'fixed-condition', nth: 9, value: 0 }, /conditions/],
    [{ in: 'steal', kind: 'changed-constant', from: 4711, to: 0 }, /constants 4711/],
  ];
  it.each(nothing)('that finds nothing to change throws: %o', (fault, message) => {
    expect(() => mutate(deque, fault)).toThrow(message);
  });
});
