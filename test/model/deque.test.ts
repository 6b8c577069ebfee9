import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  explore,
  type Program,
  type Report,
  type Result,
  type Step,
  sequence,
  type View,
} from './explore.ts';
import { buildFixture } from './fixtures/build.ts';
import { type Fault, mutate } from './mutate.ts';
import type { WasmModule } from './wasm/module.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let module: Uint8Array;

beforeAll(async () => {
  module = await buildFixture('deque.as');
});

type Operation = 'push' | 'pop' | 'steal' | 'stealTwo' | 'popAndReset';

/** Register 0: position. Register 1: the next value to push. Register 2: bit mask of what was taken. Register 3: last value stolen. */
const REGISTERS = [0, 1, 0, 0];
const LABELS = { top: 0, bottom: 4, slots: 8 };

function note(r: number[], value: number): Step | undefined {
  if ((r[2]! & (1 << value)) !== 0) return { op: 'fail', message: `got ${value} twice` };
  r[2]! |= 1 << value;
  return undefined;
}

function take(r: number[], result: Result, thief: boolean): Step | undefined {
  const value = Number(result);
  if (value <= 0) return undefined;
  if (thief && value <= r[3]!) return { op: 'fail', message: `stole ${value} after ${r[3]}` };
  if (thief) r[3] = value;
  if (value < 256) return note(r, value);
  return note(r, value >> 8) ?? note(r, value & 255);
}

function operations(list: readonly Operation[]): Program {
  return sequence(
    list.flatMap((name): Parameters<typeof sequence>[0] =>
      name === 'push'
        ? [
            (r) => ({ op: 'call', name, args: [0, r[1]!] }),
            (r, done) => {
              r[1]! += Number(done);
            },
          ]
        : [{ op: 'call', name, args: [0] }, (r, x) => take(r, x, name === 'steal' || name === 'stealTwo')],
    ),
  );
}

interface Case {
  readonly owner: readonly Operation[];
  readonly thieves: readonly (readonly Operation[])[];
  readonly start?: number;
}

function check(binary: Uint8Array | WasmModule, { owner, thieves, start = 0 }: Case): Report {
  const names = ['owner', ...thieves.map((_, i) => `thief${i}`)];
  const taken = (view: View): number[] => names.map((name) => view.registers(name)[2]!);
  return explore({
    module: binary,
    regions: [{ name: 'deque', start: 0, words: 6 }],
    labels: LABELS,
    setup: (memory) => {
      memory.store(LABELS.top, start);
      memory.store(LABELS.bottom, start);
    },
    threads: [owner, ...thieves].map((list, i) => ({
      name: names[i]!,
      program: operations(list),
      registers: REGISTERS,
    })),
    invariant: (view) => {
      let all = 0;
      for (const mask of taken(view)) {
        if ((all & mask) !== 0) return `item ${31 - Math.clz32(all & mask)} was taken twice`;
        all |= mask;
      }
      return undefined;
    },
    end: (view) => {
      let all = taken(view).reduce((sum, mask) => sum | mask, 0);
      const top = view.load(LABELS.top);
      const left = (view.load(LABELS.bottom) - top) | 0;
      for (let i = 0; i < left; i++) {
        const value = view.load(LABELS.slots + 4 * ((top + i) & 3));
        if ((all & (1 << value)) !== 0) return `item ${value} was taken and is still there`;
        all |= 1 << value;
      }
      const pushed = (1 << view.registers('owner')[1]!) - 2;
      return all === pushed ? undefined : `items ${(pushed & ~all).toString(2)} (mask) are lost`;
    },
  });
}

const MIX: readonly Operation[] = ['push', 'push', 'pop', 'push', 'pop', 'pop', 'push'];
const STARTS = [0, 0x7ffffffe, -2];

describe('the fixture deque', () => {
  it.each(STARTS)('gives each item exactly once, and thieves the oldest first, from index %i', (start) => {
    for (const thieves of [
      [['steal', 'steal', 'steal']],
      [
        ['steal', 'steal'],
        ['steal', 'steal'],
      ],
    ] as const) {
      const report = check(module, { owner: MIX, thieves, start });
      expect(report.violation?.text).toBeUndefined();
      expect(report.ends).toBeGreaterThan(3);
    }
  });

  it('is explored alike wherever its indices start', () => {
    const counts = STARTS.map((start) => {
      const { states, transitions, ends } = check(module, {
        owner: MIX,
        thieves: [['steal', 'steal']],
        start,
      });
      return { states, transitions, ends };
    });
    expect(counts[1]).toEqual(counts[0]);
    expect(counts[2]).toEqual(counts[0]);
  });

  it('refuses to push beyond its capacity, and then goes on', () => {
    const owner: Operation[] = ['push', 'push', 'push', 'push', 'push', 'push', 'pop', 'pop'];
    const report = check(module, { owner, thieves: [['steal', 'steal']], start: -2 });
    expect(report.violation?.text).toBeUndefined();
  });

  it('touches nothing but its slots plainly where threads meet', () => {
    const { plain } = check(module, { owner: MIX, thieves: [['steal', 'steal']] });
    expect(plain.map((p) => p.label).filter((label) => !label.startsWith('slots'))).toEqual([]);
  });
});

describe('the checker finds, in the deque,', () => {
  const twoThieves = [
    ['steal', 'steal'],
    ['steal', 'steal'],
  ] as const;
  const faults: readonly (readonly [string, readonly Fault[], RegExp])[] = [
    [
      'bottom loaded before top in steal',
      [{ kind: 'swapped-loads', in: 'steal', first: 0, second: 1 }],
      /twice/,
    ],
    ['the last-item compare-exchange forced in pop', [{ kind: 'forced-cmpxchg', in: 'pop' }], /twice/],
    ['a torn compare-exchange in pop', [{ kind: 'torn-cmpxchg', in: 'pop' }], /twice/],
    ['a forced compare-exchange in steal', [{ kind: 'forced-cmpxchg', in: 'steal' }], /twice/],
    ['a torn compare-exchange in steal', [{ kind: 'torn-cmpxchg', in: 'steal' }], /twice/],
    [
      'bottom published before its slot is written',
      [{ kind: 'delayed-store', in: 'push', nth: 0, after: 1 }],
      /stole|lost|twice/,
    ],
    ['a slot that is not written', [{ kind: 'dropped-store', in: 'push', nth: 0 }], /lost/],
    ['bottom not reserved in pop', [{ kind: 'dropped-store', in: 'pop', nth: 0 }], /twice|lost|still there/],
    ['bottom not restored in pop', [{ kind: 'dropped-store', in: 'pop', nth: 1 }], /lost|twice|still there/],
  ];
  it.each(faults)('%s', (_, planted, message) => {
    for (const start of STARTS) {
      const report = check(mutate(module, ...planted), { owner: MIX, thieves: twoThieves, start });
      expect(report.violation?.message).toMatch(message);
      expect(report.violation!.trace.length).toBeGreaterThan(0);
    }
  });

  it('a thief that takes two items by one compare-exchange', () => {
    const owner: Operation[] = ['push', 'push', 'push', 'pop', 'pop'];
    const report = check(module, { owner, thieves: [['stealTwo']] });
    expect(report.violation?.message).toMatch(/taken twice/);
  });

  it('indices that start over', () => {
    const owner: Operation[] = ['push', 'push', 'popAndReset', 'popAndReset', 'push', 'push', 'popAndReset'];
    const report = check(module, { owner, thieves: [['steal', 'steal']] });
    expect(report.violation?.message).toMatch(/lost|twice|still there|stole/);
  });
});
