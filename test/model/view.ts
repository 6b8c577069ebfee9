/**
 * A state as the scenario's invariants see it.
 *
 * @module
 */

import type { Machine } from './machine.ts';
import { ALIVE, ASLEEP_IN_JS, ASLEEP_IN_WASM, DEAD, DONE, LIFE, STATUS, UNUSED } from './thread-state.ts';

/** `unused`: a recovery nobody needs. `dying`: termination was asked for and `exit` has not been seen. */
export type ThreadStatus = 'running' | 'asleep' | 'done' | 'dying' | 'dead' | 'unused';

/** Valid only during the call it is handed to. */
export class View {
  readonly #machine: Machine;
  readonly #index = new Map<string, number>();
  readonly #registers: readonly Int32Array[];

  constructor(machine: Machine) {
    this.#machine = machine;
    machine.threads.forEach((thread, t) => {
      this.#index.set(thread.name, t);
    });
    this.#registers = machine.places.map((place) =>
      machine.s.subarray(place.registers, place.registers + place.registerCount),
    );
  }

  /** The 32-bit word at a byte address, which must be in a region. */
  load(address: number): number {
    return this.#machine.s[this.#machine.space.at(address)]!;
  }

  /** The registers of a thread's program. Of a dead thread: as it left them. */
  registers(thread: string): Int32Array {
    return this.#registers[this.#at(thread)]!;
  }

  status(thread: string): ThreadStatus {
    const { s, places } = this.#machine;
    const { base } = places[this.#at(thread)]!;
    const life = s[base + LIFE]!;
    if (life !== ALIVE) return life === DEAD ? 'dead' : 'dying';
    const status = s[base + STATUS]!;
    if (status === DONE) return 'done';
    if (status === UNUSED) return 'unused';
    return status === ASLEEP_IN_JS || status === ASLEEP_IN_WASM ? 'asleep' : 'running';
  }

  #at(thread: string): number {
    const t = this.#index.get(thread);
    if (t === undefined) throw new Error(`No thread is called \`${thread}\``);
    return t;
  }
}
