/**
 * Runs one thread's wasm on the flat state, up to the next access to shared memory.
 *
 * @module
 */

import { DEPTH, FRAME, PC, type Place } from '../thread-state.ts';
import { Violation } from '../violation.ts';
import type { CompiledModule } from './compile.ts';
import { floating } from './floats.ts';
import { countOnes, countTrailingZeros, integer64 } from './integers.ts';
import type { MemoryUnit } from './memory.ts';
import { STRIDE } from './prepare.ts';
import { Trap } from './trap.ts';

/** Why a thread stopped: before a shared access, with the outermost call's results in its first slots, asleep. */
export type Stop = 'access' | 'returned' | 'asleep';

/** Backward jumps and calls a thread may make between two shared accesses before it is held to loop for ever. */
const FUEL = 1_000_000;

export class Interpreter {
  readonly #s: Int32Array;
  readonly #module: CompiledModule;
  readonly #memory: MemoryUnit;
  readonly #pages: number;
  readonly #entry: Int32Array;
  readonly #paramSlots: Int32Array;
  readonly #localSlots: Int32Array;
  readonly #frameSlots: Int32Array;

  constructor(s: Int32Array, module: CompiledModule, memory: MemoryUnit, pages: number) {
    this.#s = s;
    this.#module = module;
    this.#memory = memory;
    this.#pages = pages;
    const { functions } = module;
    this.#entry = Int32Array.from(functions, (f) => (f.imported ? -1 : f.entry));
    this.#paramSlots = Int32Array.from(functions, (f) => f.paramSlots);
    this.#localSlots = Int32Array.from(functions, (f) => f.localSlots);
    this.#frameSlots = Int32Array.from(functions, (f) => f.frameSlots);
  }

  /** Makes the thread's stack one frame of `fn`; its arguments are in the first slots already. */
  enter(place: Place, fn: number): void {
    const s = this.#s;
    s[place.base + DEPTH] = 0;
    s[place.base + FRAME] = 0;
    s[place.base + PC] = this.#begin(place, fn, place.slots);
  }

  #begin(place: Place, fn: number, frame: number): number {
    const entry = this.#entry[fn]!;
    if (entry < 0) throw new Trap('imported function called', this.#module.functions[fn]!.name);
    if (frame + this.#frameSlots[fn]! > place.slots + place.maxSlots) throw new Trap('call stack exhausted');
    this.#s.fill(0, frame + this.#paramSlots[fn]!, frame + this.#localSlots[fn]!);
    return entry;
  }

  /** Clears dead slots, so that threads with the same future have the same words. */
  canonicalize(place: Place): void {
    const s = this.#s;
    const { code, dead } = this.#module;
    let pc = s[place.base + PC]!;
    let frame = place.slots + s[place.base + FRAME]!;
    for (let depth = s[place.base + DEPTH]!; ; depth--) {
      const at = pc / STRIDE;
      for (let i = dead.first[at]!; i < dead.first[at + 1]!; i++) s[frame + dead.pool[i]!] = 0;
      if (depth === 0) return;
      pc = s[place.returns + depth - 1]! - STRIDE;
      frame -= code[pc + 1]!;
    }
  }

  /** Runs on. `scheduled`: the access the thread stands before is to be performed. */
  run(thread: number, place: Place, scheduled: boolean): Stop {
    const s = this.#s;
    const { code, tables } = this.#module;
    const { base } = place;
    let pc = s[base + PC]!;
    let frame = place.slots + s[base + FRAME]!;
    let fuel = FUEL;
    for (;;) {
      const op = code[pc]!;
      const i = frame + code[pc + 1]!;
      const x = code[pc + 2]!;
      pc += STRIDE;
      switch (op) {
        case 0x00:
          throw new Trap('unreachable');
        case 0x0c: // jump
          if (x < pc && --fuel < 0) throw runsAway();
          pc = x;
          break;
        case 0x0d: // jump if
          if (s[i] !== 0) {
            if (x < pc && --fuel < 0) throw runsAway();
            pc = x;
          }
          break;
        case 0x11: // jump unless
          if (s[i] === 0) pc = x;
          break;
        case 0x0e:
          pc = tables[x + Math.min(s[i]! >>> 0, code[pc - 1]!)]!;
          break;
        case 0x0f: {
          for (let w = 0; w < x; w++) s[frame + w] = s[i + w]!;
          const depth = s[base + DEPTH]!;
          if (depth === 0) return 'returned';
          s[base + DEPTH] = depth - 1;
          pc = s[place.returns + depth - 1]!;
          frame -= code[pc - STRIDE + 1]!;
          break;
        }
        case 0x10: {
          if (--fuel < 0) throw runsAway();
          const depth = s[base + DEPTH]!;
          if (depth === place.maxDepth) throw new Trap('call stack exhausted');
          s[place.returns + depth] = pc;
          s[base + DEPTH] = depth + 1;
          frame = i;
          pc = this.#begin(place, x, frame);
          break;
        }
        case 0x1b:
          if (s[i + 2] === 0) s[i] = s[i + 1]!;
          break;
        case 0x1c:
          if (s[i + 4] === 0) {
            s[i] = s[i + 2]!;
            s[i + 1] = s[i + 3]!;
          }
          break;
        case 0x20:
          s[i] = s[frame + x]!;
          break;
        case 0x21: {
          const low = s[frame + x]!;
          s[i + 1] = s[frame + x + 1]!;
          s[i] = low;
          break;
        }
        case 0x23:
          s[i] = s[place.globals + x]!;
          break;
        case 0x24:
          s[place.globals + x] = s[i]!;
          break;
        case 0x25:
          s[i] = s[place.globals + x]!;
          s[i + 1] = s[place.globals + x + 1]!;
          break;
        case 0x26:
          s[place.globals + x] = s[i]!;
          s[place.globals + x + 1] = s[i + 1]!;
          break;
        case 0x3f:
          s[i] = this.#pages;
          break;
        case 0x41:
          s[i] = x;
          break;
        case 0x42:
          s[i] = x;
          s[i + 1] = code[pc - 1]!;
          break;
        case 0x45:
          s[i] = s[i] === 0 ? 1 : 0;
          break;
        case 0x46:
          s[i] = s[i] === s[i + 1] ? 1 : 0;
          break;
        case 0x47:
          s[i] = s[i] !== s[i + 1] ? 1 : 0;
          break;
        case 0x48: // lt_s
          s[i] = s[i]! < s[i + 1]! ? 1 : 0;
          break;
        case 0x49:
          s[i] = s[i]! >>> 0 < s[i + 1]! >>> 0 ? 1 : 0;
          break;
        case 0x4a: // gt_s
          s[i] = s[i]! > s[i + 1]! ? 1 : 0;
          break;
        case 0x4b:
          s[i] = s[i]! >>> 0 > s[i + 1]! >>> 0 ? 1 : 0;
          break;
        case 0x4c: // le_s
          s[i] = s[i]! <= s[i + 1]! ? 1 : 0;
          break;
        case 0x4d:
          s[i] = s[i]! >>> 0 <= s[i + 1]! >>> 0 ? 1 : 0;
          break;
        case 0x4e: // ge_s
          s[i] = s[i]! >= s[i + 1]! ? 1 : 0;
          break;
        case 0x4f:
          s[i] = s[i]! >>> 0 >= s[i + 1]! >>> 0 ? 1 : 0;
          break;
        case 0x67:
          s[i] = Math.clz32(s[i]!);
          break;
        case 0x68:
          s[i] = countTrailingZeros(s[i]!);
          break;
        case 0x69:
          s[i] = countOnes(s[i]!);
          break;
        case 0x6a:
          s[i] = s[i]! + s[i + 1]!;
          break;
        case 0x6b:
          s[i] = s[i]! - s[i + 1]!;
          break;
        case 0x6c:
          s[i] = Math.imul(s[i]!, s[i + 1]!);
          break;
        case 0x6d: // div_s
          if (s[i + 1] === 0) throw new Trap('divide by zero');
          if (s[i] === -0x80000000 && s[i + 1] === -1) throw new Trap('integer overflow');
          s[i] = s[i]! / s[i + 1]!;
          break;
        case 0x6e:
          if (s[i + 1] === 0) throw new Trap('divide by zero');
          s[i] = (s[i]! >>> 0) / (s[i + 1]! >>> 0);
          break;
        case 0x6f: // rem_s
          if (s[i + 1] === 0) throw new Trap('divide by zero');
          s[i] = s[i]! % s[i + 1]!;
          break;
        case 0x70:
          if (s[i + 1] === 0) throw new Trap('divide by zero');
          s[i] = (s[i]! >>> 0) % (s[i + 1]! >>> 0);
          break;
        case 0x71:
          s[i]! &= s[i + 1]!;
          break;
        case 0x72:
          s[i]! |= s[i + 1]!;
          break;
        case 0x73:
          s[i]! ^= s[i + 1]!;
          break;
        case 0x74:
          s[i]! <<= s[i + 1]!;
          break;
        case 0x75:
          s[i]! >>= s[i + 1]!;
          break;
        case 0x76:
          s[i]! >>>= s[i + 1]!;
          break;
        case 0x77:
          s[i] = (s[i]! << s[i + 1]!) | (s[i]! >>> (32 - (s[i + 1]! & 31)));
          break;
        case 0x78:
          s[i] = (s[i]! >>> s[i + 1]!) | (s[i]! << (32 - (s[i + 1]! & 31)));
          break;
        case 0xc0:
          s[i] = (s[i]! << 24) >> 24;
          break;
        case 0xc1:
          s[i] = (s[i]! << 16) >> 16;
          break;
        default:
          if (op < 0x45 || op >= 0xda) {
            if (this.#memory.shared(op, i, x, thread) && !scheduled) {
              s[base + PC] = pc - STRIDE;
              s[base + FRAME] = frame - place.slots;
              this.canonicalize(place);
              return 'access';
            }
            scheduled = false;
            const outcome = this.#memory.perform(op, i, x, thread);
            if (outcome === 'more') {
              pc -= STRIDE;
            } else if (outcome === 'asleep') {
              s[base + PC] = pc - STRIDE;
              s[base + FRAME] = frame - place.slots;
              this.canonicalize(place);
              return 'asleep';
            }
          } else if ((op >= 0x50 && op <= 0x5a) || (op >= 0x79 && op <= 0x8a) || (op >= 0xc2 && op <= 0xc4)) {
            integer64(op, s, i);
          } else {
            floating(op, s, i);
          }
      }
    }
  }

  /** Ends the wait a thread sleeps in: it goes on after the instruction with this result. */
  wake(place: Place, result: number): void {
    const s = this.#s;
    const pc = s[place.base + PC]!;
    s[place.slots + s[place.base + FRAME]! + this.#module.code[pc + 1]!] = result;
    s[place.base + PC] = pc + STRIDE;
  }
}

function runsAway(): Violation {
  return new Violation(`${FUEL} loop turns without an access to shared memory: the thread loops on its own`);
}
