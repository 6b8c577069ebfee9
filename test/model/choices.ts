/**
 * What can happen next in a state, and making it happen.
 *
 * @module
 */

import { JS_STEPS } from './js-unit.ts';
import type { Machine } from './machine.ts';
import type { Snapshots } from './snapshot.ts';
import {
  ADDRESS,
  ALIVE,
  ASLEEP_IN_JS,
  ASLEEP_IN_WASM,
  DEAD,
  DYING,
  FRAME,
  IN_JS,
  IN_WASM,
  LIFE,
  OPERAND,
  PC,
  STATUS,
  STEP,
  UNUSED,
} from './thread-state.ts';
import { opcode } from './wasm/opcodes.ts';

export const STEPS = 0;
export const DIES = 1;
export const EXITS = 2;
export const TIMES_OUT = 3;
export const RECOVERS = 4;

/** The rules of the scenario that decide what is possible. */
export interface Rules {
  readonly mayDie: readonly boolean[];
  /** Accesses a thread may still make after its termination was asked for. */
  readonly zombieSteps: number;
  /** Index of the thread that recovers, or -1. */
  readonly recovery: number;
  readonly recoverEarly: boolean;
  /** Registers a recovery starts with; the first becomes the index of the dead. */
  readonly recoveryRegisters: readonly number[];
  readonly anyWakeOrder: boolean;
  readonly timeouts: boolean;
}

/** A choice in one int: kind in bits 0–3, thread in bits 4–7, sleepers to wake from bit 8. */
export function kindOf(choice: number): number {
  return choice & 15;
}

export function threadOf(choice: number): number {
  return (choice >> 4) & 15;
}

const NOTIFY = opcode('memory.atomic.notify');
const JS_NOTIFY = JS_STEPS.indexOf('notify');

export class Choices {
  /** Filled by {@link list}. */
  readonly found: number[] = [];
  readonly #machine: Machine;
  readonly #snapshots: Snapshots;
  readonly #rules: Rules;

  constructor(machine: Machine, snapshots: Snapshots, rules: Rules) {
    this.#machine = machine;
    this.#snapshots = snapshots;
    this.#rules = rules;
  }

  /** Lists what can happen; tells whether any of it is more than a death. */
  list(): boolean {
    const { s, places } = this.#machine;
    const { found } = this;
    const rules = this.#rules;
    found.length = 0;
    for (let t = 0; t < places.length; t++) {
      const { base } = places[t]!;
      const life = s[base + LIFE]!;
      if (this.#machine.canStep(t)) this.#steps(t);
      if (life >= DYING) found.push(EXITS | (t << 4));
      const status = s[base + STATUS]!;
      if (rules.timeouts && (status === ASLEEP_IN_JS || status === ASLEEP_IN_WASM)) {
        if ((life === ALIVE || life > DYING) && this.#machine.futex.timed(t))
          found.push(TIMES_OUT | (t << 4));
      }
      if (t !== rules.recovery && rules.recovery >= 0 && this.#awaitsRecovery(t, life)) {
        found.push(RECOVERS | (t << 4));
      }
    }
    const more = found.length > 0;
    if (this.#snapshots.crashesLeft > 0) this.#deaths();
    return more;
  }

  #awaitsRecovery(thread: number, life: number): boolean {
    if (life !== DEAD && !(this.#rules.recoverEarly && life >= DYING)) return false;
    if ((this.#snapshots.recovered & (1 << thread)) !== 0) return false;
    const { s, places } = this.#machine;
    return s[places[this.#rules.recovery]!.base + STATUS] === UNUSED;
  }

  #deaths(): void {
    const { s, places } = this.#machine;
    for (let t = 0; t < places.length; t++) {
      const { base } = places[t]!;
      const status = s[base + STATUS]!;
      const acts =
        status === IN_WASM || status === IN_JS || status === ASLEEP_IN_JS || status === ASLEEP_IN_WASM;
      if (this.#rules.mayDie[t] && acts && s[base + LIFE] === ALIVE) this.found.push(DIES | (t << 4));
    }
  }

  #steps(thread: number): void {
    const step = STEPS | (thread << 4);
    const notify = this.#rules.anyWakeOrder ? this.#pendingNotify(thread) : undefined;
    const sleepers = notify === undefined ? 0 : this.#machine.futex.sleepers(notify.address);
    const count = Math.min(sleepers, notify?.count ?? 0);
    if (count === 0 || count === sleepers) {
      this.found.push(step);
      return;
    }
    for (let mask = 1; mask < 1 << sleepers; mask++) {
      if (bits(mask) === count) this.found.push(step | (mask << 8));
    }
  }

  #pendingNotify(thread: number): { readonly address: number; readonly count: number } | undefined {
    const { s, places, module } = this.#machine;
    const place = places[thread]!;
    if (s[place.base + STATUS] === IN_JS) {
      if (s[place.base + STEP] !== JS_NOTIFY) return undefined;
      return { address: s[place.base + ADDRESS]! >>> 0, count: s[place.base + OPERAND]! >>> 0 };
    }
    const pc = s[place.base + PC]!;
    const { code } = module!;
    if (code[pc] !== NOTIFY) return undefined;
    const i = place.slots + s[place.base + FRAME]! + code[pc + 1]!;
    return { address: this.#machine.memory.addressOf(NOTIFY, i, code[pc + 2]!), count: s[i + 1]! >>> 0 };
  }

  /** Makes a choice happen in the machine's state. Violations and traps are thrown. */
  apply(choice: number): void {
    const machine = this.#machine;
    const { s, places } = machine;
    const t = threadOf(choice);
    const { base } = places[t]!;
    switch (kindOf(choice)) {
      case STEPS:
        machine.futex.choice = choice >>> 8;
        if (s[base + LIFE]! > DYING) s[base + LIFE]! -= 1;
        machine.step(t);
        if (s[base + LIFE] === DYING) machine.retire(t);
        this.#endRecovery();
        return;
      case DIES:
        this.#snapshots.crashesLeft -= 1;
        s[base + LIFE] = DYING + this.#rules.zombieSteps;
        if (this.#rules.zombieSteps === 0) machine.retire(t);
        return;
      case EXITS:
        s[base + LIFE] = DEAD;
        machine.futex.remove(t);
        machine.retire(t);
        return;
      case TIMES_OUT:
        machine.timeOut(t);
        this.#endRecovery();
        return;
      default: {
        const { recovery, recoveryRegisters } = this.#rules;
        this.#snapshots.recovered |= 1 << t;
        machine.setRegisters(recovery, [t, ...recoveryRegisters.slice(1)]);
        machine.start(recovery);
        this.#endRecovery();
      }
    }
  }

  /** A recovery that is over may be needed again, for another thread. */
  #endRecovery(): void {
    const { recovery } = this.#rules;
    if (recovery >= 0 && this.#machine.isDone(recovery)) this.#machine.retire(recovery);
  }
}

function bits(mask: number): number {
  let count = 0;
  for (; mask !== 0; mask &= mask - 1) count += 1;
  return count;
}
