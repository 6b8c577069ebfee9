/**
 * Runs a child that this worker has stolen.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics, isThenable } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import { asyncStorage } from '../context.ts';
import type { Forkable } from './functions.ts';
import { STOLEN } from './stack.ts';
import type { ForkState } from './state.ts';
import { lentBy, readArguments, writeError, writeResult } from './values.ts';

const { apply } = Reflect;
const AsyncFunction = (async () => {}).constructor;

/** Runs the child in a record that this worker has claimed, and publishes its end. */
export function runStolen(state: ForkState, record: number): void {
  state.reach(record);
  const running = begin(state, record);
  if (running === undefined) return;
  const { core } = state;
  if (isAwaited(state, record) && Atomics.load(state.i32, (record + L.F_CANCEL) >> 2) !== 0) {
    // Its parent has ended before it began.
    state.i32[(record + L.F_RESULT_KIND) >> 2] = L.RESULT_CRASHED;
    core.forkFinish(record, running.word, L.FAILED);
    return;
  }
  const below = enter(state, record);
  let end: number = L.DONE;
  const done = (running.word & ~L.STATE_MASK) | L.DONE;
  try {
    const fn = state.functions[state.i32[(record + L.F_FN) >> 2]!]!;
    const value = call(state, fn, record, running.args);
    if (state.hasChildren) state.slow!.returned(fn);
    if (isAwaited(state, record) && isThenable(value)) {
      const context = state.slow!.context(record);
      leave(state, below);
      state.slow!.pending.add(record, running.word, context, value);
      return;
    }
    writeResult(state, record, done, value);
  } catch (error) {
    end = L.FAILED;
    state.hot.base = below.top;
    if (below.active) state.slow!.endChildren();
    else state.slow!.endAll();
    writeError(state, record, (running.word & ~L.STATE_MASK) | L.FAILED, error);
  }
  leave(state, below);
  publishEnd(state, record, running.word, end);
}

/** The result or error is in the record. `running`: the state word of the attempt. */
export function publishEnd(state: ForkState, record: number, running: number, end: number): void {
  const lent = lentBy(state, record);
  // Nobody reads what it has lent when its joiner is dead.
  if (state.core.forkFinish(record, running, end) === 0 && lent !== 0) state.shares!.takeBack(lent);
}

// After an `await` the stack is lost; an async function finds its context all the same.
function call(state: ForkState, fn: Forkable, record: number, args: readonly unknown[]): unknown {
  if (!isAwaited(state, record) || !(fn instanceof AsyncFunction)) return apply(fn, undefined, args);
  return asyncStorage().run(state.slow!.context(record), apply, fn, undefined, args);
}

function isAwaited(state: ForkState, record: number): boolean {
  return (state.i32[(record + L.F_META) >> 2]! & L.FORK_AWAITED) !== 0;
}

interface Running {
  readonly word: number;
  readonly args: readonly unknown[];
}

// Arguments outside the record are read before the code is said to have started.
function begin(state: ForkState, record: number): Running | undefined {
  const { core, i32 } = state;
  const word = Atomics.load(i32, record >> 2);
  let args: readonly unknown[] | undefined;
  let failure: { readonly error: unknown } | undefined;
  try {
    args = readArguments(state, record);
  } catch (error) {
    failure = { error };
  }
  if (failure === undefined && (word & L.STATE_MASK) === L.RUNNING) return { word, args: args! };
  if (args === undefined && failure === undefined) {
    core.forkReturn(record);
    return undefined;
  }
  const running = (word & L.STATE_MASK) === L.RUNNING ? word : core.forkBegin(record);
  if (running === 0) {
    core.forkReturn(record);
    return undefined;
  }
  if (failure === undefined) return { word: running, args: args! };
  writeError(state, record, (running & ~L.STATE_MASK) | L.FAILED, failure.error);
  core.forkFinish(record, running, L.FAILED);
  return undefined;
}

/** What is below a stolen child on the stack. */
interface Below {
  /** Of the stack of children. */
  readonly base: number;
  readonly top: number;
  readonly active: boolean;
  readonly root: number;
  readonly up: number;
  readonly rootCancelAt: number;
  readonly cancelAt: number;
  readonly current: number;
}

function enter(state: ForkState, record: number): Below {
  const { i32, view } = state;
  const { active, hot, root, up, rootCancelAt, cancelAt } = state;
  const { base, top } = hot;
  const current = i32[view!.currentAt]!;
  const from = i32[(record + L.F_ROOT) >> 2]!;
  hot.base = top;
  state.root = from;
  state.up = record;
  state.stopsBy(view!.cancelAt(from & L.SLOT_MASK), (record + L.F_CANCEL) >> 2);
  state.active = true;
  i32[state.rootAt] = from;
  i32[state.upAt] = record;
  // A task of this thread that waits for its event loop is not to blame for what is on the stack.
  if (current === 0) i32[view!.currentAt] = STOLEN;
  return { base, top, active, root, up, rootCancelAt, cancelAt, current };
}

function leave(state: ForkState, below: Below): void {
  const { i32, view } = state;
  state.hot.base = below.base;
  state.root = below.root;
  state.up = below.up;
  state.stopsBy(below.rootCancelAt, below.cancelAt);
  state.active = below.active;
  i32[state.rootAt] = below.root;
  i32[state.upAt] = below.up;
  i32[view!.currentAt] = below.current;
  if (below.active) return;
  state.shares!.forget();
  state.slow!.children.forgetLists();
}
