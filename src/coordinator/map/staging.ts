/**
 * The chunk that is being filled. Each input is copied when it is taken: whoever gave it may change it at once.
 *
 * @module
 */
import { Encoder, NEEDS_PORT } from '../../codec/index.ts';
import * as L from '../../memory/layout.ts';
import { inlineKind, type SharedMemory } from '../../memory/shared-memory.ts';
import { TO_PORT } from '../intake.ts';
import { MOST_ITEMS } from './chunk-size.ts';
import type { Entry } from './outcomes.ts';

/** Of inputs in a chunk, bytes. */
const FULL_BYTES = 32_768;
/** An input with more of them goes alone. */
const LARGEST_INPUT = 4096;

/** The input is in the chunk. */
export const STAGED: unique symbol = Symbol('staged');

/** An input as it was copied: a plain value, or encoded arguments. */
export interface Copied {
  readonly kind: number;
  readonly number: number;
  readonly bytes: Uint8Array | undefined;
}

export class Staging {
  /** Whose inputs they are. */
  readonly entries: Entry[] = [];
  readonly #encoder = new Encoder();
  readonly #kinds = new Uint8Array(MOST_ITEMS);
  readonly #numbers = new Float64Array(MOST_ITEMS);
  readonly #offsets = new Int32Array(MOST_ITEMS + 1);
  #bytes = new Uint8Array(0);
  #used = 0;

  get count(): number {
    return this.entries.length;
  }

  get full(): boolean {
    return this.#used >= FULL_BYTES;
  }

  /**
   * Copies an input: into the chunk, or, if it is too large for one, into bytes of its own.
   *
   * @throws SerializeError
   */
  add(input: unknown, entry: Entry): typeof STAGED | typeof TO_PORT | Uint8Array {
    const at = this.entries.length;
    let kind = inlineKind(input);
    if (kind < 0) {
      kind = L.KIND_BYTES;
      const length = this.#encoder.encode([input], 'args');
      if (length === NEEDS_PORT) return TO_PORT;
      if (length > LARGEST_INPUT) {
        const bytes = new Uint8Array(length);
        this.#encoder.copyTo(bytes, 0);
        return bytes;
      }
      this.#reserve(length);
      this.#encoder.copyTo(this.#bytes, this.#used);
      this.#offsets[at] = this.#used;
      this.#numbers[at] = length;
      this.#used += (length + 7) & ~7;
    } else if (kind === L.KIND_NUMBER) this.#numbers[at] = input as number;
    this.#kinds[at] = kind;
    this.entries.push(entry);
    return STAGED;
  }

  /** Bytes the chunk takes, with so much room for each outcome. */
  size(outcomeBytes: number): number {
    return this.#room + this.count * ((outcomeBytes + 7) & ~7);
  }

  /** Writes the chunk. */
  write({ i32, f64, u8 }: SharedMemory, address: number, size: number): void {
    const { count } = this;
    const at = address >> 2;
    i32[at + (L.CH_CLAIM >> 2)] = 0;
    i32[at + (L.CH_DONE >> 2)] = 0;
    i32[at + (L.CH_COUNT >> 2)] = count;
    i32[at + (L.CH_WHY >> 2)] = L.WHY_ALL;
    f64[(address + L.CH_BUSY) >> 3] = 0;
    i32[at + (L.CH_LACKED >> 2)] = 0;
    i32[at + (L.CH_ROOM >> 2)] = this.#room;
    i32[at + (L.CH_ROOM_BYTES >> 2)] = size - this.#room;
    const bytesAt = L.CH_ITEMS + count * L.CH_ITEM_BYTES;
    for (let i = 0; i < count; i++) {
      const item = address + L.CH_ITEMS + i * L.CH_ITEM_BYTES;
      const kind = this.#kinds[i]!;
      i32[(item + L.CI_KIND) >> 2] = kind;
      if (kind === L.KIND_BYTES) {
        i32[(item + L.CI_VALUE) >> 2] = bytesAt + this.#offsets[i]!;
        i32[(item + L.CI_LENGTH) >> 2] = this.#numbers[i]!;
      } else f64[(item + L.CI_VALUE) >> 3] = this.#numbers[i]!;
    }
    if (this.#used > 0) u8.set(this.#bytes.subarray(0, this.#used), address + bytesAt);
  }

  /** One of the inputs. */
  copied(i: number): Copied {
    const kind = this.#kinds[i]!;
    const number = this.#numbers[i]!;
    if (kind !== L.KIND_BYTES) return { kind, number, bytes: undefined };
    const from = this.#offsets[i]!;
    return { kind, number: 0, bytes: this.#bytes.slice(from, from + number) };
  }

  clear(): void {
    this.entries.length = 0;
    this.#used = 0;
  }

  get #room(): number {
    return L.CH_ITEMS + this.count * L.CH_ITEM_BYTES + this.#used;
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    const longer = new Uint8Array(FULL_BYTES + LARGEST_INPUT + 8);
    longer.set(this.#bytes);
    this.#bytes = longer;
  }
}
