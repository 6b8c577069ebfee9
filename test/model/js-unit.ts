/**
 * The steps a program takes on memory from JavaScript: kept in the thread's header while it stands before one.
 *
 * @module
 */

import type { AddressSpace } from './address-space.ts';
import type { Futex } from './futex.ts';
import type { Result, Step } from './program.ts';
import {
  ADDRESS,
  ASLEEP_IN_JS,
  DEAD,
  LIFE,
  OPERAND,
  OPERAND2,
  type Place,
  STATUS,
  STEP,
} from './thread-state.ts';
import { Violation } from './violation.ts';
import type { MemoryUnit } from './wasm/memory.ts';

/** The JS steps by their number in a thread's header. */
export const JS_STEPS = [
  'load',
  'read',
  'store',
  'write',
  'add',
  'sub',
  'and',
  'or',
  'xor',
  'exchange',
  'cas',
  'wait',
  'notify',
  'exited',
] as const;
export type JsStep = (typeof JS_STEPS)[number];

/** A step that touches what threads share. */
export type SharedStep = Exclude<Step, { readonly op: 'done' | 'fail' | 'call' }>;

/** The outcome of a step that put its thread to sleep. */
export const ASLEEP: unique symbol = Symbol('asleep');

export class JsUnit {
  readonly #s: Int32Array;
  readonly #places: readonly Place[];
  readonly #space: AddressSpace;
  readonly #futex: Futex;
  readonly #memory: MemoryUnit;

  constructor(
    s: Int32Array,
    places: readonly Place[],
    space: AddressSpace,
    futex: Futex,
    memory: MemoryUnit,
  ) {
    this.#s = s;
    this.#places = places;
    this.#space = space;
    this.#futex = futex;
    this.#memory = memory;
  }

  /** Writes the step into the thread's header. */
  prepare(thread: number, step: SharedStep): void {
    const s = this.#s;
    const header = this.#places[thread]!.base;
    s[header + STEP] = JS_STEPS.indexOf(step.op);
    s[header + ADDRESS] = 'address' in step ? step.address : 0;
    s[header + OPERAND] = 0;
    s[header + OPERAND2] = 0;
    if ('value' in step) s[header + OPERAND] = step.value;
    if ('expected' in step) s[header + OPERAND] = step.expected;
    if ('replacement' in step) s[header + OPERAND2] = step.replacement;
    if (step.op === 'wait') s[header + OPERAND2] = step.timed === true ? 1 : 0;
    if (step.op === 'notify') {
      const count = step.count ?? Number.POSITIVE_INFINITY;
      s[header + OPERAND] = count >= 0x7fffffff ? -1 : count;
    }
  }

  /** Whether the step is a scheduling point; throws unless the thread may touch the word. */
  shared(thread: number, step: SharedStep): boolean {
    if (step.op === 'exited') return true;
    if (step.address % 4 !== 0) throw new Violation(`${step.op} at ${step.address}, which is no word`);
    const writes = !['load', 'read', 'wait', 'notify'].includes(step.op);
    return this.#memory.locate(step.address, thread, writes);
  }

  /** Performs the step in the thread's header; gives its result. */
  perform(thread: number): Result | typeof ASLEEP {
    const s = this.#s;
    const header = this.#places[thread]!.base;
    const op = JS_STEPS[s[header + STEP]!]!;
    const address = s[header + ADDRESS]! >>> 0;
    const operand = s[header + OPERAND]!;
    if (op === 'exited') return this.#exitedMask();
    if (op === 'notify') return this.#futex.notify(address, operand >>> 0);
    const at = this.#space.index[address >>> 2]!;
    const old = s[at]!;
    const writes = op !== 'load' && op !== 'read' && op !== 'wait';
    const reads = op !== 'store' && op !== 'write';
    this.#memory.touch(address, 4, thread, op !== 'read' && op !== 'write', reads, writes);
    switch (op) {
      case 'load':
      case 'read':
        return old;
      case 'store':
      case 'write':
        s[at] = operand;
        return operand;
      case 'add':
        s[at] = old + operand;
        return old;
      case 'sub':
        s[at] = old - operand;
        return old;
      case 'and':
        s[at] = old & operand;
        return old;
      case 'or':
        s[at] = old | operand;
        return old;
      case 'xor':
        s[at] = old ^ operand;
        return old;
      case 'exchange':
        s[at] = operand;
        return old;
      case 'cas':
        if (old === operand) s[at] = s[header + OPERAND2]!;
        return old;
      case 'wait':
        if (old !== operand) return 1;
        this.#futex.sleep(thread, address, s[header + OPERAND2] === 1);
        s[header + STATUS] = ASLEEP_IN_JS;
        return ASLEEP;
    }
  }

  #exitedMask(): number {
    let mask = 0;
    this.#places.forEach((place, t) => {
      if (this.#s[place.base + LIFE] === DEAD) mask |= 1 << t;
    });
    return mask;
  }
}
