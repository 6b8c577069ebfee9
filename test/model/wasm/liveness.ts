/**
 * Which slots of a frame can no longer be read, at every place where a thread can be stopped. Two threads that
 * differ only in such a slot have the same future; clearing them before hashing keeps the state space small.
 *
 * @module
 */

import type { CompiledFunction } from './compile.ts';
import { OPCODES, slotsOfAll } from './opcodes.ts';
import { STRIDE } from './prepare.ts';

/**
 * For the instruction at word `pc`: its frame holds `height[pc / 4]` slots while a thread is stopped there (before
 * the access) or while the callee runs (above the call), and of these the ones listed in `pool` from
 * `first[pc / 4]` to `first[pc / 4 + 1]` are dead.
 */
export interface Dead {
  readonly height: Int32Array;
  readonly first: Int32Array;
  readonly pool: Int32Array;
}

interface Effect {
  /** Operand slots, from `p`. */
  readonly takes: number;
  readonly gives: number;
  readonly extraUse: bigint;
  readonly next: readonly number[];
}

function range(from: number, count: number): bigint {
  return ((1n << BigInt(count)) - 1n) << BigInt(from);
}

function effectAt(
  code: Int32Array,
  tables: Int32Array,
  functions: readonly CompiledFunction[],
  pc: number,
): Effect {
  const [op, , x, y] = code.subarray(pc, pc + STRIDE) as unknown as [number, number, number, number];
  const after = [pc + STRIDE];
  switch (op) {
    case 0x00:
      return { takes: 0, gives: 0, extraUse: 0n, next: [] };
    case 0x0c:
      return { takes: 0, gives: 0, extraUse: 0n, next: [x] };
    case 0x0d:
    case 0x11:
      return { takes: 1, gives: 0, extraUse: 0n, next: [x, ...after] };
    case 0x0e:
      return { takes: 1, gives: 0, extraUse: 0n, next: [...tables.subarray(x, x + y + 1)] };
    case 0x0f:
      return { takes: x, gives: 0, extraUse: 0n, next: [] };
    case 0x10: {
      const callee = functions[x]!;
      return { takes: callee.paramSlots, gives: callee.resultSlots, extraUse: 0n, next: after };
    }
    case 0x1b:
      return { takes: 3, gives: 1, extraUse: 0n, next: after };
    case 0x1c:
      return { takes: 5, gives: 2, extraUse: 0n, next: after };
    case 0x20:
      return { takes: 0, gives: 1, extraUse: range(x, 1), next: after };
    case 0x21:
      return { takes: 0, gives: 2, extraUse: range(x, 2), next: after };
    case 0x23:
    case 0x41:
      return { takes: 0, gives: 1, extraUse: 0n, next: after };
    case 0x25:
    case 0x42:
      return { takes: 0, gives: 2, extraUse: 0n, next: after };
    case 0x24:
      return { takes: 1, gives: 0, extraUse: 0n, next: after };
    case 0x26:
      return { takes: 2, gives: 0, extraUse: 0n, next: after };
    default: {
      const { takes, gives } = OPCODES.get(op)!.effect!;
      return { takes: slotsOfAll(takes), gives: slotsOfAll(gives), extraUse: 0n, next: after };
    }
  }
}

/** A backward data-flow analysis over each function. */
export function findDeadSlots(
  code: Int32Array,
  tables: Int32Array,
  functions: readonly CompiledFunction[],
): Dead {
  const count = code.length / STRIDE;
  const height = new Int32Array(count);
  const first = new Int32Array(count + 1);
  const pool: number[] = [];
  const stops: { readonly at: number; readonly live: bigint; readonly slots: number }[] = [];
  for (const { entry, end } of functions) {
    const length = (end - entry) / STRIDE;
    const effects = Array.from({ length }, (_, i) => effectAt(code, tables, functions, entry + i * STRIDE));
    const liveIn = new Array<bigint>(length).fill(0n);
    const liveOut = new Array<bigint>(length).fill(0n);
    for (let changed = true; changed; ) {
      changed = false;
      for (let i = length - 1; i >= 0; i--) {
        const effect = effects[i]!;
        const p = code[entry + i * STRIDE + 1]!;
        const out = effect.next.reduce((live, pc) => live | liveIn[(pc - entry) / STRIDE]!, 0n);
        const into = (out & ~range(p, effect.gives)) | range(p, effect.takes) | effect.extraUse;
        liveOut[i] = out;
        if (into !== liveIn[i]) {
          liveIn[i] = into;
          changed = true;
        }
      }
    }
    for (let i = 0; i < length; i++) {
      const op = code[entry + i * STRIDE]!;
      const p = code[entry + i * STRIDE + 1]!;
      const at = entry / STRIDE + i;
      if (op === 0x10) stops.push({ at, live: liveOut[i]! & ~range(p, effects[i]!.gives), slots: p });
      else if (OPCODES.get(op)?.access !== undefined) {
        stops.push({ at, live: liveIn[i]!, slots: p + effects[i]!.takes });
      }
    }
  }
  let next = 0;
  for (let at = 0; at < count; at++) {
    first[at] = pool.length;
    const stop = stops[next];
    if (stop === undefined || stop.at !== at) continue;
    next += 1;
    height[at] = stop.slots;
    for (let slot = 0; slot < stop.slots; slot++) {
      if (((stop.live >> BigInt(slot)) & 1n) === 0n) pool.push(slot);
    }
  }
  first[count] = pool.length;
  return { height, first, pool: Int32Array.from(pool) };
}
