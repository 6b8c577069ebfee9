/**
 * Where a worker keeps the bytes of its children's arguments, and of the results of children it has run for others.
 *
 * Who allocates is this thread alone, and so is who frees: what nobody reads any more it sees in the record.
 *
 * @module
 */
import * as L from '../../src/memory/layout.ts';
import type { WorkerView } from '../view.ts';

interface Allocation {
  readonly from: number;
  readonly to: number;
  /** The word that says whether a result is still wanted, and what it is as long as it is; 0: freed by `free`. */
  readonly at: number;
  readonly word: number;
}

export class ForkArena {
  readonly #view: WorkerView;
  readonly #from: number;
  readonly #to: number;
  /** In the order of their addresses. */
  #live: Allocation[] = [];

  constructor(view: WorkerView) {
    const { i32 } = view.memory;
    this.#view = view;
    this.#from = view.block + i32[(L.HEADER + L.H_FORK_BYTES) >> 2]!;
    this.#to = this.#from + i32[(L.HEADER + L.H_FORK_BYTES_SIZE) >> 2]!;
    this.#inherit();
  }

  /** The address of `bytes` bytes, a multiple of 8; 0 when there is no room. Kept until `free`. */
  take(bytes: number): number {
    return this.#take(bytes, 0, 0);
  }

  /** As `take`, kept as long as the word at index `at` is `word`. */
  takeWhile(bytes: number, at: number, word: number): number {
    return this.#take(bytes, at, word);
  }

  free(address: number): void {
    const live = this.#live;
    for (let i = live.length - 1; i >= 0; i--) {
      if (live[i]!.from !== address) continue;
      live.splice(i, 1);
      return;
    }
  }

  /** No child of this thread is left. */
  freeArguments(): void {
    this.#live = this.#live.filter(({ at }) => at !== 0);
  }

  #take(bytes: number, at: number, word: number): number {
    // Not by bits: it may be more than 2^31.
    const size = Math.max(8, Math.ceil(bytes / 8) * 8);
    const live = this.#live;
    const top = live.length === 0 ? this.#from : live[live.length - 1]!.to;
    if (top + size <= this.#to) {
      live.push({ from: top, to: top + size, at, word });
      return top;
    }
    this.#sweep();
    return this.#firstFit(size, at, word);
  }

  #firstFit(size: number, at: number, word: number): number {
    const live = this.#live;
    let from = this.#from;
    for (let i = 0; i <= live.length; i++) {
      const end = i < live.length ? live[i]!.from : this.#to;
      if (end - from >= size) {
        live.splice(i, 0, { from, to: from + size, at, word });
        return from;
      }
      if (i < live.length) from = live[i]!.to;
    }
    return 0;
  }

  #sweep(): void {
    const { i32 } = this.#view.memory;
    this.#live = this.#live.filter(({ at, word }) => at === 0 || i32[at] === word);
  }

  // The thread that had this block before may have died with results that nobody has read yet.
  #inherit(): void {
    const { memory, block } = this.#view;
    memory.refresh();
    const { i32 } = memory;
    const me = i32[(block + L.W_ID) >> 2]!;
    const blocks = i32[(L.HEADER + L.H_BLOCKS) >> 2]!;
    const records = i32[(L.HEADER + L.H_FORK_RECORDS) >> 2]!;
    for (let i = 0; i < blocks; i++) {
      const other = i32[(L.HEADER + L.H_DIRECTORY + i * 4) >> 2]!;
      if (other === block) continue;
      const used = i32[(other + L.W_FORK_USED) >> 2]!;
      for (let slot = 1; slot <= used; slot++) {
        const at = (other + records + slot * L.FORK_BYTES) >> 2;
        const word = i32[at]!;
        const state = word & L.STATE_MASK;
        if (((word >> L.OWNER_SHIFT) & L.OWNER_MASK) !== me || state < L.DONE || state > L.FAILED) continue;
        if (i32[at + (L.F_RESULT_KIND >> 2)] !== L.RESULT_BYTES) continue;
        const from = i32[at + (L.F_RESULT >> 2)]!;
        const size = Math.max(8, (i32[at + (L.F_RESULT_LENGTH >> 2)]! + 7) & ~7);
        if (from >= this.#from && from < this.#to) this.#live.push({ from, to: from + size, at, word });
      }
    }
    this.#live.sort((a, b) => a.from - b.from);
  }
}
