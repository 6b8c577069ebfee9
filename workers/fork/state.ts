/**
 * Fork/join as one worker thread sees it: where its structures are, and what is on its stack.
 *
 * A *frame* is one call that may fork: that of a submitted task, of a stolen child, or of a child its joiner runs
 * itself. Frames nest on the stack, and so do their children on the stack of children.
 *
 * @module
 */
import type { Decoder } from '../../src/codec/decoder.ts';
import type { Encoder } from '../../src/codec/encoder.ts';
import { MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { onePerThread } from '../one-per-thread.ts';
import type { WorkerView } from '../view.ts';
import type { ForkArena } from './arena.ts';
import type { Handle } from './fork.ts';
import type { Forkable } from './functions.ts';
import type { Shares } from './shares.ts';
import type { SlowPaths } from './slow-paths.ts';

/** More than ever wait: there is something to be done at every turn. */
export const NO_STOCK = 0x40000000;

export interface Codec {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
}

/** What every fork and join reads and writes: variables of `fork.ts`, which says what they mean. */
export interface Hot {
  readonly fork: <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Handle<R>;
  readonly join: <R>(handle: Handle<R>) => R;
  readonly hungry: () => boolean;
  /** Calls a child's function in a frame of its own. */
  readonly call: (fn: Forkable, args: readonly unknown[]) => unknown;
  readonly argument: (at: number) => unknown;
  /** Doubles the room on the stack of children. */
  grow(): void;
  attach(slow: SlowPaths | undefined, functions: readonly Forkable[]): void;
  /** `bottomAt`, `topAt`: of the deque, its own bottom and its top. */
  look(i32: Int32Array, bottomAt: number, topAt: number): void;
  /** Words that are not 0 when the code on top of the stack is to stop. */
  stopsBy(rootAt: number, ownAt: number): void;
  readonly serial: number;
  readonly handles: Int32Array;
  readonly metas: Int32Array;
  readonly slots: unknown[];
  top: number;
  base: number;
  split: number;
  readonly stock: number;
  readonly torn: number;
  readonly tornTo: number;
  /** It is a turn at handles that are 0 under `mask`; if `stock` children wait on the deque, nothing is to be done at most turns. */
  turnsAt(mask: number, stock: number): void;
  /** The places from `torn` to `tornTo - 1` belong to frames that are gone; `NOT_TORN`: none do. */
  tear(torn: number, tornTo: number): void;
}

/** What `functions.ts` does once a task module has imported it. */
export interface Numbering {
  numberFunctions(table: readonly Forkable[]): readonly Forkable[];
  registeredLabels(): readonly string[];
}

export class ForkState {
  #hot: Hot | undefined;
  #active = false;
  #slow: SlowPaths | undefined;
  view: WorkerView | undefined;
  core!: WorkerView['core'];
  i32: Int32Array = new Int32Array(0);
  f64: Float64Array = new Float64Array(0);
  /** Addresses: this worker's block, its fork records. */
  block = 0;
  records = 0;
  /** Word indices: the first free record; the root and the stolen record on top, as the core reads them. */
  freeAt = 0;
  rootAt = 0;
  upAt = 0;
  functions: readonly Forkable[] = [];
  /** Undefined: no task module has imported `fork` or `task`, so there is nothing to number. */
  numbering: Numbering | undefined;
  worker = 0;
  /** Children whose functions have returned promises that are not settled. */
  pending = 0;
  /** How long a wait for a child may last before `look` is called, and it goes on. */
  patience: { readonly ms: number; look(): void } = { ms: Number.POSITIVE_INFINITY, look: () => {} };
  /** Ends this thread's wait. */
  poke: () => void = () => {};
  /** A child whose function returned a promise has ended here. */
  onAsyncEnd: () => void = () => {};
  codec: Codec | undefined;
  shares: Shares | undefined;
  arena: ForkArena | undefined;

  /** The submitted task on the stack, as a reference; the stolen child on top, as the address of its record, or 0. */
  root = 0;
  up = 0;
  /** Word indices of what says that the code on top is to stop: the root's word, and the stolen child's (or the same). */
  rootCancelAt = 0;
  cancelAt = 0;
  /** `fork.ts` was loaded. */
  use(hot: Hot): void {
    this.#hot = hot;
  }

  /** A task module has imported `fork`. */
  get imported(): boolean {
    return this.#hot !== undefined;
  }

  /** What most forks and joins do without; opened after a task module has imported `fork`, before any task runs. */
  get slow(): SlowPaths | undefined {
    return this.#slow;
  }

  open(make: (hot: Hot) => SlowPaths): void {
    if (this.#hot === undefined) return;
    this.#slow = make(this.#hot);
    this.#hot.attach(this.#slow, this.functions);
    this.look();
    this.active = false;
  }

  /** Nothing can be forked in this thread from now on. */
  close(): void {
    this.#slow = undefined;
    this.#hot?.attach(undefined, []);
  }

  /** Something on the stack has forked, or is a stolen child. */
  get active(): boolean {
    return this.#active;
  }

  set active(active: boolean) {
    const starts = active && !this.#active;
    this.#active = active;
    if (starts) this.#slow!.sharing.start();
    else if (!active) {
      // So that the first fork of the next task is seen.
      this.#hot!.turnsAt(0, NO_STOCK);
    }
  }

  /** The stack of children. */
  get hot(): Hot {
    return this.#hot!;
  }

  /** The frame on top has children that are not joined, or something is left of others. */
  get hasChildren(): boolean {
    return this.#hot!.top !== this.#hot!.base;
  }

  attach(view: WorkerView, worker: number, functions: readonly Forkable[]): void {
    this.worker = worker;
    const { i32 } = view.memory;
    this.view = view;
    this.core = view.core;
    this.block = view.block;
    this.records = view.block + i32[(L.HEADER + L.H_FORK_RECORDS) >> 2]!;
    this.freeAt = (view.block + L.W_FORK_FREE) >> 2;
    this.rootAt = (view.block + L.W_ROOT) >> 2;
    this.upAt = (view.block + L.W_UP) >> 2;
    this.functions = functions;
    this.look();
  }

  /** Takes the views as long as memory is now. */
  look(): void {
    this.i32 = this.view!.memory.i32;
    this.f64 = this.view!.memory.f64;
    const deque = this.block + this.i32[(L.HEADER + L.H_FORKS) >> 2]!;
    this.#hot?.look(this.i32, (deque + L.DQ_OWN_BOTTOM) >> 2, (deque + L.DQ_TOP) >> 2);
  }

  /** Makes sure the views reach a record, which may lie in a block that was added later. */
  reach(record: number): void {
    if (record + L.FORK_BYTES <= this.i32.length * 4) return;
    this.view!.memory.refresh();
    this.look();
  }

  /** Whether what is on top of the stack was asked to stop. Walks up the stolen children above it. */
  get cancelled(): boolean {
    if (this.i32[this.rootCancelAt] !== 0) return true;
    return isCancelled(this, this.up);
  }

  /** What says that the code on top of the stack is to stop, as word indices. */
  stopsBy(rootCancelAt: number, cancelAt: number): void {
    this.rootCancelAt = rootCancelAt;
    this.cancelAt = cancelAt;
    this.#hot!.stopsBy(rootCancelAt, cancelAt);
  }

  /** The first fork of a submitted task. @throws MillraceError `ERR_NO_CONTEXT` when none is on the stack. */
  activate(): void {
    const { view, i32 } = this;
    const slot = view === undefined ? -1 : i32[view.currentAt]! - 1;
    if (view === undefined || slot < 0) {
      throw new MillraceError(
        'ERR_NO_CONTEXT',
        '`fork` was called outside a running task. Call it in a task function; after an `await`, use `forkAsync`.',
      );
    }
    if (this.slow === undefined) {
      throw new MillraceError(
        'ERR_NO_CONTEXT',
        '`fork` was called in a thread whose task modules had not loaded `millrace/worker` when its first task began. Import it at the top of the task module.',
      );
    }
    this.root = (i32[view.record(slot)]! & ~L.SLOT_MASK) | slot;
    this.up = 0;
    const cancelAt = view.cancelAt(slot);
    this.stopsBy(cancelAt, cancelAt);
    i32[this.rootAt] = this.root;
    i32[this.upAt] = 0;
    this.active = true;
  }
}

/** Worker blocks, with that of a main thread that helps. 1: there are no thieves. */
export function blockCount(i32: Int32Array): number {
  return i32[(L.HEADER + L.H_BLOCKS) >> 2]!;
}

/** Whether a stolen child, or one of those it descends from, was asked to stop. */
export function isCancelled(state: ForkState, record: number): boolean {
  for (let at = record; at !== 0; at = state.i32[(at + L.F_UP) >> 2]!) {
    state.reach(at);
    const { i32 } = state;
    if (i32[(at + L.F_CANCEL) >> 2] !== 0 || (i32[at >> 2]! & L.STATE_MASK) === L.CANCELLED) return true;
  }
  return false;
}

/** This thread's. */
export const forks: ForkState = onePerThread('forks', () => new ForkState());
