/**
 * How a task gets into shared memory: straight into a record while its level has room, else into the backlog, and
 * from there into the records that completions free.
 *
 * @module
 */

import { keepLargeBlocks, LARGE_BYTES } from '../codec/bytes.ts';
import { Encoder, NEEDS_PORT } from '../codec/index.ts';
import { setBytes } from '../codec/primordials.ts';
import { Arena } from '../memory/arena.ts';
import * as L from '../memory/layout.ts';
import { sharedNow } from '../memory/shared-memory.ts';
import { Backlog } from './backlog.ts';
import { Handle, SETTLED } from './handle.ts';
import { writeInline } from './inline.ts';
import type { Resolve, Window } from './window.ts';

/** The codec left these arguments to a port. */
export const TO_PORT: unique symbol = Symbol('to port');

/** Encoded arguments that have their place in the arena before their task has a record. */
export interface InArena {
  readonly address: number;
  readonly length: number;
}

export class Intake {
  readonly window: Window;
  readonly arena: Arena;
  readonly backlog: readonly Backlog[] = Array.from({ length: L.LEVELS }, () => new Backlog());
  readonly #encoders: Encoder[] = [new Encoder()];
  /** References recovery could not issue again because their ring was full. */
  readonly #unissued: number[] = [];
  /** Takes a task that shared memory has no room for at all. */
  readonly #toPort: (handle: Handle) => void;
  /** Told when a task with a handle gets a record. */
  readonly #onPlaced: (handle: Handle, slot: number) => void;

  constructor(
    window: Window,
    toPort: (handle: Handle) => void,
    onPlaced: (handle: Handle, slot: number) => void,
  ) {
    this.window = window;
    this.arena = new Arena(window.plant.memory);
    this.#toPort = toPort;
    this.#onPlaced = onPlaced;
  }

  /** Tasks in the backlog. */
  get waiting(): number {
    let sum = 0;
    for (const backlog of this.backlog) sum += backlog.size;
    return sum;
  }

  /**
   * Tasks wait although nothing that could end is in shared memory: a ring was full of stale references. They are
   * tried again without waiting for a completion.
   */
  get stalled(): boolean {
    return this.#unissued.length > 0 || (this.waiting > 0 && this.window.held === 0);
  }

  /** The fast path: inline arguments, no limits. */
  submit(level: number, fn: number, meta: number, args: readonly unknown[], resolve: Resolve): void {
    const backlog = this.backlog[level]!;
    const slot = backlog.size === 0 ? this.window.take(level) : -1;
    if (slot >= 0) {
      const { f64 } = this.window.plant.memory;
      writeInline(f64, (this.#fill(slot, fn, meta, resolve) >> 1) + (L.T_ARGS >> 3), args);
      if (this.window.plant.core.inject(level, this.window.reference(slot)) !== 0) return;
      this.release(slot);
    }
    const to = backlog.push(resolve, fn, meta, undefined, sharedNow);
    writeInline(to, backlog.lastAt, args);
  }

  /**
   * Encodes arguments; `TO_PORT` when only a port can carry them. With the `level` of a task that may go into a record
   * now, straight into the arena when there is room: then `submitHandle` takes them, or `forget`. Else into bytes that
   * belong to the caller.
   *
   * @throws SerializeError
   */
  encode(args: readonly unknown[], level?: number): InArena | Uint8Array | typeof TO_PORT {
    // Subtle: reading the arguments runs the user's getters, which may submit another task: each depth has its own
    // encoder, and no record is held meanwhile.
    const encoder = this.#encoders.pop() ?? new Encoder();
    try {
      const length = encoder.encode(args, 'args');
      if (length === NEEDS_PORT) return TO_PORT;
      if (length >= LARGE_BYTES) keepLargeBlocks();
      if (level !== undefined && this.backlog[level]!.size === 0 && this.window.room(level) > 0) {
        const address = this.arena.allocate(length);
        if (address !== 0) {
          encoder.copyTo(this.window.plant.memory.u8, address);
          return { address, length };
        }
      }
      const bytes = new Uint8Array(length);
      encoder.copyTo(bytes, 0);
      return bytes;
    } finally {
      this.#encoders.push(encoder);
    }
  }

  /**
   * Encodes arguments straight into a record's bytes when there is room, else into the backlog. False: only a port
   * can carry them.
   *
   * @throws SerializeError
   */
  submitEncoded(
    level: number,
    fn: number,
    flags: number,
    args: readonly unknown[],
    resolve: Resolve,
  ): boolean {
    const encoder = this.#encoders.pop() ?? new Encoder();
    try {
      const length = encoder.encode(args, 'args');
      if (length === NEEDS_PORT) return false;
      if (length >= LARGE_BYTES) keepLargeBlocks();
      const meta = flags | L.META_ENCODED;
      const { window } = this;
      const backlog = this.backlog[level]!;
      const address = backlog.size === 0 && window.room(level) > 0 ? this.arena.allocate(length) : 0;
      let bytes: Uint8Array;
      if (address !== 0) {
        encoder.copyTo(window.plant.memory.u8, address);
        const slot = window.take(level);
        const at = this.#fill(slot, fn, meta, resolve);
        const { i32 } = window.plant.memory;
        i32[at + (L.T_PAYLOAD >> 2)] = address;
        i32[at + (L.T_LENGTH >> 2)] = length;
        if (window.plant.core.inject(level, window.reference(slot)) !== 0) return true;
        // After a crash the ring may be full of duplicates. The encoder gives its bytes once only.
        bytes = this.#copyOf({ address, length });
        this.release(slot);
      } else {
        bytes = new Uint8Array(length);
        encoder.copyTo(bytes, 0);
      }
      backlog.push(resolve, fn, meta, bytes, sharedNow);
      return true;
    } finally {
      this.#encoders.push(encoder);
    }
  }

  /** The task these were for is not submitted after all. */
  forget({ address, length }: InArena): void {
    this.arena.release(address, length);
  }

  /** A task with a handle: into its record at once, or into the backlog. */
  submitHandle(handle: Handle, encoded?: InArena): void {
    const backlog = this.backlog[handle.level]!;
    const direct = backlog.size === 0 && this.window.room(handle.level) > 0;
    if (direct) {
      const slot = this.place(handle, encoded);
      if (slot >= 0) {
        if (this.window.plant.core.inject(handle.level, this.window.reference(slot)) !== 0) return;
        if (encoded !== undefined) handle.bytes = this.#copyOf(encoded);
        this.release(slot);
      }
    } else if (encoded !== undefined) {
      // Others have come in since the arguments were encoded.
      handle.bytes = this.#copyOf(encoded);
      this.forget(encoded);
    }
    const to = backlog.push(handle.resolve, handle.fn, handle.meta, handle, sharedNow);
    if (handle.numbers !== undefined) to.set(handle.numbers, backlog.lastAt);
    handle.where = { at: 'backlog', level: handle.level, place: backlog.mark() };
  }

  /** A chunk, whose bytes are in the arena: into a record at once, or not at all. False: the bytes are free again. */
  submitChunk(handle: Handle, encoded: InArena): boolean {
    if (this.backlog[handle.level]!.size > 0 || this.window.room(handle.level) <= 0) {
      this.forget(encoded);
      return false;
    }
    const slot = this.place(handle, encoded);
    if (this.window.plant.core.inject(handle.level, this.window.reference(slot)) !== 0) return true;
    this.release(slot);
    handle.where = SETTLED;
    return false;
  }

  /**
   * Gives a handle's task a record, filled but not injected; -1 when there is no room for it, which cannot be when its
   * arguments are in the arena and its level has room.
   */
  place(handle: Handle, encoded?: InArena): number {
    const { window } = this;
    // Before anything is copied: a line tries again with each look while its level is full.
    if (window.room(handle.level) <= 0) return -1;
    let payload = encoded;
    const { bytes } = handle;
    if (bytes !== undefined && (handle.meta & L.META_PORT) === 0) {
      const address = this.arena.allocate(bytes.length);
      if (address === 0) return -1;
      setBytes(window.plant.memory.u8, bytes, address);
      payload = { address, length: bytes.length };
    }
    const slot = window.take(handle.level);
    const at = this.#fill(slot, handle.fn, handle.meta, handle.resolve);
    const { i32, f64 } = window.plant.memory;
    if (payload !== undefined) {
      i32[at + (L.T_PAYLOAD >> 2)] = payload.address;
      i32[at + (L.T_LENGTH >> 2)] = payload.length;
    }
    if (handle.numbers !== undefined) f64.set(handle.numbers, (at >> 1) + (L.T_ARGS >> 3));
    window.handle[slot] = handle;
    window.deaths[slot] = handle.deaths;
    handle.where = { at: 'slot', slot, generation: window.generation[slot]! };
    this.#onPlaced(handle, slot);
    return slot;
  }

  /** Moves waiting tasks into free records and wakes workers for them. Cheap when nothing waits. */
  refill(): void {
    if (this.#unissued.length > 0) this.reissue([]);
    for (let level = 0; level < L.LEVELS; level++) {
      const backlog = this.backlog[level]!;
      if (backlog.size > 0) this.#refillLevel(level, backlog);
    }
  }

  /** Issues references to QUEUED tasks again, duplicates of what may still be in a queue. */
  reissue(references: readonly number[]): void {
    const { core } = this.window.plant;
    this.#unissued.push(...references);
    let issued = 0;
    while (this.#unissued.length > 0) {
      const reference = this.#unissued[0]!;
      const slot = reference & L.SLOT_MASK;
      if (this.window.live[slot] === 1 && this.window.reference(slot) === reference) {
        if (core.reissue(this.window.level[slot]!, reference) === 0) break;
        issued++;
      }
      this.#unissued.shift();
    }
    for (let level = 0; level < L.LEVELS; level++) core.publish(level);
    if (issued > 0) core.wakeSome(issued);
  }

  /** A new attempt of the task in `slot`: everything that refers to the old one is stale. False: the ring is full. */
  restart(slot: number): void {
    this.window.nextGeneration(slot);
    const handle = this.window.handle[slot];
    if (handle !== undefined) handle.where = { at: 'slot', slot, generation: this.window.generation[slot]! };
    const { core } = this.window.plant;
    const reference = this.window.reference(slot);
    this.#resetCold(slot);
    if (core.inject(this.window.level[slot]!, reference) === 0) {
      this.setQueued(slot);
      this.#unissued.push(reference);
    }
  }

  /** Writes the state QUEUED of the slot's generation, for a reference that is issued later. */
  setQueued(slot: number): void {
    const { plant } = this.window;
    const word = this.window.generation[slot]! | (L.NOBODY << L.OWNER_SHIFT) | L.QUEUED;
    Atomics.store(plant.memory.i32, (plant.tasks + slot * L.TASK_BYTES) >> 2, word);
  }

  /** The slot's task is over and no thread holds it: its bytes and the slot are free. */
  release(slot: number): void {
    const { plant } = this.window;
    const at = (plant.tasks + slot * L.TASK_BYTES) >> 2;
    const { i32 } = plant.memory;
    if ((i32[at + (L.T_META >> 2)]! & L.META_ENCODED) !== 0) {
      this.arena.release(i32[at + (L.T_PAYLOAD >> 2)]!, i32[at + (L.T_LENGTH >> 2)]!);
    }
    this.window.give(slot);
  }

  #refillLevel(level: number, backlog: Backlog): void {
    const { window } = this;
    const { core, memory } = window.plant;
    let moved = 0;
    for (let room = window.room(level); room > 0; room--) {
      const task = backlog.front();
      if (task === undefined) break;
      const { extra } = task;
      if (extra instanceof Handle) {
        if (extra.over) {
          backlog.shift();
          continue;
        }
        const slot = this.place(extra);
        if (slot < 0 && !this.#noMemory(backlog, extra)) break;
        if (slot < 0) continue;
        backlog.shift();
        this.#injectQuietly(level, slot);
      } else {
        let address = 0;
        if (extra !== undefined) {
          address = this.arena.allocate(extra.length);
          if (address === 0) {
            if (this.arena.live > 0) break;
            backlog.shift();
            this.#toPort(handleOf(level, task.fn, task.meta, task.resolve, extra));
            continue;
          }
        }
        const slot = window.take(level);
        const at = this.#fill(slot, task.fn, task.meta, task.resolve);
        if (extra !== undefined) {
          setBytes(memory.u8, extra, address);
          memory.i32[at + (L.T_PAYLOAD >> 2)] = address;
          memory.i32[at + (L.T_LENGTH >> 2)] = extra.length;
        } else {
          const to = (at >> 1) + (L.T_ARGS >> 3);
          const { args, at: from } = task;
          const { f64 } = memory;
          f64[to] = args[from]!;
          f64[to + 1] = args[from + 1]!;
          f64[to + 2] = args[from + 2]!;
          f64[to + 3] = args[from + 3]!;
        }
        backlog.shift();
        this.#injectQuietly(level, slot);
      }
      moved++;
    }
    if (moved > 0) {
      core.publish(level);
      core.wakeSome(Math.min(moved, window.plant.sizes.workers));
    }
  }

  #injectQuietly(level: number, slot: number): void {
    const reference = this.window.reference(slot);
    if (this.window.plant.core.injectQuiet(level, reference) !== 0) return;
    this.setQueued(slot);
    this.#unissued.push(reference);
  }

  // No bytes left for this task: wait for others to end, or, when there are none, send it through a port.
  #noMemory(backlog: Backlog, handle: Handle): boolean {
    if (this.arena.live > 0 || handle.bytes === undefined) return false;
    backlog.shift();
    handle.throughPort();
    this.#toPort(handle);
    return true;
  }

  #fill(slot: number, fn: number, meta: number, resolve: Resolve): number {
    const { plant } = this.window;
    const at = (plant.tasks + slot * L.TASK_BYTES) >> 2;
    const { i32 } = plant.memory;
    i32[at + (L.T_FN >> 2)] = fn;
    i32[at + (L.T_META >> 2)] = meta | (this.window.level[slot]! << L.META_LEVEL_SHIFT);
    this.window.resolve[slot] = resolve;
    this.#resetCold(slot);
    return at;
  }

  #resetCold(slot: number): void {
    const { plant } = this.window;
    const cold = plant.cold + slot * L.COLD_BYTES;
    plant.memory.i32[(cold + L.C_CANCEL) >> 2] = 0;
    plant.memory.f64[(cold + L.C_STARTED) >> 3] = 0;
  }

  #copyOf({ address, length }: InArena): Uint8Array {
    return this.window.plant.memory.u8.slice(address, address + length);
  }
}

/** A task that had no handle gets one, because it must travel through a port. */
export function handleOf(
  level: number,
  fn: number,
  meta: number,
  resolve: Resolve,
  bytes: Uint8Array | undefined,
): Handle {
  const handle = new Handle({
    level,
    fn,
    meta,
    resolve,
    timeout: undefined,
    deadline: undefined,
    signal: undefined,
    worker: undefined,
    submitted: undefined,
  });
  handle.bytes = bytes;
  handle.throughPort();
  return handle;
}
