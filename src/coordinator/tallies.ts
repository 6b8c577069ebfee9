/**
 * What a worker number has done, over all threads it has had. A thread counts in its block, and the next one goes on
 * counting there; one that gets a block of its own, because the thread before it has not ended, counts beside it.
 *
 * @module
 */
import * as L from '../memory/layout.ts';
import type { Plant } from '../memory/plant.ts';
import type { WorkerStats } from './options.ts';

export type Tally = Pick<WorkerStats, 'completed' | 'steals' | 'busyMs' | 'parks'>;

/** A block the number has, and what stood in it before. */
interface Stint {
  readonly block: number;
  readonly from: Tally;
}

const NOTHING: Tally = { completed: 0, steals: 0, busyMs: 0, parks: 0 };

export class Tallies {
  readonly #plant: Plant;
  /** By worker number: of blocks it has no more. */
  readonly #past: Tally[];
  readonly #stints: Stint[][];

  constructor(plant: Plant, workers: number) {
    this.#plant = plant;
    this.#past = Array.from({ length: workers }, () => NOTHING);
    this.#stints = Array.from({ length: workers }, (_, worker) => [{ block: worker, from: NOTHING }]);
  }

  of(worker: number): Tally {
    return this.#stints[worker]!.reduce((sum, stint) => plus(sum, this.#since(stint)), this.#past[worker]!);
  }

  /** The number gets another block, and the thread in the old one has not ended. */
  moved(worker: number, to: number): void {
    this.#stints[worker]!.push({ block: to, from: this.#read(to) });
  }

  /** The last thread that counted for this number in this block is gone; the block may be another number's next. */
  gone(worker: number, block: number): void {
    const stints = this.#stints[worker]!;
    const at = stints.findIndex((stint) => stint.block === block);
    if (at < 0) return;
    this.#past[worker] = plus(this.#past[worker]!, this.#since(stints[at]!));
    stints.splice(at, 1);
  }

  #since({ block, from }: Stint): Tally {
    const now = this.#read(block);
    return {
      completed: (now.completed - from.completed) | 0,
      steals: (now.steals - from.steals) | 0,
      busyMs: now.busyMs - from.busyMs,
      parks: (now.parks - from.parks) | 0,
    };
  }

  #read(block: number): Tally {
    const at = this.#plant.blocks[block]!;
    const { i32, f64 } = this.#plant.memory;
    return {
      completed: i32[(at + L.W_EXECUTED) >> 2]!,
      steals: i32[(at + L.W_STEALS) >> 2]!,
      busyMs: f64[(at + L.W_BUSY) >> 3]!,
      parks: i32[(at + L.W_PARKS) >> 2]!,
    };
  }
}

function plus(a: Tally, b: Tally): Tally {
  return {
    completed: a.completed + b.completed,
    steals: a.steals + b.steals,
    busyMs: a.busyMs + b.busyMs,
    parks: a.parks + b.parks,
  };
}
