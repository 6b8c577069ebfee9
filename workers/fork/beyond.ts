/**
 * Whom a child waits for, seen from the one that joins it: read link by link, and read again before it counts. The
 * argument is in README.md, "Joins under a lock".
 *
 * @module
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it is that, as it was before any task ran
import { Atomics } from '../../src/codec/primordials.ts';
import * as L from '../../src/memory/layout.ts';
import { blockCount, type ForkState } from './state.ts';

const I64 = BigInt64Array;

/** In a label that has passed a join. Ids of threads have 24 bits. */
const JOINED = 1n << 31n;

/** A thread that sleeps in a join: for the child in `record`, whose state is `word`. */
interface Link {
  readonly record: number;
  readonly word: number;
  readonly joinsAt: number;
  readonly next: number;
}

/** The label of the thread on which the end of this child depends, over any number of joins; 0: it may go on. */
export function labelBeyond(state: Pick<ForkState, 'i32' | 'reach'>, record: number): bigint {
  const links: Link[] = [];
  let at = record;
  // Invariant: joins alone make no circle, so there are fewer links than threads.
  for (let left = blockCount(state.i32); left > 0; left--) {
    state.reach(at);
    const { i32 } = state;
    const word = Atomics.load(i32, at >> 2);
    const seen = word & L.STATE_MASK;
    if (seen === L.QUEUED || seen === L.FREE || seen >= L.DONE) return 0n;
    const owner = (word >> L.OWNER_SHIFT) & L.OWNER_MASK;
    if (owner >= blockCount(i32)) return 0n;
    const block = i32[(L.HEADER + L.H_DIRECTORY + owner * 4) >> 2]!;
    state.reach(block);
    const label = Atomics.load(new I64(state.i32.buffer), (block + L.W_LABEL) >> 3);
    const joinsAt = (block + L.W_JOINS) >> 2;
    const next = label === 0n ? Atomics.load(state.i32, joinsAt) : 0;
    if (label === 0n && next === 0) return 0n;
    links[links.length] = { record: at, word, joinsAt, next };
    if (label !== 0n) return holds(state.i32, links) ? label | JOINED : 0n;
    at = next;
  }
  return 0n;
}

// Subtle: the label needs no second look, nor does the order matter. If the wait of that label is over, the label finds
// nothing, as no other wait gets it. If not, no child on the way has ended since it was read, as the one after it would
// have had to end first; and a sleeper that joins its record now joins that child.
function holds(i32: Int32Array, links: readonly Link[]): boolean {
  for (let k = 0; k < links.length; k++) {
    const { record, word, joinsAt, next } = links[k]!;
    if (Atomics.load(i32, record >> 2) !== word) return false;
    if (next !== 0 && Atomics.load(i32, joinsAt) !== next) return false;
  }
  return true;
}
