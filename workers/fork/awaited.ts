/**
 * Children that async tasks await: published like others, run by whoever takes them, and settled by the event loop of
 * the worker that forked them.
 *
 * @module
 */
import {
  // biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
  Atomics,
  letGo,
  mapDelete,
  mapForEach,
  mapSet,
  mapSize,
  NativePromise,
} from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import { askedToStop, type Context, type TaskContext } from '../context.ts';
import { ForkContext } from './fork-context.ts';
import { forget, release } from './records.ts';
import type { ForkState } from './state.ts';
import { runStolen } from './stolen.ts';
import { handOver, NOT_HERE, numbersOf, readError, readResult, writeArguments } from './values.ts';

/** No frame of a stack: nobody joins it. */
const AWAITED = -1;

/** Who waits for a child. */
interface Waiting {
  readonly context: Context;
  readonly record: number;
  /** Of shared memory its arguments refer to, which nobody may forget because the stack is empty. */
  readonly holds: readonly number[];
  /** Its stack is put into words only if the child fails: that takes 5 times as long as to make it. */
  readonly forkedAt: Error;
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Ending {
  readonly record: number;
  readonly holds: readonly number[];
  ended(): void;
}

export class AwaitedChildren {
  readonly #state: ForkState;
  readonly #waiting = new Map<number, Waiting>();
  /** Those nobody awaits any more, and that still run: by item, and what to do when they have ended. */
  readonly #ending = new Map<number, Ending>();

  constructor(state: ForkState) {
    this.#state = state;
  }

  fork(context: Context, number: number, args: readonly unknown[]): Promise<unknown> {
    const state = this.#state;
    if (context.cancelled) return NativePromise.reject(askedToStop());
    const { core, block, i32 } = state;
    const record = i32[state.freeAt]! || core.forkAttach(block);
    let meta: number;
    try {
      meta = record === 0 ? NOT_HERE : writeArguments(state, record, args);
    } catch (error) {
      return NativePromise.reject(error);
    }
    const item = meta === NOT_HERE ? 0 : this.#publish(context, record, number, meta | L.FORK_AWAITED);
    if (item === 0) return this.#here(number, args);
    const forkedAt = new Error();
    let resolve!: (value: unknown) => void;
    let reject!: (error: unknown) => void;
    const promise = new NativePromise<unknown>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    const holds = numbersOf(state, record);
    if (holds.length > 0) state.shares!.hold(holds);
    mapSet(this.#waiting, item, { context, record, holds, forkedAt, promise, resolve, reject });
    // Its own thread may be asleep, with its event loop, over what it would run.
    if (i32[state.view!.currentAt] === 0) state.poke();
    return promise;
  }

  #publish(context: Context, record: number, number: number, meta: number): number {
    const state = this.#state;
    const { core, block, i32 } = state;
    const root = i32[state.rootAt]!;
    const up = i32[state.upAt]!;
    const { reference, above } = placeOf(context);
    i32[(record + L.F_RESULT_KIND) >> 2] = 0;
    i32[state.rootAt] = reference;
    i32[state.upAt] = above;
    const item = core.fork(block, number, meta, AWAITED);
    i32[state.rootAt] = root;
    i32[state.upAt] = up;
    if (item === 0 && (meta & L.FORK_ENCODED) !== 0) state.arena!.free(i32[(record + L.F_PAYLOAD) >> 2]!);
    return item;
  }

  // Shared memory cannot hold it: it runs in this thread, after what is on the stack.
  async #here(number: number, args: readonly unknown[]): Promise<unknown> {
    const copy = structuredClone(args) as unknown[];
    await undefined;
    return handOver(this.#state, await this.#state.functions[number]!(...copy));
  }

  get isEmpty(): boolean {
    return mapSize(this.#waiting) === 0 && mapSize(this.#ending) === 0;
  }

  /** Looks for children that have ended. True when somebody was told. */
  settle(): boolean {
    if (this.isEmpty) return false;
    let told = false;
    mapForEach(this.#waiting, (waiting, item) => {
      if (this.#settle(item, waiting)) told = true;
    });
    mapForEach(this.#ending, (ending, item) => {
      if (!this.#hasEnded(ending.record)) return;
      mapDelete(this.#ending, item);
      forget(this.#state, ending.record);
      this.#letGo(ending.holds);
      ending.ended();
      told = true;
    });
    return told;
  }

  #hasEnded(record: number): boolean {
    const { i32 } = this.#state;
    const seen = Atomics.load(i32, record >> 2) & L.STATE_MASK;
    return (
      seen >= L.DONE || (seen === L.QUEUED && i32[(record + L.F_RESULT_KIND) >> 2] === L.RESULT_RETURNED)
    );
  }

  #settle(item: number, waiting: Waiting): boolean {
    const state = this.#state;
    const { record } = waiting;
    let seen = Atomics.load(state.i32, record >> 2) & L.STATE_MASK;
    if (seen === L.QUEUED && state.i32[(record + L.F_RESULT_KIND) >> 2] === L.RESULT_RETURNED) {
      // In no queue any more: it is run here.
      if (state.core.forkClaim(state.block, record, item) !== 0) runStolen(state, record);
      seen = Atomics.load(state.i32, record >> 2) & L.STATE_MASK;
    }
    if (seen < L.DONE) return false;
    mapDelete(this.#waiting, item);
    try {
      if (seen === L.DONE) waiting.resolve(readResult(state, record));
      else waiting.reject(readError(state, record, waiting.forkedAt.stack ?? ''));
    } catch (error) {
      waiting.reject(error);
    }
    release(state, record);
    this.#letGo(waiting.holds);
    return true;
  }

  // What is still on the stack may need them: then it forgets them when it is over.
  #letGo(numbers: readonly number[]): void {
    const { shares, active } = this.#state;
    if (numbers.length > 0 && shares!.letGo(numbers) && !active) shares!.forget();
  }

  /** How many children of a task are neither settled nor ended. */
  openOf(context: Context): number {
    let open = 0;
    mapForEach(this.#waiting, (waiting) => {
      if (waiting.context === context) open++;
    });
    return open;
  }

  /**
   * No child outlives its parent: those that wait never run, the others are asked to stop. Resolves when all have ended.
   */
  end(context: Context): Promise<unknown> {
    const ends: Promise<void>[] = [];
    mapForEach(this.#waiting, (waiting, item) => {
      if (waiting.context !== context) return;
      mapDelete(this.#waiting, item);
      // Whoever does not wait for it need not hear of it either.
      letGo(waiting.promise);
      waiting.reject(askedToStop());
      const end = this.#drop(item, waiting);
      if (end !== undefined) ends.push(end);
    });
    return NativePromise.all(ends);
  }

  #drop(item: number, { record, holds }: Waiting): Promise<void> | undefined {
    const { core, i32, poke } = this.#state;
    // Subtle: it stays in its queue. An entry that names no waiting child would be taken for one when the record has
    // had its generation again; whoever takes it finds the sign and does not run it (`stolen.ts`).
    Atomics.store(i32, (record + L.F_CANCEL) >> 2, 1);
    if (this.#hasEnded(record)) {
      forget(this.#state, record);
      this.#letGo(holds);
      return undefined;
    }
    const runner = (Atomics.load(i32, record >> 2) >> L.OWNER_SHIFT) & L.OWNER_MASK;
    if (runner === L.NOBODY) poke();
    else core.ping(i32[(L.HEADER + L.H_DIRECTORY + runner * 4) >> 2]!);
    return new NativePromise((ended) => {
      mapSet(this.#ending, item, { record, holds, ended });
    });
  }
}

function placeOf(context: Context): { readonly reference: number; readonly above: number } {
  if (context instanceof ForkContext) return { reference: context.reference, above: context.record };
  return { reference: (context as TaskContext).reference, above: 0 };
}
