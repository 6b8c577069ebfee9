/**
 * A state as a short row of words and back: the changing memory, the sleepers, the deaths, and of each thread only
 * what its future depends on.
 *
 * @module
 */

import { Futex } from './futex.ts';
import type { Machine } from './machine.ts';
import {
  ADDRESS,
  ALIVE,
  ASLEEP_IN_JS,
  ASLEEP_IN_WASM,
  CALLING,
  DEPTH,
  DONE,
  FRAME,
  IN_JS,
  IN_WASM,
  LIFE,
  OPERAND,
  OPERAND2,
  PC,
  type Place,
  STATUS,
  STEP,
  UNUSED,
} from './thread-state.ts';
import { STRIDE } from './wasm/prepare.ts';

export class Snapshots {
  /** The words of the last {@link pack}. */
  readonly packed: Int32Array;
  /** Crashes that may still happen. */
  crashesLeft = 0;
  /** Bit mask of the dead whose recovery has started. */
  recovered = 0;
  readonly #machine: Machine;
  readonly #s: Int32Array;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#s = machine.s;
    this.packed = new Int32Array(machine.s.length + 8);
  }

  /** Packs the machine's state; returns its length in words. */
  pack(): number {
    const s = this.#s;
    const { packed } = this;
    const { changing } = this.#machine.space;
    const { futexBase, places } = this.#machine;
    for (let i = 0; i < changing; i++) packed[i] = s[i]!;
    let n = changing;
    const sleepers = s[futexBase]!;
    packed[n++] = sleepers | (this.crashesLeft << 8) | (this.recovered << 16);
    for (let i = 1; i <= 2 * sleepers; i++) packed[n++] = s[futexBase + i]!;
    for (let t = 0; t < places.length; t++) n = this.#packThread(places[t]!, n);
    return n;
  }

  #packThread(place: Place, n: number): number {
    const s = this.#s;
    const { packed } = this;
    const { base } = place;
    const status = s[base + STATUS]!;
    const life = s[base + LIFE]!;
    packed[n] = status | (life << 4);
    const head = n++;
    if (status === IN_WASM || status === ASLEEP_IN_WASM) {
      const depth = s[base + DEPTH]!;
      const pc = s[base + PC]!;
      packed[head]! |= depth << 24;
      packed[n++] = pc;
      packed[n++] = s[base + CALLING]!;
      for (let i = 0; i < depth; i++) packed[n++] = s[place.returns + i]!;
      const used = s[base + FRAME]! + this.#machine.module!.dead.height[pc / STRIDE]!;
      for (let i = 0; i < used; i++) packed[n++] = s[place.slots + i]!;
    } else if (status === IN_JS || status === ASLEEP_IN_JS) {
      packed[n++] = s[base + STEP]!;
      packed[n++] = s[base + ADDRESS]!;
      packed[n++] = s[base + OPERAND]!;
      packed[n++] = s[base + OPERAND2]!;
    }
    for (let i = 0; i < place.registerCount; i++) packed[n++] = s[place.registers + i]!;
    if (status === DONE || (status === UNUSED && life !== ALIVE)) return n;
    for (let i = 0; i < place.globalCount; i++) packed[n++] = s[place.globals + i]!;
    return n;
  }

  /** Sets the machine to the state whose words start at `n` of `from`. */
  unpack(from: Int32Array, n: number): void {
    const s = this.#s;
    const { changing } = this.#machine.space;
    const { futexBase, places } = this.#machine;
    for (let i = 0; i < changing; i++) s[i] = from[n + i]!;
    n += changing;
    const word = from[n++]!;
    const sleepers = word & 255;
    this.crashesLeft = (word >>> 8) & 255;
    this.recovered = word >>> 16;
    s[futexBase] = sleepers;
    const list = Futex.words(places.length);
    for (let i = 1; i < list; i++) s[futexBase + i] = i <= 2 * sleepers ? from[n++]! : 0;
    for (let t = 0; t < places.length; t++) n = this.#unpackThread(places[t]!, from, n);
  }

  #unpackThread(place: Place, from: Int32Array, n: number): number {
    const s = this.#s;
    const { base } = place;
    const word = from[n++]!;
    const status = word & 15;
    const life = (word >>> 4) & 0xfffff;
    s[base + STATUS] = status;
    s[base + LIFE] = life;
    if (status === IN_WASM || status === ASLEEP_IN_WASM) {
      const { code, dead } = this.#machine.module!;
      const depth = word >>> 24;
      const pc = from[n++]!;
      s[base + DEPTH] = depth;
      s[base + PC] = pc;
      s[base + CALLING] = from[n++]!;
      let frame = 0;
      for (let i = 0; i < depth; i++) {
        const back = from[n++]!;
        s[place.returns + i] = back;
        frame += code[back - STRIDE + 1]!;
      }
      s[base + FRAME] = frame;
      const used = frame + dead.height[pc / STRIDE]!;
      for (let i = 0; i < used; i++) s[place.slots + i] = from[n++]!;
    } else if (status === IN_JS || status === ASLEEP_IN_JS) {
      s[base + STEP] = from[n++]!;
      s[base + ADDRESS] = from[n++]!;
      s[base + OPERAND] = from[n++]!;
      s[base + OPERAND2] = from[n++]!;
    }
    for (let i = 0; i < place.registerCount; i++) s[place.registers + i] = from[n++]!;
    if (status === DONE || (status === UNUSED && life !== ALIVE)) return n;
    for (let i = 0; i < place.globalCount; i++) s[place.globals + i] = from[n++]!;
    return n;
  }
}
