/**
 * The stack of children that are not joined, as the code beside the fast paths sees it, and how its oldest private ones
 * are published. The argument: `README.md`.
 *
 * @module
 */
import { MillraceError } from '../../src/errors.ts';
import * as L from '../../src/memory/layout.ts';
import { harvest } from './harvest.ts';
import {
  ARGUMENT_SHIFT,
  AS_LIST,
  COUNT_MASK,
  type Early,
  GONE,
  INLINE_ARGUMENTS,
  META_SHIFT,
} from './places.ts';
import type { ForkState, Hot } from './state.ts';
import { NOT_HERE, writeArguments } from './values.ts';

/** When no record was free, that many children stay private before it is looked again. */
const FORKS_BETWEEN_LOOKS = 256;

export class Children {
  readonly #state: ForkState;
  readonly #hot: Hot;
  /** By place, below `split`: the item it is published as; 0: no thread but this one can run it, or it is gone. */
  items: Int32Array;
  /** Below it are a child whose end is waited for, and the frames under it. */
  floor = 0;
  #untilAttach = 0;
  /** Above the highest place whose first slot may hold an object. */
  #listed = 0;

  constructor(state: ForkState, hot: Hot) {
    this.#state = state;
    this.#hot = hot;
    this.items = new Int32Array(hot.handles.length);
  }

  /** Makes the stack longer, before `ahead` more children could fill it. */
  reserve(ahead: number): void {
    const hot = this.#hot;
    if (hot.top + ahead <= hot.handles.length) return;
    hot.grow();
    const items = new Int32Array(hot.handles.length);
    items.set(this.items);
    this.items = items;
  }

  /** The place of an open child of the frame on top; -1: it is none. */
  placeOf(handle: number): number {
    const { base, top, handles, metas } = this.#hot;
    if (handle !== (handle | 0)) return -1;
    let from = base;
    let to = top;
    // Invariant: handles grow along the stack, by differences, as they may wrap around. It is at `from` to `to - 1`.
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (((handles[middle]! - handle) | 0) > 0) to = middle;
      else from = middle;
    }
    return from < to && handles[from] === handle && metas[from] !== GONE ? from : -1;
  }

  /** The child at this place is over, or about to run. */
  remove(place: number): void {
    const hot = this.#hot;
    hot.metas[place] = GONE;
    hot.slots[place << ARGUMENT_SHIFT] = 0;
    if (place < hot.split) this.items[place] = 0;
    this.trim();
  }

  /** Takes places that are left over off the top, down to the frame on top. */
  trim(): void {
    const hot = this.#hot;
    const { metas, base } = hot;
    let { top } = hot;
    while (top > base && metas[top - 1] === GONE) top--;
    hot.top = top;
    if (hot.split > top) hot.split = top;
  }

  /** Holds an array of arguments, or an end, at this place. */
  keep(place: number, held: unknown[] | Early): void {
    this.#hot.slots[place << ARGUMENT_SHIFT] = held;
    if (this.#listed <= place) this.#listed = place + 1;
  }

  /** The stack is empty: lets go of what places still hold. */
  forgetLists(): void {
    const { slots } = this.#hot;
    for (let place = 0; place < this.#listed; place++) slots[place << ARGUMENT_SHIFT] = 0;
    this.#listed = 0;
  }

  /** Its arguments, as the child gets them; those `IN_RECORD` are read there. */
  argumentsAt(place: number): unknown[] {
    const { metas, slots, argument } = this.#hot;
    const at = place << ARGUMENT_SHIFT;
    const count = metas[place]! & COUNT_MASK;
    if (count === AS_LIST) return slots[at] as unknown[];
    const args: unknown[] = [];
    for (let i = 0; i < count; i++) args[i] = argument(at + i);
    return args;
  }

  functionNumber(place: number): number {
    return this.#hot.metas[place]! >> META_SHIFT;
  }

  /** Publishes all private children, as far as there is room. */
  publishAll(): void {
    this.publish(Number.POSITIVE_INFINITY);
  }

  /** Publishes so many of the private children, the oldest first; true: there was room. */
  publish(count: number): boolean {
    const hot = this.#hot;
    for (let left = count; left > 0 && hot.split < hot.top; left--) if (!this.#publishNext()) return false;
    return true;
  }

  #publishNext(): boolean {
    const hot = this.#hot;
    const place = hot.split;
    if (hot.metas[place]! < 0) return this.#pass(place);
    const record = this.freeRecord();
    if (record === 0) return false;
    const meta = this.#write(record, place);
    if (meta === NOT_HERE) return this.#pass(place);
    return this.publishAs(place, record, this.functionNumber(place), meta);
  }

  #pass(place: number): true {
    this.items[place] = 0;
    this.#hot.split = place + 1;
    return true;
  }

  /** Publishes the child at `split`, whose arguments are in the record, the next that is free. */
  publishAs(place: number, record: number, number: number, meta: number): boolean {
    const state = this.#state;
    const { i32 } = state;
    // Subtle: before the core is called. Should the stack overflow in it, the child may be published.
    this.items[place] = (i32[record >> 2]! & ~L.SLOT_MASK) | ((record - state.records) >> L.FORK_SHIFT);
    this.#hot.split = place + 1;
    if (state.core.fork(state.block, number, meta, place + 1) !== 0) return true;
    this.#hot.split = place;
    if ((meta & L.FORK_ENCODED) !== 0) state.arena!.free(i32[(record + L.F_PAYLOAD) >> 2]!);
    return false;
  }

  #write(record: number, place: number): number {
    const count = this.#hot.metas[place]! & COUNT_MASK;
    if (count <= INLINE_ARGUMENTS) {
      const { f64 } = this.#state;
      const at = (record + L.F_ARGS) >> 3;
      const from = place << ARGUMENT_SHIFT;
      for (let i = 0; i < count; i++) f64[at + i] = this.#hot.argument(from + i) as number;
      return count;
    }
    try {
      return writeArguments(this.#state, record, this.argumentsAt(place));
    } catch {
      // They were found fit to be cloned when it was forked: what failed is what was to carry them.
      return NOT_HERE;
    }
  }

  /** A record for one more, or 0. When all are in use, it takes a look at each to see that: not every time. */
  freeRecord(): number {
    return this.#state.i32[this.#state.freeAt]! || this.#attach();
  }

  #attach(): number {
    if (this.#untilAttach > 0) {
      this.#untilAttach--;
      return 0;
    }
    const state = this.#state;
    const record = state.core.forkAttach(state.block);
    if (record !== 0) return record;
    this.#untilAttach = FORKS_BETWEEN_LOOKS;
    return harvest(state, this.#hot, this) > 0 ? state.i32[state.freeAt]! : 0;
  }
}

export function badHandle(): MillraceError {
  return new MillraceError(
    'ERR_BAD_HANDLE',
    'This is no open child of the call that joins it. Join each handle once, in the call that forked it.',
  );
}

export function notJoined(name: string, open: number): MillraceError {
  const children = open === 1 ? 'a child' : `${open} children`;
  return new MillraceError(
    'ERR_NOT_JOINED',
    `\`${name}\` returned with ${children} that it had forked and not joined. Join every handle before the function returns; after an \`await\`, use \`forkAsync\`.`,
  );
}
