/**
 * Runs one claimed task: arguments in, the function called, its end published.
 *
 * The state word of the attempt, as it was when the code started, goes with it to the end: publication is one
 * compare-exchange from exactly that word, so an attempt the coordinator has given up on cannot publish anything.
 *
 * @module
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import {
  // biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
  Atomics,
  isThenable,
  mapDelete,
  mapForEach,
  mapGet,
  mapSet,
  NativePromise,
  subscribe,
} from '../src/codec/primordials.ts';
import * as L from '../src/memory/layout.ts';
import type { Chunk, ItemSteps } from './chunk.ts';
import { asyncStorage, type Context, provideContext, TaskContext } from './context.ts';
import { forks } from './fork/state.ts';
import type { Payloads } from './payloads.ts';
import type { Callable, Pending, Surroundings } from './surroundings.ts';
import {
  ArgumentReader,
  callWithNumbers,
  inlineArguments,
  MAX_SPREAD,
  NEEDS_CODEC,
  type WorkerView,
  writePlainResult,
} from './view.ts';

const NOTHING_MORE = 0;
/** No state: the end is published when the codec is there. */
export const LATER = -1;
const { apply } = Reflect;
const { compareExchange, or } = globalThis.Atomics;
const AsyncFunction = (async () => {}).constructor;

export class Executor {
  readonly #view: WorkerView;
  readonly #worker: number;
  readonly #functions: Callable[];
  readonly #isAsync: readonly boolean[];
  readonly #storage: AsyncLocalStorage<Context> | undefined;
  readonly #arguments: ArgumentReader;
  readonly #around: Surroundings;
  /** The codec and what uses it, once it has been loaded. */
  #payloads: Payloads | undefined;
  #chunk: Chunk | undefined;
  #loading: Promise<void> | undefined;
  /** The claimed task that waits for it, or -1. */
  #held = -1;
  readonly #pending = new Map<number, Pending>();
  readonly #concurrency: number;
  /** The task on the stack: its slot, or -1; its context once somebody has asked for it. */
  #slot = -1;
  #context: TaskContext | undefined;

  /**
   * Promises have something to go on with: an async task began, or was told. Says nothing while none is pending. Taken
   * back before the search, not in the shorter gaps between tasks.
   */
  news = false;

  constructor(
    view: WorkerView,
    worker: number,
    functions: Callable[],
    concurrency: number,
    around: Surroundings,
  ) {
    this.#view = view;
    this.#worker = worker;
    this.#functions = functions;
    forks.attach(view, worker, forks.numbering?.numberFunctions(functions) ?? functions);
    this.#isAsync = functions.map((fn) => fn instanceof AsyncFunction);
    // Once an AsyncLocalStorage has been used, every promise of the thread pays for it: only where it is needed.
    this.#storage = forks.functions.some((fn) => fn instanceof AsyncFunction) ? asyncStorage() : undefined;
    this.#concurrency = concurrency;
    this.#around = around;
    this.#arguments = new ArgumentReader(view, around.port, around.onMoved);
    provideContext(() => {
      if (forks.up !== 0) return forks.slow!.context(forks.up);
      return this.#slot < 0 ? undefined : (this.#context ??= this.#newContext(this.#slot));
    });
  }

  /** Async tasks that are not settled, and async children of others. */
  get pending(): number {
    return this.#pending.size + forks.pending;
  }

  /** Whether the codec is loaded. */
  get complete(): boolean {
    return this.#payloads !== undefined;
  }

  /** The codec is being loaded, for which the event loop has to turn. */
  get loading(): boolean {
    return this.#payloads === undefined && this.#loading !== undefined;
  }

  /** What a thread waits for before it ends: Node 20 never closes a file that was being imported then. */
  get loaded(): Promise<void> | undefined {
    return this.#loading;
  }

  /** A claimed task waits for the codec: resolves when that is loaded, or known not to load. */
  get held(): Promise<void> | undefined {
    return this.#held < 0 ? undefined : this.#loading;
  }

  /** Runs the task that has waited. Not before `held` has resolved. */
  runHeld(): void {
    if (this.#held < 0 || this.#payloads === undefined) return;
    const slot = this.#held;
    this.#held = -1;
    this.run(slot, false);
  }

  /** Loads the codec; begins at the first call. Resolves also when that fails, after `onBroken`. */
  load(): Promise<void> {
    return (this.#loading ??= this.#load());
  }

  async #load(): Promise<void> {
    try {
      const { loadLate } = await import('./late.ts');
      const { payloads, chunk } = await loadLate(this.#view, this.#around, { compareExchange, or });
      this.#payloads = payloads;
      this.#chunk = chunk;
      this.#arguments.decoder = payloads;
      this.#functions[0] = payloads.runSource as Callable;
    } catch (cause) {
      this.#around.onBroken(cause);
    }
  }

  /**
   * Runs the task in `slot`, which this worker has claimed. With `more`, and room for one more async task, the next
   * task is claimed in the same step: its slot + 1, or 0.
   */
  run(slot: number, more: boolean): number {
    const { core, memory, block, currentAt } = this.#view;
    const { i32, f64 } = memory;
    const at = this.#view.record(slot);
    const meta = i32[at + (L.T_META >> 2)]!;
    let args: readonly unknown[] | undefined;
    if ((meta & L.META_INLINE) === 0) {
      if ((meta & L.META_CHUNK) !== 0) return this.#runChunk(slot, more);
      // From here on the task is in hand: should its arguments end the thread, it is to blame.
      i32[currentAt] = slot + 1;
      const read = this.#begin(slot, at, meta);
      if (read === NEEDS_CODEC) {
        i32[currentAt] = 0;
        this.#held = slot;
        void this.load();
        // Peers could not take from here what would be claimed meanwhile.
        return NOTHING_MORE;
      }
      args = read;
      if (args === undefined) {
        i32[currentAt] = 0;
        return more && this.pending < this.#concurrency ? core.next(block) : NOTHING_MORE;
      }
    }
    const state = i32[at]!;
    const number = i32[at + (L.T_FN >> 2)]!;
    const fn = this.#functions[number]!;
    i32[currentAt] = slot + 1;
    this.#slot = slot;
    let end: number;
    try {
      let value: unknown;
      if (this.#isAsync[number] === true) {
        value = this.#callAsync(slot, fn, args ?? inlineArguments(this.#view, at, meta));
      } else {
        const count = meta - L.META_INLINE;
        value =
          count >= 0 && count <= MAX_SPREAD
            ? callWithNumbers(fn, count, f64, (at >> 1) + (L.T_ARGS >> 3))
            : apply(fn, undefined, args ?? inlineArguments(this.#view, at, meta));
      }
      if (forks.slow !== undefined) value = forks.slow.endOfTask(fn, this.#context, value);
      if (isThenable(value)) {
        this.#suspend(slot, state, value);
        this.#leave();
        // Its promise may have to go on first.
        return NOTHING_MORE;
      }
      end = this.#result(slot, state, value);
    } catch (error) {
      if (forks.active) forks.slow!.failureOfTask();
      end = this.#failure(slot, state, error);
    }
    if (end === LATER) {
      this.#leave();
      return more && this.pending < this.#concurrency ? core.next(block) : NOTHING_MORE;
    }
    this.#context?.end();
    this.#leave();
    if (more) return core.finishNext(block, slot, state, end);
    core.finish(block, slot, state, end);
    return NOTHING_MORE;
  }

  #runChunk(slot: number, more: boolean): number {
    const { core, block } = this.#view;
    const chunk = this.#chunk;
    if (chunk === undefined) {
      this.#held = slot;
      void this.load();
      return NOTHING_MORE;
    }
    let end = LATER;
    const state = chunk.begin(slot);
    if (state !== 0) {
      this.#slot = slot;
      end = chunk.run(this.#steps(slot, state));
      if (end !== LATER) this.#context?.end();
      this.#leave();
    }
    if (end === LATER) return NOTHING_MORE;
    if (more) return core.finishNext(block, slot, state, end);
    core.finish(block, slot, state, end);
    return NOTHING_MORE;
  }

  // What `run` does, of each item of a chunk.
  #steps(slot: number, state: number): ItemSteps {
    const number = this.#view.memory.i32[this.#view.record(slot) + (L.T_FN >> 2)]!;
    const fn = this.#functions[number]!;
    return {
      call: (args) => (this.#isAsync[number] ? this.#callAsync(slot, fn, args) : apply(fn, undefined, args)),
      ended: (value) => (forks.slow === undefined ? value : forks.slow.endOfTask(fn, this.#context, value)),
      over: () => {
        this.#context?.end();
        this.#context = undefined;
      },
      suspend: (value) => this.#suspend(slot, state, value),
      result: (value) => this.#result(slot, state, value),
      failure: (error) => this.#failure(slot, state, error),
    };
  }

  /** Runs a child that this worker has claimed; then as `run`. `next`: as the core gave it, below 0. */
  runChild(next: number, more: boolean): number {
    const before = forks.pending;
    forks.slow!.runStolen(-next << L.LINE_SHIFT);
    if (forks.slow!.awaited.settle() || forks.pending > 0) this.news = true;
    return more && forks.pending <= before ? this.#view.core.next(this.#view.block) : NOTHING_MORE;
  }

  /** Runs one child that an async task of this worker awaits, if any waits here. */
  runOwnChild(): boolean {
    const record = forks.imported ? this.#view.core.forkOwn(this.#view.block) : 0;
    if (record === 0) return false;
    forks.slow!.runStolen(record);
    forks.slow!.awaited.settle();
    return true;
  }

  /** Async tasks the coordinator has given up on are let go: their signals fire, their later end is nobody's. */
  releaseCancelled(): void {
    forks.slow?.pending.release();
    if (forks.slow?.awaited.settle()) this.news = true;
    mapForEach(this.#pending, ({ state, context }, slot) => {
      if (Atomics.load(this.#view.memory.i32, this.#view.cancelAt(slot)) === 0) return;
      mapDelete(this.#pending, slot);
      context?.abort();
      if (context !== undefined) void forks.slow?.awaited.end(context);
      context?.end();
      this.#view.core.finish(this.#view.block, slot, state, L.CANCELLED);
      this.#around.onAsyncEnd();
    });
  }

  // Arguments outside the record are decoded before the code is said to have started. Undefined: it does not start.
  #begin(slot: number, at: number, meta: number): readonly unknown[] | undefined | typeof NEEDS_CODEC {
    const { core, memory, block } = this.#view;
    // Source text may come through the port, which needs no codec; what runs it comes with the codec.
    if (this.#payloads === undefined && memory.i32[at + (L.T_FN >> 2)] === 0) return NEEDS_CODEC;
    let args: readonly unknown[] | undefined;
    let failure: unknown;
    try {
      const read =
        (meta & (L.META_PORT | L.META_ENCODED)) === 0
          ? inlineArguments(this.#view, at, meta)
          : this.#arguments.read(slot, at, meta);
      if (read === NEEDS_CODEC) return read;
      args = read;
      // The task stays claimed, and is issued again when this thread is gone.
      if (args === undefined) return undefined;
    } catch (error) {
      failure = error;
    }
    if ((meta & L.META_TIMED) !== 0) this.#view.startsNow(slot);
    if (core.begin(block, slot) === 0) {
      core.handBack(block, slot);
      return undefined;
    }
    if (args === undefined) {
      const state = memory.i32[at]!;
      const end = this.#failure(slot, state, failure);
      if (end !== LATER) core.finish(block, slot, state, end);
    }
    return args;
  }

  #callAsync(slot: number, fn: Callable, args: readonly unknown[]): unknown {
    this.#context = this.#newContext(slot);
    return this.#storage!.run(this.#context, apply, fn, undefined, args);
  }

  #pend(slot: number, running: number): Pending | undefined {
    if (this.#view.core.suspend(slot, running) === 0) return undefined;
    this.news = true;
    const mine: Pending = { state: (running & ~L.STATE_MASK) | L.PENDING, context: this.#context };
    mapSet(this.#pending, slot, mine);
    return mine;
  }

  #suspend(slot: number, running: number, promise: PromiseLike<unknown>): void {
    const mine = this.#pend(slot, running);
    if (mine === undefined) return;
    // Through a native promise: a thenable that calls back twice, or throws after calling back, is heard once.
    subscribe(
      NativePromise.resolve(promise),
      (value) => this.#settle(slot, mine, value, false),
      (error) => this.#settle(slot, mine, error, true),
    );
  }

  #settle(slot: number, mine: Pending, value: unknown, failed: boolean): void {
    mine.context?.settled();
    // Let go meanwhile: the slot may be another task's.
    if (mapGet(this.#pending, slot) !== mine) return;
    const { state } = mine;
    if (this.#payloads === undefined) {
      if (failed || !writePlainResult(this.#view, this.#view.record(slot), value)) {
        void this.#settleLater(slot, mine, value, failed);
        return;
      }
    }
    if (mine.context !== undefined && (forks.slow?.awaited.openOf(mine.context) ?? 0) > 0)
      return void this.#endChildren(slot, mine, value, failed);
    mapDelete(this.#pending, slot);
    const end = failed ? this.#failure(slot, state, value) : this.#result(slot, state, value);
    mine.context?.end();
    this.#view.core.finish(this.#view.block, slot, state, end);
    this.#around.onAsyncEnd();
  }

  async #endChildren(slot: number, mine: Pending, value: unknown, failed: boolean): Promise<void> {
    await forks.slow!.awaited.end(mine.context!);
    this.#settle(slot, mine, failed ? value : forks.slow!.notAwaited(), true);
  }

  // Writes the result where it belongs; the state to publish, or `LATER`.
  #result(slot: number, state: number, value: unknown): number {
    if (writePlainResult(this.#view, this.#view.record(slot), value)) return L.DONE;
    if (this.#payloads === undefined) return this.#later(slot, state, value, false);
    return this.#payloads.publisher.result(slot, state, value);
  }

  #failure(slot: number, state: number, error: unknown): number {
    if (this.#payloads === undefined) return this.#later(slot, state, error, true);
    return this.#payloads.publisher.failure(slot, state, error);
  }

  // Before the codec is loaded, a task whose end needs it is as one whose promise is not settled.
  #later(slot: number, running: number, value: unknown, failed: boolean): number {
    const mine = this.#pend(slot, running);
    if (mine !== undefined) void this.#settleLater(slot, mine, value, failed);
    return LATER;
  }

  // Task modules may have patched what a promise inherits: only `await` is sure not to look it up.
  async #settleLater(slot: number, mine: Pending, value: unknown, failed: boolean): Promise<void> {
    await this.load();
    if (this.#payloads !== undefined) this.#settle(slot, mine, value, failed);
  }

  #leave(): void {
    this.#slot = -1;
    this.#context = undefined;
    this.#view.memory.i32[this.#view.currentAt] = 0;
  }

  #newContext(slot: number): TaskContext {
    const { i32 } = this.#view.memory;
    const reference = (i32[this.#view.record(slot)]! & ~L.SLOT_MASK) | slot;
    return new TaskContext(this.#worker, reference, i32, this.#view.cancelAt(slot));
  }
}
