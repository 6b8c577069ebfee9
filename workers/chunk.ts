/**
 * Several inputs of one `map` in one task, as the worker sees them. What the coordinator may do meanwhile:
 * src/coordinator/map/chunk.ts.
 *
 * An item begins by a compare-exchange on the claim word, after its arguments have been read and before its code runs.
 * Its outcome is written before `CH_DONE` counts it. So a thread may die anywhere: what has not begun is known, and
 * what is done is there.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads';
import { Encoder, NEEDS_PORT } from '../src/codec/encoder.ts';
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, BytesOf, isThenable, performance } from '../src/codec/primordials.ts';
import * as L from '../src/memory/layout.ts';
import { inlineKind, inlineValue } from '../src/memory/shared-memory.ts';
import { LATER } from './executor.ts';
import { forks } from './fork/state.ts';
import type { Payloads } from './payloads.ts';
import { Transferred } from './transfer.ts';
import { type WorkerView, writePlainResult } from './view.ts';

/** When items were expected to take so much less, those that have not begun go elsewhere, ms. */
const LONG_MS = 0.5;
/** Items between two looks at the clock. */
const LOOK_EVERY = 4;

/** As they were before any task ran. This module is imported later. */
export type Steps = Pick<typeof globalThis.Atomics, 'compareExchange' | 'or'>;

/** What the executor does for each item. */
export interface ItemSteps {
  call(args: readonly unknown[]): unknown;
  /** What it returned, or the end of its children. */
  ended(value: unknown): unknown;
  /** The item has ended, and the next one may begin. */
  over(): void;
  /** As of any task. The others give the state to publish. */
  suspend(promise: PromiseLike<unknown>): void;
  result(value: unknown): number;
  failure(error: unknown): number;
}

/** What became of an outcome. */
type Kept =
  /** It is in the chunk: the next item may begin. */
  | 'kept'
  /** It went through the port, and the task can be published. */
  | 'sent'
  /** It is to be published as any task's. */
  | 'refused';

export class Chunk {
  readonly #view: WorkerView;
  readonly #port: MessagePort;
  readonly #payloads: Payloads;
  readonly #steps: Steps;
  readonly #encoder = new Encoder();
  #slot = 0;
  #state = 0;
  #address = 0;
  #count = 0;
  #begun = 0;
  #cancelAt = 0;
  /** Where the next outcome goes, and the end of the room for them. */
  #to = 0;
  #end = 0;
  #from = 0;

  constructor(view: WorkerView, port: MessagePort, payloads: Payloads, steps: Steps) {
    this.#steps = steps;
    this.#view = view;
    this.#port = port;
    this.#payloads = payloads;
  }

  /** The state word of the task in `slot`, which runs from now on, and is a chunk. 0: it was cancelled meanwhile. */
  begin(slot: number): number {
    const { core, memory, block, currentAt } = this.#view;
    if (core.begin(block, slot) === 0) {
      core.handBack(block, slot);
      return 0;
    }
    const at = this.#view.record(slot);
    const address = memory.i32[at + (L.T_PAYLOAD >> 2)]!;
    this.#view.bytesUpTo(address + memory.i32[at + (L.T_LENGTH >> 2)]!);
    const { i32 } = memory;
    i32[currentAt] = slot + 1;
    this.#slot = slot;
    this.#state = i32[at]!;
    this.#address = address;
    this.#count = i32[(address + L.CH_COUNT) >> 2]!;
    this.#begun = 0;
    this.#cancelAt = this.#view.cancelAt(slot);
    this.#to = i32[(address + L.CH_ROOM) >> 2]!;
    this.#end = this.#to + i32[(address + L.CH_ROOM_BYTES) >> 2]!;
    this.#from = performance.now();
    return this.#state;
  }

  /**
   * Runs the items, one after the other, until the outcome of one has no place in the chunk: then the task's end is
   * that one's. Otherwise it is nobody's.
   */
  run(steps: ItemSteps): number {
    const end = this.#run(steps);
    // What is published counts one.
    this.#view.memory.i32[(this.#view.block + L.W_EXECUTED) >> 2]! += this.#begun - 1;
    return end;
  }

  #run(steps: ItemSteps): number {
    try {
      for (let args = this.#next(); args !== undefined; args = this.#next()) {
        const value = steps.ended(steps.call(args));
        if (isThenable(value)) {
          this.#close(L.WHY_PROMISE);
          steps.suspend(value);
          return LATER;
        }
        const kept = this.#keep(value);
        if (kept !== 'kept') {
          this.#close(L.WHY_ROOM);
          return kept === 'sent' ? L.DONE : steps.result(value);
        }
        steps.over();
      }
      return L.DONE;
    } catch (error) {
      this.#close(L.WHY_FAILED);
      if (forks.active) forks.slow!.failureOfTask();
      return steps.failure(error);
    }
  }

  // Arguments of the next item, which has begun. Undefined: none begins any more. Throws what the decoder says; then
  // the item has begun, too.
  #next(): readonly unknown[] | undefined {
    const k = this.#begun;
    const { i32, f64, u8 } = this.#view.memory;
    const { done, why } = this.#over(k, i32);
    if (done) return this.#stop(why);
    const item = this.#address + L.CH_ITEMS + k * L.CH_ITEM_BYTES;
    const kind = i32[(item + L.CI_KIND) >> 2]!;
    let args: readonly unknown[] | undefined;
    let failure: { readonly error: unknown } | undefined;
    if (kind !== L.KIND_BYTES) args = [inlineValue(kind, f64[(item + L.CI_VALUE) >> 3]!)];
    else {
      try {
        const at = this.#address + i32[(item + L.CI_VALUE) >> 2]!;
        args = this.#payloads.decode(u8, at, i32[(item + L.CI_LENGTH) >> 2]!) as unknown[];
      } catch (error) {
        failure = { error };
      }
    }
    if (this.#steps.compareExchange(i32, (this.#address + L.CH_CLAIM) >> 2, k, k + 1) !== k)
      return this.#stop(L.WHY_TOLD);
    this.#begun = k + 1;
    if (failure !== undefined) throw failure.error;
    return args;
  }

  // Puts the outcome of the item that has begun last into the chunk. Throws a SerializeError when it cannot be sent.
  #keep(value: unknown): Kept {
    const { i32, f64 } = this.#view.memory;
    const item = this.#address + L.CH_ITEMS + (this.#begun - 1) * L.CH_ITEM_BYTES;
    const kind = inlineKind(value);
    if (kind < 0) {
      const kept = this.#keepBytes(value, item);
      if (kept !== 'kept') return kept;
    } else {
      if (kind === L.KIND_NUMBER) f64[(item + L.CI_VALUE) >> 3] = value as number;
      i32[(item + L.CI_KIND) >> 2] = kind;
    }
    Atomics.store(i32, (this.#address + L.CH_DONE) >> 2, this.#begun);
    return 'kept';
  }

  // No item begins any more.
  #close(why: number): void {
    const { i32, f64 } = this.#view.memory;
    i32[(this.#address + L.CH_WHY) >> 2] = why;
    f64[(this.#address + L.CH_BUSY) >> 3] = performance.now() - this.#from;
    this.#steps.or(i32, (this.#address + L.CH_CLAIM) >> 2, L.CH_CLOSED);
  }

  #keepBytes(value: unknown, item: number): Kept {
    if (value instanceof Transferred) return 'refused';
    const length = this.#encoder.encode(value, 'result');
    if (length === NEEDS_PORT) return 'refused';
    const { i32, u8 } = this.#view.memory;
    const to = this.#to;
    if (to + length > this.#end) {
      i32[(this.#address + L.CH_LACKED) >> 2] = length;
      this.#send(length);
      return 'sent';
    }
    this.#encoder.copyTo(u8, this.#address + to);
    this.#to = to + ((length + 7) & ~7);
    i32[(item + L.CI_VALUE) >> 2] = to;
    i32[(item + L.CI_LENGTH) >> 2] = length;
    i32[(item + L.CI_KIND) >> 2] = L.KIND_BYTES;
    return 'kept';
  }

  // Encoded already, and reading it again might give something else.
  #send(length: number): void {
    const bytes = new BytesOf(length);
    this.#encoder.copyTo(bytes, 0);
    const { i32 } = this.#view.memory;
    const at = this.#view.record(this.#slot);
    this.#port.postMessage({ slot: this.#slot, state: this.#state, bytes }, [bytes.buffer as ArrayBuffer]);
    i32[at + (L.T_RESULT_KIND >> 2)] = L.RESULT_PORT;
  }

  #over(k: number, i32: Int32Array): { readonly done: boolean; readonly why: number } {
    if (k >= this.#count) return ALL;
    if (Atomics.load(i32, this.#cancelAt) !== 0) return TOLD;
    const look = k > 0 && (k <= LOOK_EVERY || k % LOOK_EVERY === 0);
    return look && performance.now() - this.#from > LONG_MS ? LATE : GO;
  }

  // All that have begun are done: the task's own result is nobody's.
  #stop(why: number): undefined {
    this.#close(why);
    writePlainResult(this.#view, this.#view.record(this.#slot), undefined);
    return undefined;
  }
}

const GO = { done: false, why: 0 };
const ALL = { done: true, why: L.WHY_ALL };
const TOLD = { done: true, why: L.WHY_TOLD };
const LATE = { done: true, why: L.WHY_TIME };
