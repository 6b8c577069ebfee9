/**
 * A chunk on its way: what has come of its items, and which of them have to be submitted again.
 *
 * Items begin one after the other, each by a compare-exchange on the chunk's claim word, and no more do once it is
 * closed. Items below `CH_DONE` have their outcome in the chunk. At most one has begun and is not done: the task
 * itself stands for that one, with its result, its error, its promise, its crash. What has not begun is the
 * coordinator's again from the moment the chunk is closed.
 *
 * @module
 */
import { Decoder } from '../../codec/index.ts';
import { SerializeError } from '../../errors.ts';
import * as L from '../../memory/layout.ts';
import { inlineValue, type SharedMemory } from '../../memory/shared-memory.ts';
import type { Ending } from '../ledger.ts';
import { raise, unheard } from '../raise.ts';
import type { Answer } from './chunk-size.ts';
import type { Entry } from './outcomes.ts';
import type { Copied } from './staging.ts';

export interface ChunkHooks {
  /** An item has ended; its result took so many bytes. */
  ended(entry: Entry, value: unknown, how: Ending, bytes: number): void;
  /** An item has not begun, and never will in this chunk. */
  again(entry: Entry, input: Copied): void;
  /** The last of its items has been spoken of. */
  over(chunk: Chunk, answer: Answer | undefined): void;
}

const decoder = new Decoder();

export class Chunk {
  /** How its task ended, which stands for the item that began last. */
  ended: Ending | undefined;
  readonly #memory: SharedMemory;
  readonly #address: number;
  readonly #entries: readonly Entry[];
  readonly #hooks: ChunkHooks;
  /** Of how many items from the first on the outcome is known; from which item on they are this chunk's no more. */
  #told = 0;
  #end: number;
  /** Items that had begun when it was last looked at. */
  #seen = 0;
  /** What is behind a long item has been taken back. */
  #left = false;

  constructor(memory: SharedMemory, address: number, entries: readonly Entry[], hooks: ChunkHooks) {
    this.#memory = memory;
    this.#address = address;
    this.#entries = entries;
    this.#hooks = hooks;
    this.#end = entries.length;
  }

  /** The task has ended, or has been given up. As bytes its own result took so many. */
  settle(value: unknown, bytes: number): void {
    // Subtle: these bytes are free as soon as anything else is submitted. First all of them is read.
    const begun = this.#close();
    const done = this.#tell();
    const how = this.ended!;
    const inputs = this.#takeBack(begun);
    const answer = how === 'completed' ? this.#answer(begun) : undefined;
    // A rejection that is no item's would be one that nobody handles.
    if (done === begun && (how !== 'cancelled' || inputs.length === 0)) unheard(value);
    if (done < begun) this.#hooks.ended(this.#entries[done]!, value, how, bytes);
    this.#hooks.over(this, answer);
    for (const [i, input] of inputs.entries()) {
      // Cancelled: nothing of it is to run. Else it ended early, or its thread did.
      if (how === 'cancelled') this.#hooks.ended(this.#entries[begun + i]!, value, how, 0);
      else this.#hooks.again(this.#entries[begun + i]!, input);
    }
  }

  /**
   * Looks for an item that goes on and on, and lets go of those behind it. Why the worker closed the chunk, if it has
   * (`WHY_`); undefined: there is no such item.
   *
   * An item counts as long when nothing has begun since the last look.
   */
  look(): number | undefined {
    const at = (this.#address + L.CH_CLAIM) >> 2;
    const seen = Atomics.load(this.#memory.i32, at) & ~L.CH_CLOSED;
    if (seen === 0 || seen !== this.#seen) {
      this.#seen = seen;
      return undefined;
    }
    if (this.#left) return undefined;
    this.#left = true;
    const begun = this.#close();
    this.#tell();
    const inputs = this.#takeBack(begun);
    const why = this.#memory.i32[(this.#address + L.CH_WHY) >> 2]!;
    for (const [i, input] of inputs.entries()) this.#hooks.again(this.#entries[begun + i]!, input);
    return why;
  }

  // What has not begun is the coordinator's again.
  #takeBack(begun: number): Copied[] {
    const inputs: Copied[] = [];
    for (let i = begun; i < this.#end; i++) inputs.push(this.#input(i));
    this.#end = begun;
    return inputs;
  }

  #close(): number {
    const at = (this.#address + L.CH_CLAIM) >> 2;
    return Atomics.or(this.#memory.i32, at, L.CH_CLOSED) & ~L.CH_CLOSED;
  }

  // Hands out the outcomes that are in the chunk; of how many items they are.
  #tell(): number {
    const done = Atomics.load(this.#memory.i32, (this.#address + L.CH_DONE) >> 2);
    while (this.#told < done) {
      const i = this.#told++;
      let value: unknown;
      let how: Ending = 'completed';
      try {
        value = this.#outcome(i);
      } catch (cause) {
        how = 'failed';
        const text = 'The result could not be read back.';
        value = raise(new SerializeError('ERR_RESULT_SERIALIZE', 'result', text, { cause }));
      }
      this.#hooks.ended(this.#entries[i]!, value, how, this.#outcomeBytes(i));
    }
    return done;
  }

  /** Where it is in shared memory. */
  #item(i: number): number {
    return this.#address + L.CH_ITEMS + i * L.CH_ITEM_BYTES;
  }

  #outcomeBytes(i: number): number {
    const { i32 } = this.#memory;
    const item = this.#item(i);
    return i32[(item + L.CI_KIND) >> 2] === L.KIND_BYTES ? i32[(item + L.CI_LENGTH) >> 2]! : 0;
  }

  #outcome(i: number): unknown {
    const { i32, f64, u8 } = this.#memory;
    const item = this.#item(i);
    const kind = i32[(item + L.CI_KIND) >> 2]!;
    if (kind !== L.KIND_BYTES) return inlineValue(kind, f64[(item + L.CI_VALUE) >> 3]!);
    const at = this.#address + i32[(item + L.CI_VALUE) >> 2]!;
    return decoder.decode(u8, at, i32[(item + L.CI_LENGTH) >> 2]!);
  }

  #input(i: number): Copied {
    const { i32, f64, u8 } = this.#memory;
    const item = this.#item(i);
    const kind = i32[(item + L.CI_KIND) >> 2]!;
    if (kind !== L.KIND_BYTES) return { kind, number: f64[(item + L.CI_VALUE) >> 3]!, bytes: undefined };
    const at = this.#address + i32[(item + L.CI_VALUE) >> 2]!;
    return { kind, number: 0, bytes: u8.slice(at, at + i32[(item + L.CI_LENGTH) >> 2]!) };
  }

  #answer(items: number): Answer {
    const { i32, f64 } = this.#memory;
    return {
      items,
      ms: f64[(this.#address + L.CH_BUSY) >> 3]!,
      why: i32[(this.#address + L.CH_WHY) >> 2]!,
      lacked: i32[(this.#address + L.CH_LACKED) >> 2]!,
    };
  }
}
