/**
 * Which words of the wasm memory exist for the checker, and who may touch them.
 *
 * Every word of every region has an index in the flat state: words that can change first (they are hashed and
 * copied), constant words after them (they are not).
 *
 * @module
 */

/** A stretch of memory the scenario is about. */
export interface Region {
  readonly name: string;
  /** Byte address, a multiple of 4. */
  readonly start: number;
  /** Length in 32-bit words. */
  readonly words: number;
  /**
   * The scenario's promise that only `setup` writes here: reads are then no scheduling points, and a write is a
   * violation. Default `false`.
   */
  readonly constant?: boolean;
}

/** Bytes that only one thread touches: not scheduling points; another thread's access is a violation. */
export interface PrivateRange {
  /** Byte address, a multiple of 4. */
  readonly start: number;
  /** Length in 32-bit words. */
  readonly words: number;
}

export const SHARED = -1;
export const CONSTANT = -2;

export class AddressSpace {
  /** State index of each memory word, -1 outside of the regions. */
  readonly index: Int32Array;
  /** By state index: {@link SHARED}, {@link CONSTANT}, or the thread that owns the word. */
  readonly owner: Int8Array;
  /** By state index: the byte address. */
  readonly address: Float64Array;
  /** Words that belong to the state. */
  readonly changing: number;
  /** All words, constants included. */
  readonly total: number;
  /** Size of the memory in bytes: an access beyond traps. */
  readonly bytes: number;
  readonly #regions: readonly Region[];
  readonly #labels: readonly (readonly [name: string, address: number])[];

  constructor(
    regions: readonly Region[],
    privateRanges: readonly (readonly PrivateRange[])[],
    labels: Readonly<Record<string, number>>,
    memoryBytes: number,
  ) {
    this.#regions = regions;
    this.#labels = Object.entries(labels).sort((a, b) => a[1] - b[1]);
    const ends = regions.map((r) => r.start + r.words * 4);
    this.bytes = Math.max(memoryBytes, ...ends);
    this.index = new Int32Array(Math.max(0, ...ends) / 4).fill(-1);
    const total = regions.reduce((sum, r) => sum + r.words, 0);
    this.owner = new Int8Array(total).fill(SHARED);
    this.address = new Float64Array(total);
    let next = 0;
    for (const constant of [false, true]) {
      for (const region of regions.filter((r) => (r.constant ?? false) === constant)) {
        this.#check('region', region);
        for (let w = region.start / 4; w < region.start / 4 + region.words; w++) {
          if (this.index[w] !== -1) throw new Error(`Region \`${region.name}\` overlaps another one`);
          if (constant) this.owner[next] = CONSTANT;
          this.address[next] = w * 4;
          this.index[w] = next++;
        }
      }
      if (!constant) this.changing = next;
    }
    this.changing ??= 0;
    this.total = total;
    privateRanges.forEach((ranges, thread) => {
      for (const range of ranges) this.#own(range, thread);
    });
  }

  #check(what: string, range: PrivateRange & { readonly name?: string }): void {
    const { start, words } = range;
    if (!Number.isInteger(start) || start < 0 || start % 4 !== 0 || !Number.isInteger(words) || words < 0) {
      throw new Error(`Expected ${what} to start at a multiple of 4, got ${JSON.stringify(range)}`);
    }
  }

  #own(range: PrivateRange, thread: number): void {
    this.#check('private range', range);
    for (let w = range.start / 4; w < range.start / 4 + range.words; w++) {
      const at = this.index[w] ?? -1;
      if (at < 0) throw new Error(`A private range holds ${this.label(w * 4)}, which is in no region`);
      if (this.owner[at] !== SHARED) {
        throw new Error(`${this.label(w * 4)} is private to two threads, or constant`);
      }
      this.owner[at] = thread;
    }
  }

  /** State index of the word at a byte address. Throws when it is in no region. */
  at(address: number): number {
    const at = this.index[address >>> 2] ?? -1;
    if (at < 0 || address % 4 !== 0) throw new Error(`${hex(address)} is no word of a region`);
    return at;
  }

  /** `top`, `slots+8`, or `0x1040` where no label and no region covers the address. */
  label(address: number): string {
    const region = this.#regions.find((r) => address >= r.start && address < r.start + r.words * 4);
    let best: readonly [string, number] | undefined;
    for (const entry of this.#labels) if (entry[1] <= address) best = entry;
    if (best?.[1] === address) return best[0];
    if (region === undefined) return hex(address);
    const [name, start] = best !== undefined && best[1] >= region.start ? best : [region.name, region.start];
    return address === start ? name : `${name}+${address - start}`;
  }
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
