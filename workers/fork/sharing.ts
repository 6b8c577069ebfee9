/**
 * When private children are published, so that thieves find them.
 *
 * What is published costs its worker two atomic stores, and what is private nobody can steal, however long its worker is
 * busy with something else. So all children are published until those that have run turn out to be short; from then on
 * there are `stock` for thieves to take, the oldest, and as soon as those are gone, more.
 *
 * Source: the split deque of Lace (van Dijk, van de Pol, Euro-Par 2014), with the private part outside shared memory.
 *
 * @module
 */
import * as L from '../../src/memory/layout.ts';
import type { Children } from './children.ts';
import { blockCount, type ForkState, type Hot, NO_STOCK } from './state.ts';

/** Children are short if it takes less than this to run one, ms: publishing costs 2 percent of it. */
const SHORT_MS = 0.004;
/** So many forks are judged together, or more. */
const WINDOW = 64;
/** Of short children, so many are forked or joined before it is looked whether thieves have something to take, and whether to stop. A power of 2. */
const TURN = 8;
/** Most children that wait for thieves while their worker keeps others for itself. */
const MAX_STOCK = 8;

export class Sharing {
  readonly #state: ForkState;
  readonly #hot: Hot;
  readonly #children: Children;
  readonly #now: () => number;
  #short = false;
  #since = 0;
  #sinceHandle = 0;
  #sinceTop = 0;

  constructor(state: ForkState, hot: Hot, children: Children, now: () => number) {
    this.#state = state;
    this.#hot = hot;
    this.#children = children;
    this.#now = now;
  }

  /** Something on the stack forks for the first time. */
  start(): void {
    const { top, serial } = this.#hot;
    this.#short = false;
    this.#since = this.#now();
    this.#sinceHandle = serial;
    this.#sinceTop = top;
    this.turnAgain();
  }

  /** Sets after how many forks `forked` is to be called. */
  turnAgain(): void {
    const blocks = blockCount(this.#state.i32);
    if (this.#short) this.#hot.turnsAt(TURN - 1, blocks === 1 ? 0 : Math.min(MAX_STOCK, blocks));
    else this.#hot.turnsAt(0, NO_STOCK);
  }

  /** A child with this handle is on top of the stack: at every fork, or at every long turn and when the stock is low. */
  forked(handle: number): void {
    if (((handle - this.#sinceHandle) | 0) > WINDOW) this.#judge(handle);
    this.joined();
  }

  /** A child has been joined. */
  joined(): void {
    const hot = this.#hot;
    if (hot.split === hot.top || blockCount(this.#state.i32) === 1) return;
    if (this.#short) this.#restock();
    else this.#children.publishAll();
  }

  #judge(handle: number): void {
    const { top } = this.#hot;
    const now = this.#now();
    const forks = (handle - this.#sinceHandle) | 0;
    // Subtle: of what was only forked nobody knows how long it takes.
    const runs = forks - (top - this.#sinceTop);
    this.#short = runs >= forks / 2 && now - this.#since < runs * SHORT_MS;
    this.#since = now;
    this.#sinceHandle = handle;
    this.#sinceTop = top;
    this.turnAgain();
  }

  #restock(): void {
    const { i32, block } = this.#state;
    const { split, top, stock } = this.#hot;
    const deque = block + i32[(L.HEADER + L.H_FORKS) >> 2]!;
    const waiting = i32[(deque + L.DQ_OWN_BOTTOM) >> 2]! - i32[(deque + L.DQ_TOP) >> 2]!;
    if (waiting >= stock) return;
    // Thieves have taken all there was: they get half of what is left.
    const taken = split > 0 && waiting <= 0;
    this.#children.publish(Math.max(stock - waiting, taken ? (top - split) >> 1 : 0));
  }
}
