/**
 * Loads what fork and join need beside their fast paths: before any task runs, in threads whose task modules import them.
 *
 * @module
 */
import { Decoder } from '../../src/codec/decoder.ts';
import { Encoder } from '../../src/codec/encoder.ts';
import { MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { onePerThread } from '../one-per-thread.ts';
import type { WorkerView } from '../view.ts';
import { ForkArena } from './arena.ts';
import { tellLabels } from './circles.ts';
import { fork, join } from './fork.ts';
import { type Forkable, functionAt, functionNumber } from './functions.ts';
import { hungry } from './hungry.ts';
import { SlowPaths } from './slow-paths.ts';
import type { ForkState } from './state.ts';
import { stopIfAsked } from './stop.ts';

export function openForks(state: ForkState, view: WorkerView, names: ReadonlyMap<string, Forkable>): void {
  state.codec = { encoder: new Encoder(), decoder: new Decoder() };
  state.arena = new ForkArena(view);
  forked.publish = () => {
    if (state.active) state.slow!.children.publishAll();
  };
  tellLabels(view);
  state.open((hot) => new SlowPaths(state, hot, () => performance.now()));
  algorithms.current = {
    fork,
    join,
    hungry,
    stopIfAsked,
    functionNumber,
    functionAt,
    functionNamed: (name: string) => named(names, name),
    workers: view.memory.i32[(L.HEADER + L.H_WORKERS) >> 2]!,
  };
}

/** What `millrace/sync` calls before it sleeps. */
const forked: { publish(): void } = onePerThread('forked', () => ({ publish: () => {} }));

/** What the algorithms of `millrace/parallel` find in this thread. */
const algorithms: { current: object | undefined; readonly now: () => number } = onePerThread(
  'forker',
  () => ({
    current: undefined as object | undefined,
    now: () => performance.now(),
  }),
);

function named(names: ReadonlyMap<string, Forkable>, name: string): Forkable {
  const fn = names.get(name);
  if (fn !== undefined) return fn;
  throw new MillraceError(
    'ERR_UNKNOWN_FUNCTION',
    `No task module exports a function \`${name.slice(0, 80)}\`.`,
  );
}
