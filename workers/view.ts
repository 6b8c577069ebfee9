/**
 * What a worker reads of shared memory, and how: the core, the views, where its own structures are, and that it is this
 * thread's; the arguments of a claimed task, in its record, in the arena, or through the port, and calls with the
 * numbers in a record; and plain results, which go into the record.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../src/codec/primordials.ts';
import { MillraceError } from '../src/errors.ts';
import * as L from '../src/memory/layout.ts';
import {
  asInteger,
  attachCore,
  type Core,
  inlineValue,
  isAlive,
  SharedMemory,
  sharedNow,
  type WasmMemory,
  type WasmModule,
} from '../src/memory/shared-memory.ts';
import { liveness } from './one-per-thread.ts';
import type { Payloads } from './payloads.ts';
import type { Callable } from './surroundings.ts';

// As in `modules/load.ts`, not imported.
const { getBuiltinModule } = process;
const { receiveMessageOnPort, threadId } = getBuiltinModule('node:worker_threads');

export class WorkerView {
  readonly core: Core;
  readonly memory: SharedMemory;
  /** Address of this worker's block. */
  readonly block: number;
  /** Address of the task records, and of their cold parts. */
  readonly tasks: number;
  readonly cold: number;
  /** Address of the result byte ring. */
  readonly results: number;
  /** Word indices that are used often. */
  readonly parkAt: number;
  readonly commandAt: number;
  readonly currentAt: number;

  constructor(memory: object, module: object, block: number) {
    this.memory = SharedMemory.attach(memory as WasmMemory);
    this.core = attachCore(module as WasmModule, memory as WasmMemory);
    this.block = block;
    const { i32 } = this.memory;
    const version = i32[(L.HEADER + L.H_VERSION) >> 2];
    if (version !== L.VERSION) {
      throw new MillraceError(
        'ERR_VERSION_MISMATCH',
        `This worker is of another Millrace version (layout ${L.VERSION.toString(16)}, the pool's is ${(version ?? 0).toString(16)}). Let \`workerUrl\` point into the package the pool comes from.`,
      );
    }
    this.tasks = i32[(L.HEADER + L.H_TASKS) >> 2]!;
    this.cold = i32[(L.HEADER + L.H_COLD) >> 2]!;
    this.results = block + i32[(L.HEADER + L.H_RESULTS) >> 2]!;
    this.parkAt = (block + L.W_PARK) >> 2;
    this.commandAt = (block + L.W_COMMAND) >> 2;
    this.currentAt = (block + L.W_CURRENT) >> 2;
  }

  /** Says that this thread has the block. Locks of this thread ask the pool's memory about other threads from now on. */
  announce(): void {
    const { memory, block } = this;
    Atomics.store(memory.i32, (block + L.W_SYSTEM_THREAD) >> 2, systemThread());
    Atomics.store(memory.i32, (block + L.W_THREAD) >> 2, threadId + 1);
    liveness.isAlive = (id) => {
      // Blocks may have been added.
      memory.refresh();
      return id === 1 ? true : isAlive(memory.i32, id);
    };
  }

  /** What the coordinator has told this thread, one of `CMD_`; 0 for nothing. */
  get command(): number {
    return Atomics.load(this.memory.i32, this.commandAt);
  }

  /** The coordinator has asked whether this thread turns, and has no answer. */
  get pinged(): boolean {
    const { memory, block } = this;
    return Atomics.load(memory.i32, (block + L.W_PING) >> 2) !== memory.i32[(block + L.W_PONG) >> 2];
  }

  /** Answers it, if it is there, `after` that. */
  answerPing(after: () => void): void {
    if (!this.pinged) return;
    const { memory, block } = this;
    const ping = Atomics.load(memory.i32, (block + L.W_PING) >> 2);
    after();
    Atomics.store(memory.i32, (block + L.W_PONG) >> 2, ping);
  }

  /** Tasks that only this thread may run. */
  get inboxSize(): number {
    return this.core.spscSize(this.block + this.memory.i32[(L.HEADER + L.H_INBOX) >> 2]!);
  }

  /**
   * Gives the search token back, if this thread has it. Subtle: publishers wake nobody while somebody searches, and a
   * thread that goes off to run promises or timers, or leaves, does not.
   */
  stopSearching(): void {
    if (this.memory.i32[(this.block + L.W_TOKEN) >> 2] !== 0) this.core.endSearch(this.block);
  }

  /** Ends this thread's own wait. */
  poke(): void {
    Atomics.store(this.memory.i32, this.parkAt, 1);
    Atomics.notify(this.memory.i32, this.parkAt);
  }

  /** Word index of a task record. */
  record(slot: number): number {
    return (this.tasks + slot * L.TASK_BYTES) >> 2;
  }

  /** Byte address of the cold part of a task record. */
  coldOf(slot: number): number {
    return this.cold + slot * L.COLD_BYTES;
  }

  /** Word index of what asks the task in `slot` to stop. */
  cancelAt(slot: number): number {
    return (this.coldOf(slot) + L.C_CANCEL) >> 2;
  }

  /** The code of the task in `slot` starts now; said of tasks whose running time is limited. */
  startsNow(slot: number): void {
    this.memory.f64[(this.coldOf(slot) + L.C_STARTED) >> 3] = sharedNow();
  }

  /** Bytes at `address`, seen through views that reach that far. */
  bytesUpTo(address: number): Uint8Array {
    if (address > this.memory.u8.length) this.memory.refresh();
    return this.memory.u8;
  }
}

// Linux alone tells.
function systemThread(): number {
  if (process.platform !== 'linux') return 0;
  try {
    const { readlinkSync } = getBuiltinModule('node:fs');
    return Number(readlinkSync('/proc/thread-self').split('/').pop());
  } catch {
    // No /proc, as in some containers.
    return 0;
  }
}

/** All arguments of the record at word `at`. */
export function inlineArguments({ memory }: WorkerView, at: number, meta: number): unknown[] {
  const args: unknown[] = [];
  const count = meta & L.META_COUNT;
  for (let i = 0; i < count; i++) {
    const kind = (meta >> (L.META_KINDS + i * 4)) & 15;
    args[i] = inlineValue(kind, memory.f64[(at >> 1) + (L.T_ARGS >> 3) + i]!);
  }
  return args;
}

/** So many arguments, all of them numbers, are handed over without an array. */
export const MAX_SPREAD: number = 3;

/**
 * Calls a task function with `count` numbers from `f64[at]` on.
 *
 * Subtle: V8 must not inline the task into the worker's loop, or the task's own loops are compiled for these
 * surroundings: xorshift32 ran at a third of its speed once 20,000 short calls had made the call worth inlining. It
 * does not inline a call that has had several targets: see `mixTargets`.
 */
export function callWithNumbers(fn: Callable, count: number, f64: Float64Array, at: number): unknown {
  switch (count) {
    case 0:
      return fn();
    case 1:
      return fn(asInteger(f64[at]!));
    case 2:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!));
    default:
      return fn(asInteger(f64[at]!), asInteger(f64[at + 1]!), asInteger(f64[at + 2]!));
  }
}

const DECOYS: readonly Callable[] = [() => 0, () => 1];
const NUMBERS = new Float64Array(MAX_SPREAD);

/** Every call of a task function meets other functions, so that it is never one that has had a single target. Again and
 * again, since V8 forgets what it has seen when code has not run for some collections. */
export function mixTargets(): void {
  for (let count = 0; count <= MAX_SPREAD; count++) {
    for (const decoy of DECOYS) callWithNumbers(decoy, count, NUMBERS, 0);
  }
}

// Before any task is called.
mixTargets();

/** Writes a result into the record at word `at`; false when it does not fit there. */
export function writePlainResult({ memory }: WorkerView, at: number, value: unknown): boolean {
  const kindAt = at + (L.T_RESULT_KIND >> 2);
  switch (typeof value) {
    case 'number':
      memory.f64[(at >> 1) + (L.T_RESULT >> 3)] = value;
      memory.i32[kindAt] = L.KIND_NUMBER;
      return true;
    case 'undefined':
      memory.i32[kindAt] = L.KIND_UNDEFINED;
      return true;
    case 'boolean':
      memory.i32[kindAt] = value ? L.KIND_TRUE : L.KIND_FALSE;
      return true;
    default:
      if (value !== null) return false;
      memory.i32[kindAt] = L.KIND_NULL;
      return true;
  }
}

/** Posted before the task is put into this worker's inbox. */
export interface PortTask {
  /** Generation and slot. */
  readonly reference: number;
  readonly args?: readonly unknown[];
  /** Something was moved with them that may go on after the task: a stream, a port. */
  readonly moved?: boolean;
  /** The arguments as the codec wrote them: shared memory had no room for them, or there are errors among them. */
  readonly bytes?: Uint8Array;
  /** What the bytes refer to and only a port can carry. */
  readonly carried?: readonly object[];
}

/** Instead of arguments: they are encoded, and the codec is not loaded yet. Read again when it is. */
export const NEEDS_CODEC: unique symbol = Symbol('needs the codec');

export class ArgumentReader {
  readonly #view: WorkerView;
  readonly #port: MessagePort;
  readonly #onMoved: () => void;
  /** Given once the codec is loaded. */
  decoder: Pick<Payloads, 'decode'> | undefined;
  /** Taken out of the port, and not read yet. */
  #taken: PortTask | undefined;

  /** `onMoved` is called when arguments bring something along that may go on after the task. */
  constructor(view: WorkerView, port: MessagePort, onMoved: () => void) {
    this.#view = view;
    this.#port = port;
    this.#onMoved = onMoved;
  }

  /**
   * Arguments outside the record. Undefined: this thread is being ended and cannot read them any more.
   *
   * @throws what the decoder or the port says
   */
  read(slot: number, at: number, meta: number): readonly unknown[] | undefined | typeof NEEDS_CODEC {
    const { i32 } = this.#view.memory;
    if ((meta & L.META_PORT) !== 0) return this.#fromPort((i32[at]! & ~L.SLOT_MASK) | slot);
    if (this.decoder === undefined) return NEEDS_CODEC;
    const address = i32[at + (L.T_PAYLOAD >> 2)]!;
    const length = i32[at + (L.T_LENGTH >> 2)]!;
    return this.decoder.decode(this.#view.bytesUpTo(address + length), address, length) as unknown[];
  }

  #fromPort(reference: number): readonly unknown[] | undefined | typeof NEEDS_CODEC {
    const message = this.#taken ?? this.#take(reference);
    if (message === undefined) return undefined;
    const { args, bytes, moved, carried } = message;
    this.#taken = args === undefined && this.decoder === undefined ? message : undefined;
    if (this.#taken !== undefined) return NEEDS_CODEC;
    if (moved === true) this.#onMoved();
    return args ?? (this.decoder!.decode(bytes!, 0, bytes!.length, carried) as unknown[]);
  }

  #take(reference: number): PortTask | undefined {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: PortTask | undefined } | undefined;
      if (received === undefined) {
        throw new MillraceError('ERR_SERIALIZE', 'The arguments did not arrive through the worker port.');
      }
      const { message } = received;
      // Subtle: Node has told this thread to end, so it delivers nothing; JavaScript goes on for some steps more.
      if (message === undefined || message.reference === reference) return message;
      // Messages come in the order of the inbox; one before ours is of a task that was cancelled there.
    }
  }
}
