/**
 * Fork/join as one worker thread sees it: where its structures are, and what is on its stack.
 *
 * A *frame* is one call that may fork: that of a submitted task, of a stolen child, or of a child its joiner runs
 * itself. Frames nest on the stack, so their depth names them. A *run* is the part of the stack that belongs to one
 * claim: a submitted task's, or a stolen child's above it.
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

/** In `open`: the stack overflowed before the children of a frame above this one were done with. */
export const TORN = 0x40000000;

/** A child that only its own thread can run, because shared memory cannot hold it. */
export interface LocalChild {
  readonly fn: Forkable;
  readonly args: readonly unknown[];
  readonly frame: number;
}

/** How a child ended that its own thread ran before it was joined. */
export type Early =
  | { readonly end: 'value'; readonly value: unknown }
  | { readonly end: 'error'; readonly error: unknown };

export interface Codec {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
}

/** What every fork and join reads and writes: variables of `fork.ts`. */
export interface Hot {
  readonly fork: <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Handle<R>;
  readonly join: <R>(handle: Handle<R>) => R;
  attach(
    core: WorkerView['core'],
    at: Pick<ForkState, 'block' | 'records' | 'functions'>,
    f64: Float64Array,
  ): void;
  look(f64: Float64Array): void;
  depth: number;
  open: number;
  slow: SlowPaths | undefined;
}

/** A word that is never 0: nothing on the stack has forked yet. */
const NEVER_ZERO = L.HEADER + L.H_VERSION;

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
  worker = 0;
  /** Children whose functions have returned promises that are not settled. */
  pending = 0;
  /** How long a wait for a child may last before `look` is called, and it goes on. */
  patience: { readonly ms: number; look(): void } = { ms: Number.POSITIVE_INFINITY, look: () => {} };
  /** Ends this thread's wait. */
  poke: () => void = () => {};
  codec: Codec | undefined;
  shares: Shares | undefined;
  arena: ForkArena | undefined;

  /** The submitted task on the stack, as a reference; the stolen child on top, as the address of its record, or 0. */
  root = 0;
  up = 0;
  /** Word indices of what says that the code on top is to stop: the root's word, and the stolen child's (or the same). */
  rootCancelAt = 0;
  cancelAt = 0;
  /** By handle. */
  readonly early: Map<number, Early> = new Map();
  readonly local: Map<number, LocalChild> = new Map();
  /** Their handles, in the order of forking; some may be of children that are joined. */
  readonly localOrder: number[] = [];
  locals = 0;

  /** `fork.ts` was loaded. */
  use(hot: Hot): void {
    this.#hot = hot;
  }

  /** A task module has imported `fork`. */
  get imported(): boolean {
    return this.#hot !== undefined;
  }

  /** What most forks and joins do without; loaded after a task module has imported `fork`, before any task runs. */
  get slow(): SlowPaths | undefined {
    return this.#slow;
  }

  set slow(paths: SlowPaths | undefined) {
    this.#slow = paths;
    if (this.#hot === undefined) return;
    this.#hot.slow = paths;
    if (paths === undefined) return;
    this.#hot.attach(this.core, this, this.f64);
    this.active = false;
  }

  /** Something on the stack has forked, or is a stolen child. */
  get active(): boolean {
    return this.#active;
  }

  set active(active: boolean) {
    this.#active = active;
    this.i32[(this.block + L.W_ROOT_STOP) >> 2] = active ? this.rootCancelAt << 2 : NEVER_ZERO;
    this.i32[(this.block + L.W_STOP) >> 2] = active ? this.cancelAt << 2 : NEVER_ZERO;
  }

  /** Frames on the stack; the number of the one on top. */
  get depth(): number {
    return this.#hot!.depth;
  }

  set depth(frame: number) {
    this.#hot!.depth = frame;
  }

  /** Children of the frame on top that are not joined. */
  get open(): number {
    return this.#hot!.open;
  }

  set open(children: number) {
    this.#hot!.open = children;
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
    this.#hot?.look(this.f64);
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
    this.rootCancelAt = (view.coldOf(slot) + L.C_CANCEL) >> 2;
    this.cancelAt = this.rootCancelAt;
    i32[this.rootAt] = this.root;
    i32[this.upAt] = 0;
    this.depth = 1;
    this.open = 0;
    this.active = true;
  }
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
