/**
 * Reads how stolen children have ended before they are joined, when all records are in use: who forks many and joins the
 * newest first would otherwise hold each of them until the last join, and thieves would find no more.
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import type { Children } from './children.ts';
import { EARLY, type Early } from './places.ts';
import { release } from './records.ts';
import { hasStackToEnd } from './stack-room.ts';
import type { ForkState, Hot } from './state.ts';
import { readResult } from './values.ts';

/** So many places are looked at, the newest published ones: twice as many as there are records. */
const REACH = 4096;

/** How many records this has made free. Failed children keep theirs: the stack of their error is where they are joined. */
export function harvest(state: ForkState, hot: Hot, children: Children): number {
  // What is read and not kept would be lost.
  if (!hasStackToEnd()) return 0;
  const { i32, records } = state;
  const { metas, split } = hot;
  const last = Math.max(children.floor, split - REACH);
  let freed = 0;
  for (let place = split - 1; place >= last; place--) {
    const item = children.items[place]!;
    if (item === 0) continue;
    const record = records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
    if ((Atomics.load(i32, record >> 2) & L.STATE_MASK) !== L.DONE) continue;
    const end = readEnd(state, record);
    metas[place] = EARLY;
    children.items[place] = 0;
    children.keep(place, end);
    release(state, record);
    freed++;
  }
  return freed;
}

// As its joiner would have read it.
function readEnd(state: ForkState, record: number): Early {
  try {
    return { end: 'value', value: readResult(state, record) };
  } catch (error) {
    return { end: 'error', error };
  }
}
