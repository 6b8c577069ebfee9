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
import type { Forkable } from './registry.ts';
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

export class ForkState {
  /** A task module has imported `fork`. */
  imported = false;
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
  /** What most forks and joins do without; loaded after a task module has imported `fork`, before any task runs. */
  slow: SlowPaths | undefined;
  codec: Codec | undefined;
  shares: Shares | undefined;
  arena: ForkArena | undefined;

  /** Something on the stack has forked, or is a stolen child. */
  active = false;
  /** Frames on the stack; the number of the one on top. */
  depth = 0;
  /** Children of the frame on top that are not joined. */
  open = 0;
  /** The submitted task on the stack, as a reference; the stolen child on top, as the address of its record, or 0. */
  root = 0;
  up = 0;
  /** Word indices of what says that the code on top is to stop: the root's word, and the stolen child's (or the same). */
  rootCancelAt = 0;
  cancelAt = 0;
  /** By handle. */
  readonly early: Map<number, Early> = new Map();
  readonly local: Map<number, LocalChild> = new Map();
  locals = 0;

  attach(view: WorkerView, functions: readonly Forkable[]): void {
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
