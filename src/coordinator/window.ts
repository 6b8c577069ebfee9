/**
 * The task records the coordinator has put into shared memory, and what it alone knows of them: who waits for the
 * result, the generation, the level. A record is taken, filled, injected, and given back when its task has settled
 * and no live thread can write to it any more.
 *
 * Each level may hold `slotsPerLevel` records, so that a flood of one level leaves room for a late urgent task.
 *
 * @module
 */
import * as L from '../memory/layout.ts';
import type { Plant } from '../memory/plant.ts';
import type { Handle } from './handle.ts';

export type Resolve = (value: unknown) => void;

export class Window {
  readonly plant: Plant;
  /**
   * By slot, as long as slots were ever used. Undefined: the slot is free, or its task was settled while a worker still
   * holds it.
   */
  readonly resolve: (Resolve | undefined)[];
  readonly handle: (Handle | undefined)[];
  readonly level: Uint8Array;
  /** 1 from `take` to `give`. */
  readonly live: Uint8Array;
  /** How many workers died with this task in hand. */
  readonly deaths: Uint8Array;
  /** Generation of each slot, shifted into place: `generation | slot` is a reference. */
  readonly generation: Int32Array;
  readonly #perLevel: number;
  readonly #held: Int32Array = new Int32Array(L.LEVELS);
  /** Free slots, oldest first, so that a generation comes round as late as possible. */
  readonly #free: Int32Array;
  #freeHead = 0;
  #freeCount = 0;
  /** Slots from here on were never used: their memory is not even resident. */
  #untouched = 0;

  constructor(plant: Plant) {
    const { slots } = plant;
    this.plant = plant;
    this.resolve = [];
    this.handle = [];
    this.level = new Uint8Array(slots);
    this.live = new Uint8Array(slots);
    this.deaths = new Uint8Array(slots);
    this.generation = new Int32Array(slots).fill(1 << L.SLOT_BITS);
    this.#perLevel = Math.min(plant.sizes.slotsPerLevel, slots);
    this.#free = new Int32Array(slots);
  }

  /** Records in use. */
  get held(): number {
    let sum = 0;
    for (const n of this.#held) sum += n;
    return sum;
  }

  /** Tasks somebody waits for whose code has started. Looks at every record that was ever used. */
  get started(): number {
    const { tasks, memory } = this.plant;
    const { i32 } = memory;
    const { resolve } = this;
    let count = 0;
    for (let slot = 0, at = tasks >> 2; slot < this.#untouched; slot++, at += L.TASK_BYTES >> 2) {
      // A plain read is a few times cheaper, and a figure may be a moment old.
      if ((i32[at]! & L.STATE_MASK) > L.CLAIMED && resolve[slot] !== undefined) count++;
    }
    return count;
  }

  /** How many more records this level may take. */
  room(level: number): number {
    const left = this.plant.slots - this.#untouched + this.#freeCount;
    return Math.min(this.#perLevel - this.#held[level]!, left);
  }

  /** A free slot for a task of this level, or -1. */
  take(level: number): number {
    if (this.#held[level]! >= this.#perLevel) return -1;
    let slot: number;
    if (this.#freeCount > 0 && (this.#freeCount > 64 || this.#untouched === this.plant.slots)) {
      slot = this.#free[this.#freeHead]!;
      this.#freeHead = this.#freeHead + 1 === this.plant.slots ? 0 : this.#freeHead + 1;
      this.#freeCount--;
    } else if (this.#untouched < this.plant.slots) {
      slot = this.#untouched++;
      this.resolve.push(undefined);
      this.handle.push(undefined);
    } else {
      return -1;
    }
    this.#held[level]!++;
    this.level[slot] = level;
    this.live[slot] = 1;
    this.deaths[slot] = 0;
    return slot;
  }

  /** The slot's task has settled and nobody holds it. Old references to it are stale from here on. */
  give(slot: number): void {
    this.#held[this.level[slot]!]!--;
    this.live[slot] = 0;
    this.resolve[slot] = undefined;
    this.handle[slot] = undefined;
    this.nextGeneration(slot);
    let at = this.#freeHead + this.#freeCount;
    if (at >= this.plant.slots) at -= this.plant.slots;
    this.#free[at] = slot;
    this.#freeCount++;
  }

  /** A new attempt of the same task: what the old one left behind is stale. */
  nextGeneration(slot: number): void {
    // Generation 0 is skipped on wrap-around, so that no reference is ever 0; all ones with slot all ones cannot
    // be, because the last slot number is never used.
    this.generation[slot] = (this.generation[slot]! + (1 << L.SLOT_BITS)) | 0;
    if (this.generation[slot] === 0) this.generation[slot] = 1 << L.SLOT_BITS;
  }

  reference(slot: number): number {
    return this.generation[slot]! | slot;
  }

  /** The state word as it is now. */
  state(slot: number): number {
    return Atomics.load(this.plant.memory.i32, (this.plant.tasks + slot * L.TASK_BYTES) >> 2);
  }
}
