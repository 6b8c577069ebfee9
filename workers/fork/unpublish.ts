/**
 * Takes published children back, so that they are private again, where they may not run now.
 *
 * @module
 */
import * as L from '../../src/memory/layout.ts';
import type { Children } from './children.ts';
import { ARGUMENT_SHIFT, AS_LIST, COUNT_MASK, EARLY, IN_RECORD, META_SHIFT, OVERFLOWED } from './places.ts';
import { freeArguments } from './records.ts';
import { needStack } from './stack-room.ts';
import type { ForkState, Hot } from './state.ts';
import { readArguments } from './values.ts';

/**
 * Those above this place, the newest first, as far as nobody has taken them. True: there was one.
 *
 * Those of the frame on top alone: it is the one that joins the child at this place.
 *
 * @throws RangeError there is too little stack; those that are taken back are children as before
 */
export function unpublishAbove(state: ForkState, hot: Hot, children: Children, place: number): boolean {
  const { core, block } = state;
  needStack();
  let any = false;
  for (let newer = hot.split - 1; newer > place; newer--) {
    const item = children.items[newer]!;
    if (item !== 0) {
      if (core.take(block, item, newer + 1) === 0) continue;
      takeOver(state, hot, children, newer, item);
      any = true;
    }
    // Invariant: what is published is a prefix. One that a thief has keeps those below it, which only this thread can
    // run, where they are.
    if (hot.split === newer + 1) hot.split = newer;
  }
  return any;
}

function takeOver(state: ForkState, hot: Hot, children: Children, place: number, item: number): void {
  const { metas, slots } = hot;
  const meta = metas[place]!;
  const record = state.records + ((item & L.SLOT_MASK) << L.FORK_SHIFT);
  children.items[place] = 0;
  if ((meta & COUNT_MASK) === IN_RECORD) {
    // Subtle: no call before these. If the stack overflows while a value is read, that is how the child ended.
    metas[place] = EARLY;
    slots[place << ARGUMENT_SHIFT] = OVERFLOWED;
    children.keep(place, readArguments(state, record)!);
    metas[place] = ((meta >> META_SHIFT) << META_SHIFT) | AS_LIST;
  }
  freeArguments(state, record);
}
