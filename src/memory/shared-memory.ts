/**
 * What threads share: one `WebAssembly.Memory`, the wasm core over it, a clock, and which of them live.
 *
 * The memory is made once, grown by the coordinator alone, seen through fixed-length views. A view does not grow with
 * the memory: it keeps the length it was made with. So the coordinator makes its views anew after each growth, and a
 * worker that meets an address beyond its views calls `refresh`.
 *
 * The core is compiled once, instantiated by each thread over the same memory. What each of its functions does, and who
 * may call it, stands in `core/*.ts`; why it is right, in the READMEs beside this file.
 *
 * The part of WebAssembly that is used here is typed by hand: Node's types leave it to the DOM library, which a Node
 * library must not ask its users for.
 *
 * @module
 */
import { MillraceError } from '../errors.ts';
import * as L from './layout.ts';

const PARKED = (L.HEADER + L.H_PARKED) >> 2;
const JOINING = (L.HEADER + L.H_JOINING) >> 2;
const ARMED = (L.HEADER + L.H_ARMED) >> 2;

/** A compiled module: opaque, and structured-cloneable, so that workers need not compile it again. */
export type WasmModule = object & { readonly __wasmModule?: never };

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB; the size before, in pages. @throws RangeError beyond the maximum. */
  grow(pages: number): number;
}

interface WasmNamespace {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
  readonly Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => WasmMemory;
}

/** Absent under `--jitless` and the like. */
export const Wasm: WasmNamespace | undefined = (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly;

/** Addresses are byte offsets into the shared memory; items are int32 other than 0 and -1. */
export interface Core {
  dequeInit(deque: number, mask: number, start: number): void;
  dequePush(deque: number, item: number): number;
  dequePop(deque: number): number;
  dequeSteal(deque: number): number;
  dequeSize(deque: number): number;
  dequeSpill(deque: number, ring: number): number;
  ringInit(ring: number, mask: number, start: number): void;
  ringRoom(ring: number): number;
  ringStage(ring: number, item: number): number;
  ringPublish(ring: number): void;
  ringPut(ring: number, item: number): number;
  ringTake(ring: number): number;
  ringClaim(ring: number, deque: number, most: number): number;
  ringSize(ring: number): number;
  spscInit(ring: number, mask: number, start: number): void;
  spscPut(ring: number, item: number): number;
  spscTake(ring: number): number;
  spscSize(ring: number): number;
  eventPrepare(event: number): number;
  eventLeave(event: number): void;
  eventNotify(event: number, count: number): number;
  anyShared(): number;
  anyWork(block: number): number;
  wakeOne(): number;
  wakeSome(most: number): number;
  wakeWorker(block: number): void;
  wakeAll(): void;
  beginSearch(block: number): number;
  endSearch(block: number): void;
  park(block: number): number;
  parkLooping(block: number): number;
  recall(): number;
  ping(block: number): void;
  unpark(block: number): void;
  spin(block: number, rounds: number): number;
  forget(block: number): void;
  arm(): number;
  completed(rounds: number): number;
  begin(block: number, slot: number): number;
  suspend(slot: number, running: number): number;
  finish(block: number, slot: number, from: number, to: number): number;
  handBack(block: number, slot: number): void;
  inject(level: number, ref: number): number;
  injectQuiet(level: number, ref: number): number;
  publish(level: number): void;
  reissue(level: number, ref: number): number;
  injectTo(block: number, ref: number): number;
  cancel(ref: number): number;
  next(block: number): number;
  finishNext(block: number, slot: number, from: number, to: number): number;
  offer(block: number, ref: number): number;
  forkInit(block: number, dequeMask: number, spillMask: number, start: number): void;
  forkAttach(block: number): number;
  fork(block: number, fn: number, meta: number, place: number): number;
  take(block: number, item: number, place: number): number;
  forkClaim(block: number, record: number, item: number): number;
  forkBegin(record: number): number;
  forkOwn(block: number): number;
  forkSuspend(record: number, running: number): number;
  forkReturn(record: number): void;
  forkFree(block: number, record: number): void;
  forkDrop(block: number, record: number, item: number): number;
  forkHelp(block: number, first: number, root: number): number;
  forkFinish(record: number, from: number, to: number): number;
  joinPark(block: number, record: number): number;
  joinUnpark(block: number): void;
  forkMend(dead: number, stuck: number): number;
  forkAdopt(block: number): void;
  adopt(block: number): void;
  graceBegin(): number;
  graceOver(epoch: number): number;
}

/** One thread's instance over the shared memory. */
export function attachCore(module: WasmModule, memory: WasmMemory): Core {
  return new Wasm!.Instance(module, { env: { memory } }).exports as unknown as Core;
}

export const PAGE = 65536;

// A task may replace these in its thread.
const { Int32Array: Words, Float64Array: Doubles, Uint8Array: Bytes } = globalThis;

// A task may install a fake clock in its thread.
const now = performance.now.bind(performance);
const origin = Number(process.hrtime.bigint()) / 1e6 - now();

/**
 * One monotonic clock for all threads of the process: milliseconds, comparable between threads, never set back.
 * (`performance.now` counts from each thread's own start.)
 */
export function sharedNow(): number {
  return origin + now();
}

/** How many of the first `blocks` workers are asleep, or about to be. */
export function parkedWorkers(i32: Int32Array, blocks: number): number {
  return bits(i32, PARKED, blocks);
}

/** Whether worker block `block` has its bit in the words of this header field, `H_PARKED` for example. */
export function hasBit(i32: Int32Array, field: number, block: number): boolean {
  return (Atomics.load(i32, ((L.HEADER + field) >> 2) + (block >> 5)) & (1 << (block & 31))) !== 0;
}

function bits(i32: Int32Array, at: number, blocks: number): number {
  let count = 0;
  for (let i = 0; i <= (blocks - 1) >> 5; i++) {
    for (let rest = i32[at + i]!; rest !== 0; rest &= rest - 1) count++;
  }
  return count;
}

/**
 * Whether every thread that is awake has a core: then one that looks for work keeps nobody from it. The main thread is one
 * of them, unless it sleeps on the bell.
 */
export function coresSuffice(i32: Int32Array): boolean {
  const workers = i32[(L.HEADER + L.H_WORKERS) >> 2]!;
  const asleep = parkedWorkers(i32, workers) + bits(i32, JOINING, workers) + i32[ARMED]!;
  return workers + 1 - asleep <= i32[(L.HEADER + L.H_CORES) >> 2]!;
}

/** Coordinator: the thread with this number of Node's, + 1, has ended. Node never uses it again. 0: none. */
export function markEnded(i32: Int32Array, id: number): void {
  if (id > 0 && id < L.ENDED_THREADS) Atomics.or(i32, endedWord(i32, id), 1 << (id & 31));
}

/** By the blocks, and the bits of the ended ones. Undefined: it is not, and was not, one of this pool's. */
export function isAlive(i32: Int32Array, id: number): boolean | undefined {
  const blocks = Atomics.load(i32, (L.HEADER + L.H_BLOCKS) >> 2);
  for (let i = 0; i < blocks; i++) {
    const block = i32[(L.HEADER + L.H_DIRECTORY + i * 4) >> 2]!;
    if (Atomics.load(i32, (block + L.W_THREAD) >> 2) === id) return true;
  }
  if (id <= 0 || id >= L.ENDED_THREADS) return undefined;
  return (Atomics.load(i32, endedWord(i32, id)) & (1 << (id & 31))) !== 0 ? false : undefined;
}

function endedWord(i32: Int32Array, id: number): number {
  return (i32[(L.HEADER + L.H_ENDED) >> 2]! >> 2) + (id >> 5);
}

/**
 * The same number, as a small integer where it is one.
 *
 * Subtle: V8 keeps what unoptimized code reads out of a Float64Array as a heap number, integer or not. A function that
 * is handed one is compiled for floating point: a loop `i < n` converted and compared doubles, 2 to 4 % slower than
 * with the small integer that structured clone would have given. `-0` is not an integer.
 */
export function asInteger(number: number): number {
  const integer = number | 0;
  return integer === number && (integer !== 0 || 1 / number > 0) ? integer : number;
}

/** The kind of a value that a record holds by itself, or -1: it needs the codec. */
export function inlineKind(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return L.KIND_NUMBER;
    case 'undefined':
      return L.KIND_UNDEFINED;
    case 'boolean':
      return value ? L.KIND_TRUE : L.KIND_FALSE;
    default:
      return value === null ? L.KIND_NULL : -1;
  }
}

/** The value a task record holds for a kind; `number` is that of `KIND_NUMBER`. */
export function inlineValue(kind: number, number: number): unknown {
  switch (kind) {
    case L.KIND_UNDEFINED:
      return undefined;
    case L.KIND_NULL:
      return null;
    case L.KIND_TRUE:
      return true;
    case L.KIND_FALSE:
      return false;
    default:
      return asInteger(number);
  }
}

/** Fixed-length views of the whole memory as it was when they were made. */
export interface Views {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
}

export class SharedMemory {
  readonly memory: WasmMemory;
  /** Most bytes it may ever have. */
  readonly limit: number;
  i32!: Int32Array;
  f64!: Float64Array;
  u8!: Uint8Array;
  #end: number;
  #refused = false;

  private constructor(memory: WasmMemory, limit: number, end: number) {
    this.memory = memory;
    this.limit = limit;
    this.#end = end;
    this.refresh();
  }

  /** @throws MillraceError `ERR_NO_MEMORY` when the address space cannot be had, `ERR_UNSUPPORTED` without shared memory. */
  static create(limit: number, option = 'maxMemory'): SharedMemory {
    const maximum = Math.floor(limit / PAGE);
    let memory: WasmMemory;
    try {
      memory = new Wasm!.Memory({ initial: 2, maximum, shared: true });
    } catch (cause) {
      throw new MillraceError(
        'ERR_NO_MEMORY',
        // V8 has tried less than `limit` already, down to these two pages. So it is no use to ask for less.
        `Node cannot reserve address space for shared memory. It takes 8 to 10 GiB, however small \`${option}\` is, unless it is started with --disable-wasm-trap-handler. Raise the address-space limit of this process (ulimit -v), or start Node with that option.`,
        { cause },
      );
    }
    if (!(memory.buffer instanceof SharedArrayBuffer)) {
      throw new MillraceError('ERR_UNSUPPORTED', 'This engine makes no shared WebAssembly memory.');
    }
    return new SharedMemory(memory, maximum * PAGE, 0);
  }

  /** A worker's side of a memory made elsewhere. */
  static attach(memory: WasmMemory): SharedMemory {
    return new SharedMemory(memory, memory.buffer.byteLength, memory.buffer.byteLength);
  }

  /** Makes the views as long as the memory is now. */
  refresh(): void {
    // Subtle: another thread's growth shows in `memory.buffer` only at this thread's next interrupt check; growing
    // by nothing makes it show now.
    this.memory.grow(0);
    const buffer = this.memory.buffer;
    this.i32 = new Words(buffer);
    this.f64 = new Doubles(buffer);
    this.u8 = new Bytes(buffer);
  }

  /** Bytes handed out so far. */
  get used(): number {
    return this.#end;
  }

  /**
   * Whether the last reservation failed although the limit allows it: Node has reserved less than the limit, because
   * the address space of this process is limited. A lower limit that it can reserve as a whole may then give more.
   */
  get isCutShort(): boolean {
    return this.#refused;
  }

  /** Coordinator. The address of `bytes` fresh zeroed bytes, aligned to `LINE`; 0 when there is no room. */
  reserve(bytes: number): number {
    this.#refused = false;
    const at = Math.ceil(this.#end / 128) * 128;
    const end = at + bytes;
    if (end > this.limit) return 0;
    if (end > this.u8.length) {
      // By at least an eighth more, so that many small needs do not mean many growths.
      const wanted = Math.max(end, Math.min(this.limit, this.u8.length + (this.u8.length >> 3)));
      const pages = Math.ceil((wanted - this.u8.length) / PAGE);
      try {
        this.memory.grow(pages);
      } catch {
        this.#refused = true;
        return 0;
      }
      this.refresh();
    }
    this.#end = end;
    return at;
  }
}

/** For a memory that is cut short. */
export function outOfAddressSpace(option: string, limit: number): string {
  return `Shared memory cannot grow: Node could not reserve all of \`${option}\` (${limit} bytes) and took less, because the address space of this process is limited. Lower \`${option}\` to what there is room for, or raise the limit (ulimit -v).`;
}
