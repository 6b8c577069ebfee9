/**
 * The children of submitted tasks, which workers fork, steal and join among themselves (../memory/forks/README.md), as
 * far as the coordinator has to know them: who runs parts of a task that has to end, and what a dead thread leaves.
 *
 * @module
 */
import * as L from '../memory/layout.ts';
import type { Plant } from '../memory/plant.ts';

export class Descendants {
  readonly #plant: Plant;
  readonly #graceMs: number;
  readonly #kill: (block: number) => void;

  /** @param graceMs how long code that was asked to stop may go on */
  constructor(plant: Plant, graceMs: number, kill: (block: number) => void) {
    this.#plant = plant;
    this.#graceMs = graceMs;
    this.#kill = kill;
  }

  /** Blocks of the threads that run children of this submitted task. */
  runnersFor(reference: number): ReadonlySet<number> {
    const runners = new Set<number>();
    for (let block = 0; block < this.#plant.blocks.length; block++) {
      this.#visit(block, (at, state, owner) => {
        const runs = state >= L.CLAIMED && state <= L.PENDING && owner !== L.NOBODY;
        if (runs && this.#plant.memory.i32[at + (L.F_ROOT >> 2)] === reference) runners.add(owner);
      });
    }
    return runners;
  }

  /** The thread of this block is gone: what it ran for others waits again or has failed, what it had forked is dropped. */
  recover(block: number): void {
    const { core, blocks } = this.#plant;
    core.forkMend(block, 0);
    core.forkAdopt(blocks[block]!);
    // Those that others run have no parent any more. They were asked to stop.
    if (this.#orphansOf(block).size > 0) {
      setTimeout(() => {
        for (const runner of this.#orphansOf(block)) this.#kill(runner);
      }, this.#graceMs).unref();
    }
  }

  /** The thread does not end: nobody waits any more for what it runs for others. What it had forked is left to it. */
  abandon(block: number): void {
    this.#plant.core.forkMend(block, 1);
  }

  #orphansOf(block: number): ReadonlySet<number> {
    const runners = new Set<number>();
    this.#visit(block, (_, state, owner) => {
      if (state === L.CANCELLED && owner !== block) runners.add(owner);
    });
    return runners;
  }

  #visit(block: number, look: (at: number, state: number, owner: number) => void): void {
    const { blocks, memory } = this.#plant;
    const { i32 } = memory;
    const from = blocks[block]!;
    const records = from + i32[(L.HEADER + L.H_FORK_RECORDS) >> 2]!;
    const used = Atomics.load(i32, (from + L.W_FORK_USED) >> 2);
    for (let slot = 1; slot <= used; slot++) {
      const at = (records + slot * L.FORK_BYTES) >> 2;
      const word = Atomics.load(i32, at);
      look(at, word & L.STATE_MASK, (word >> L.OWNER_SHIFT) & L.OWNER_MASK);
    }
  }
}
