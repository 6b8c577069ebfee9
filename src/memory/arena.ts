/**
 * Where argument bytes live while a task waits: size classes over regions of the shared memory. The coordinator
 * alone allocates and frees, so there is nothing shared to tear and nothing to recover but the list of live tasks.
 *
 * Four classes to each power of two, so at most a fifth of a block is unused; a freed block serves its own class
 * only, so there is no external fragmentation to mend, and what does not fit goes through a port instead.
 *
 * @module
 */
import type { SharedMemory } from './shared-memory.ts';

const SMALLEST = 64;
/** Small classes are carved out of regions of this size. */
const REGION = 256 * 1024;

/** The class of a size: 0 for up to 64 bytes, then four to each doubling. */
export function classOf(bytes: number): number {
  if (bytes <= SMALLEST) return 0;
  const exponent = 31 - Math.clz32(bytes - 1);
  const quarter = (bytes - 1) >>> (exponent - 2);
  return (exponent - 6) * 4 + (quarter & 3) + 1;
}

/** The bytes a block of this class has. */
export function sizeOf(klass: number): number {
  if (klass === 0) return SMALLEST;
  const exponent = ((klass - 1) >> 2) + 6;
  return 2 ** exponent + (((klass - 1) & 3) + 1) * 2 ** (exponent - 2);
}

export class Arena {
  readonly #memory: SharedMemory;
  readonly #free: number[][] = [];
  #at = 0;
  #left = 0;
  #live = 0;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  /** Bytes in blocks handed out and not freed. */
  get live(): number {
    return this.#live;
  }

  /** The address of a block of at least `bytes`, or 0 when memory has reached its limit. */
  allocate(bytes: number): number {
    const klass = classOf(bytes);
    const size = sizeOf(klass);
    const at = this.#free[klass]?.pop() ?? this.#carve(size);
    if (at !== 0) this.#live += size;
    return at;
  }

  /** `bytes` is what was asked for. */
  release(at: number, bytes: number): void {
    const klass = classOf(bytes);
    this.#live -= sizeOf(klass);
    const list = this.#free[klass];
    if (list === undefined) this.#free[klass] = [at];
    else list.push(at);
  }

  #carve(size: number): number {
    if (size > REGION / 4) return this.#memory.reserve(size);
    if (this.#left < size) {
      const region = this.#memory.reserve(REGION);
      if (region === 0) return 0;
      this.#at = region;
      this.#left = REGION;
    }
    const at = this.#at;
    this.#at += size;
    this.#left -= size;
    return at;
  }
}
