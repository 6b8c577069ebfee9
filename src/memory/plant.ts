/**
 * Lays the pool's structures out in shared memory: the header, the task records, the injector levels, and one block
 * for each worker. The coordinator calls it; workers only read the addresses.
 *
 * @module
 */
import { MillraceError } from '../errors.ts';
import { compileCore } from './compile.ts';
import * as L from './layout.ts';
import { attachCore, type Core, outOfAddressSpace, SharedMemory, type WasmModule } from './shared-memory.ts';

/** Sizes of the structures; powers of two where a ring is meant. */
export interface PlantSizes {
  readonly workers: number;
  /** Task records for each level, so that a full level leaves room for the others. */
  readonly slotsPerLevel: number;
  readonly deque: number;
  readonly spill: number;
  readonly inbox: number;
  /** Children of running tasks: places of a worker's fork deque, and how many may be there in all. */
  readonly forks: number;
  readonly children: number;
  /** Bytes of arguments and results of children a worker can hold. */
  readonly childBytes: number;
  /** Bytes of results a worker can have waiting before they go through its port. */
  readonly results: number;
  /** Where all indices start; tests begin next to wrap-around. */
  readonly start: number;
}

export const DEFAULT_SIZES: Omit<PlantSizes, 'workers'> = {
  slotsPerLevel: 4096,
  deque: 1024,
  spill: 1024,
  inbox: 1024,
  forks: 1024,
  children: 2048,
  childBytes: 1 << 18,
  results: 1 << 20,
  start: 0,
};

/** Byte offsets inside a worker block. */
interface BlockShape {
  readonly spill: number;
  readonly inbox: number;
  readonly completions: number;
  readonly results: number;
  readonly forks: number;
  readonly childBytes: number;
  readonly bytes: number;
}

export class Plant {
  readonly memory: SharedMemory;
  readonly core: Core;
  readonly module: WasmModule;
  readonly sizes: PlantSizes;
  readonly slots: number;
  readonly tasks: number;
  readonly cold: number;
  readonly shape: BlockShape;
  readonly #blocks: number[] = [];

  constructor(sizes: PlantSizes, limit: number) {
    this.sizes = sizes;
    this.module = compileCore();
    this.memory = SharedMemory.create(limit);
    this.core = attachCore(this.module, this.memory.memory);
    this.slots = Math.min(sizes.slotsPerLevel * L.LEVELS, L.MAX_SLOTS);
    this.memory.reserve(L.HEADER + L.HEADER_BYTES);
    this.tasks = this.#need(this.slots * L.TASK_BYTES);
    this.cold = this.#need(this.slots * L.COLD_BYTES);
    // Twice the records of a level: recovery issues references again while the old ones may still be in the ring.
    const level = 2 * ceilPowerOfTwo(sizes.slotsPerLevel);
    const stride = L.MC_SLOTS + level * 4;
    const injector = this.#need(stride * L.LEVELS);
    const ended = this.#need(L.ENDED_THREADS / 8);
    const completions = ceilPowerOfTwo(this.slots);
    const spill = L.W_DEQUE + L.DQ_SLOTS + align(sizes.deque * 4);
    const inbox = spill + L.MC_SLOTS + align(sizes.spill * 4);
    const done = inbox + L.SC_SLOTS + align(sizes.inbox * 4);
    const results = done + L.SC_SLOTS + align(completions * 4);
    const forks = align(results + L.RB_BYTES + sizes.results);
    const forkSpill = forks + L.DQ_SLOTS + align(sizes.forks * 4);
    // A place for each record: an entry that its joiner has made stale keeps its record from use until it is taken.
    const records = forkSpill + L.MC_SLOTS + align(ceilPowerOfTwo(sizes.children) * 4);
    // Record 0 is none.
    const childBytes = records + (sizes.children + 1) * L.FORK_BYTES;
    this.shape = {
      spill,
      inbox,
      completions: done,
      results,
      forks,
      childBytes,
      bytes: childBytes + align(sizes.childBytes),
    };
    const { i32 } = this.memory;
    const h = L.HEADER >> 2;
    i32[h + (L.H_VERSION >> 2)] = L.VERSION;
    i32[h + (L.H_WORKERS >> 2)] = sizes.workers;
    i32[h + (L.H_TASKS >> 2)] = this.tasks;
    i32[h + (L.H_INJECTOR >> 2)] = injector;
    i32[h + (L.H_LEVEL_STRIDE >> 2)] = stride;
    i32[h + (L.H_SPILL >> 2)] = spill;
    i32[h + (L.H_INBOX >> 2)] = inbox;
    i32[h + (L.H_COMPLETIONS >> 2)] = done;
    i32[h + (L.H_RESULTS >> 2)] = results;
    i32[h + (L.H_SLOTS >> 2)] = this.slots;
    i32[h + (L.H_COLD >> 2)] = this.cold;
    i32[h + (L.H_ENDED >> 2)] = ended;
    i32[h + (L.H_FORKS >> 2)] = forks;
    i32[h + (L.H_FORK_SPILL >> 2)] = forkSpill;
    i32[h + (L.H_FORK_RECORDS >> 2)] = records;
    i32[h + (L.H_FORK_SLOTS >> 2)] = sizes.children;
    i32[h + (L.H_FORK_BYTES >> 2)] = childBytes;
    i32[h + (L.H_FORK_BYTES_SIZE >> 2)] = sizes.childBytes;
    for (let i = 0; i < L.LEVELS; i++) this.core.ringInit(injector + i * stride, level - 1, sizes.start);
    for (let i = 0; i < sizes.workers; i++) this.addBlock();
  }

  /** Addresses of the worker blocks, by number. */
  get blocks(): readonly number[] {
    return this.#blocks;
  }

  /** One more worker block; its number. A replacement of a thread that will not end gets one of these. */
  addBlock(): number {
    const worker = this.#blocks.length;
    if (worker >= L.MAX_BLOCKS)
      throw new MillraceError('ERR_NO_MEMORY', `All ${L.MAX_BLOCKS} worker blocks are in use.`);
    const at = this.#need(this.shape.bytes);
    const { sizes, shape, core } = this;
    const { i32 } = this.memory;
    core.dequeInit(at + L.W_DEQUE, sizes.deque - 1, sizes.start);
    core.ringInit(at + shape.spill, sizes.spill - 1, sizes.start);
    core.spscInit(at + shape.inbox, sizes.inbox - 1, sizes.start);
    core.spscInit(at + shape.completions, ceilPowerOfTwo(this.slots) - 1, sizes.start);
    i32[(at + shape.results + L.RB_MASK) >>> 2] = sizes.results - 1;
    i32[(at + L.W_ID) >>> 2] = worker;
    i32[(at + L.W_RANDOM) >>> 2] = (worker + 1) * 0x9e3779b1;
    i32[(at + L.W_BATCH) >>> 2] = 1;
    core.forkInit(at, sizes.forks - 1, ceilPowerOfTwo(sizes.children) - 1, sizes.start);
    i32[(L.HEADER + L.H_DIRECTORY) / 4 + worker] = at;
    this.#blocks.push(at);
    // Subtle: the directory entry first. A thief that sees the count sees the block.
    Atomics.store(i32, (L.HEADER + L.H_BLOCKS) >> 2, worker + 1);
    return worker;
  }

  /** Writes the order in which levels are looked at; `SCHEDULE_LENGTH` levels from 0 to 3. */
  setSchedule(levels: Uint8Array): void {
    this.memory.u8.set(levels, L.HEADER + L.H_SCHEDULE);
  }

  #need(bytes: number): number {
    const at = this.memory.reserve(bytes);
    if (at !== 0) return at;
    throw new MillraceError(
      'ERR_NO_MEMORY',
      this.memory.isCutShort
        ? outOfAddressSpace('maxMemory', this.memory.limit)
        : `The pool needs ${bytes} bytes of shared memory more than \`maxMemory\` (${this.memory.limit}) leaves. Raise it, or use fewer workers.`,
    );
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / L.LINE) * L.LINE;
}

export function ceilPowerOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}
